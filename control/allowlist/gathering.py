"""Gathering a list from rows as they are read, and every fault in them on the way."""

from collections.abc import Callable, Hashable, Sequence
from ipaddress import IPv4Network
from typing import NoReturn

import numpy as np

from control.allowlist import columnar, mapped
from control.allowlist.allowlist import Allowlist
from control.allowlist.columnar import Columns, Index
from control.allowlist.entry import PLAIN, Bounds, Entry, Terms
from control.allowlist.schema import FieldFault, read_row
from control.fault import Fault, Kind, Refused

MAX_FAULTS = 1000
"""Faults that a refusal lists; one more says how many there are beside."""

MAX_UNLISTED = 100_000
"""Doubtful rows that are still read, to be counted, once the list of faults is full."""

ANY_PREFIX = IPv4Network(0)
"""Stands for the prefix while a row is read for its terms alone."""

TITLE = "The list has rows that cannot be taken"


class Gathering:
    """A list in the making.

    Attributes:
        bounds: the widest prefixes allowed.
    """

    def __init__(
        self, bounds: Bounds, place: Callable[[int], str], told: Callable[[int, int], None] | None = None
    ) -> None:
        """Start with nothing; ``place`` says a row's number as the writer of the list counts.

        ``told`` is told how many rows of how many are read.
        """
        self.bounds, self._place, self._told = bounds, place, told
        self._columns: list[Columns] = [columnar.empty()]
        self._numbers: list[Index] = [np.empty(0, np.intp)]
        self._slow: list[tuple[int, int, int, int, int]] = []
        self._index: dict[Terms, int] = {PLAIN: 0}
        self._index_of_rest: dict[Hashable, int | None] = {}
        self._faults: list[tuple[int, Fault]] = []
        self._unlisted = 0

    def tell(self, done: int, total: int) -> None:
        """Say how many rows of how many are read."""
        if self._told:
            self._told(done, total)

    def take(self, numbers: Index, columns: Columns) -> None:
        """Take prefixes that were read, with the numbers of their rows."""
        self._numbers.append(numbers)
        self._columns.append(columns)

    def take_with_rest(
        self, numbers: Index, columns: Columns, rests: Sequence[Hashable], row: Callable[[int], object]
    ) -> None:
        """Take prefixes that were read from rows that say more.

        Equal ``rests`` mean equal terms, so that each is read once; ``row`` gives the whole row by its
        place in ``rests``.
        """
        terms = np.zeros(len(rests), np.uint32)
        refused = []
        for place, rest in enumerate(rests):
            if rest not in self._index_of_rest:
                self._index_of_rest[rest] = self._index_of_terms(row(place))
            index = self._index_of_rest[rest]
            if index is None:
                refused.append(place)
            else:
                terms[place] = index
        for place in refused:
            self.read(int(numbers[place]), row(place))
        taken = np.ones(len(rests), np.bool_)
        taken[refused] = False
        self.take(numbers[taken], columns.with_terms(terms).take(taken))

    def _index_of_terms(self, row: object) -> int | None:
        """Return the index of a row's terms, or nothing when one is wrong; the prefix is not read again."""
        entry = read_row(row | {"prefix": ANY_PREFIX}, self.bounds) if isinstance(row, dict) else None
        return self._index_of(entry.terms) if isinstance(entry, Entry) else None

    def _index_of(self, terms: Terms) -> int:
        return self._index.setdefault(terms, len(self._index))

    def read(self, number: int, row: object) -> None:
        """Read one row in JSON types, or note what is wrong; a ``FieldFault`` is a row that is none."""
        read = [row] if isinstance(row, FieldFault) else read_row(row, self.bounds)
        if isinstance(read, Entry):
            self._slow.append((number, *mapped.key_of(read.prefix), self._index_of(read.terms)))
            return
        for each in read:
            self.refuse(number, each)

    def refuse(self, number: int, fault: FieldFault) -> None:
        """Note what is wrong with a row.

        Raises:
            Refused: so much is wrong that reading on only costs time.
        """
        if len(self._faults) < MAX_FAULTS:
            where = ", ".join(filter(None, (self._place(number), fault.field)))
            self._faults.append((number, Fault(where, fault.why, fault.mend)))
            return
        self._unlisted += 1
        if self._unlisted >= MAX_UNLISTED:
            self._raise("at least ")

    @property
    def nothing(self) -> bool:
        """Whether no row was there, not even a faulty one."""
        return not (self._slow or self._faults or any(map(len, self._numbers)))

    def finish(self) -> Allowlist:
        """Return the list.

        Raises:
            Refused: "bad-list", with every fault found.
        """
        if self._slow:
            numbers, high, low, length, terms = zip(*self._slow, strict=True)
            self.take(np.array(numbers, np.intp), columnar.of_numbers(high, low, length, terms))
        columns = columnar.concatenate(*self._columns)
        ordered = columnar.in_order(columns)
        if columnar.same_as_previous(ordered).any():
            self._refuse_twice(columns)
        if self._faults:
            self._raise()
        return Allowlist(ordered, tuple(self._index))

    def _refuse_twice(self, gathered: Columns) -> None:
        """Note the prefixes that are in two rows; when there are too many they are only counted."""
        order, numbers_of = columnar.order(gathered), np.concatenate(self._numbers)
        columns = gathered.take(order)
        again = np.flatnonzero(columnar.same_as_previous(columns))
        columns, ones, others = columns.take(again), numbers_of[order[again - 1]], numbers_of[order[again]]
        room = max(MAX_FAULTS - len(self._faults), 0)
        self._unlisted += max(len(ones) - room, 0)
        firsts, seconds = np.minimum(ones, others), np.maximum(ones, others)
        for row in np.argsort(seconds)[:room].tolist():
            key = int(columns.high[row]), int(columns.low[row]), int(columns.length[row])
            text = Entry(mapped.prefix_of(*key)).text
            why = f"{text} is in {self._place(int(firsts[row]))} already"
            self.refuse(int(seconds[row]), FieldFault("prefix", why, "remove one of the two"))

    def _raise(self, count: str = "") -> NoReturn:
        faults = [fault for _, fault in sorted(self._faults, key=lambda each: each[0])]
        if self._unlisted:
            why = f"{count}{self._unlisted} more faults are not listed"
            faults.append(Fault("the list", why, f"mend these {MAX_FAULTS} first"))
        raise Refused(Kind.BAD_LIST, TITLE, faults)
