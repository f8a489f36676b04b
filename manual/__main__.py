"""``python -m manual DIRECTORY`` writes the pages and the completions, as the packages want them.

What both packages have is below DIRECTORY/share; what one of them has, in DIRECTORY itself.
"""

import sys
from importlib.metadata import version
from pathlib import Path

from manual.completion import completions
from manual.pages import WICKET, WICKET_TOML, pages


def main() -> None:
    """Write them all."""
    directory = Path(sys.argv[1])
    shared = {page.file: f"share/man/man{page.section}/{page.file}" for page in (WICKET, WICKET_TOML)}
    for name, text in pages(version("wicketgate")).items():
        _write(directory / shared.get(name, name), text)
    for name, text in completions().items():
        _write(directory / "share" / "completions" / name, text)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


if __name__ == "__main__":
    main()
