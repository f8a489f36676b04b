"""Names that a reader takes for the same: by case, blanks, Unicode form, or letters that look alike.

Two names are alike when any one of their keys is the same. One key alone would not do: a capital I looks like a small
L, which a key without case cannot tell, and IVANOV is ivanov, which a key with case cannot.
"""

import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

from confusable_homoglyphs.confusables import confusables_data

_KEYS: tuple[Callable[[str], str], ...] = (
    lambda text: _skeleton(text),
    lambda text: _skeleton(text.casefold()),
    lambda text: _skeleton(text.upper()),
    lambda text: _skeleton(text).casefold(),
)


def alike(name: str, others: Iterable[str]) -> str | None:
    """Return the first of other names that a reader takes for this one; none when there is none."""
    mine = _keys(name)
    return next((other for other in others if any(map(str.__eq__, mine, _keys(other)))), None)


@lru_cache(maxsize=1 << 16)
def _keys(name: str) -> tuple[str, ...]:
    letters = "".join(letter for letter in unicodedata.normalize("NFKC", name) if letter.isalnum())
    return tuple(key(letters or name) for key in _KEYS)


def _skeleton(text: str) -> str:
    """Return a text with each letter replaced by the one that stands for all that look like it (UTS 39, section 4)."""
    return "".join(map(_prototype, unicodedata.normalize("NFD", text)))


def _prototype(letter: str) -> str:
    """Return what stands for a letter.

    The library knows all of a kind for the one that stands for them, and for each of the others that one alone.
    """
    others = confusables_data.get(letter, ())
    if len(others) != 1:
        return letter
    other: str = others[0]["c"]
    return min(letter, other) if len(confusables_data.get(other, ())) == 1 else other
