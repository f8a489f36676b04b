"""One column of a list, which has a value that is the same in every row only once, however many rows there are.

Of a plain list of addresses that is so of three columns in four, 13 bytes of 21 a row: they are neither kept nor copied
when one address joins. numpy reads such a column as any other; its stride is 0.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]


def uniform(value: Any, count: int) -> Column:
    """Return a column of so many rows that all have one value, a scalar of numpy."""
    return again(np.array([value]), count)


def again(column: Column, count: int) -> Column:
    """Return a column of so many rows that all have the value of the first row of another one."""
    return np.ndarray(count, column.dtype, column[:1], strides=(0,))


def is_uniform(column: Column) -> bool:
    """Return whether a column has rows, and is kept as the one value of all of them."""
    return not column.strides[0] and bool(len(column))


def thrifty(column: Column) -> Column:
    """Return a column as the one value of all its rows, where they have but one."""
    if is_uniform(column) or not len(column) or (column[0] != column[-1]) or (column != column[0]).any():
        return column
    return again(column, len(column))


def taken(column: Column, rows: Any, count: int) -> Column:
    """Return the chosen rows of a column, which are so many."""
    return again(column, count) if is_uniform(column) else column[rows]


def are_alike(one: Column, other: Column) -> bool:
    """Return whether both columns are kept as the same value."""
    return is_uniform(one) and is_uniform(other) and bool(one[0] == other[0])


def mixed(column: Column, places: Any, other: Column, others: Any) -> Column:
    """Return the rows of two columns together, each column's at its places."""
    count = len(column) + len(other)
    if are_alike(column, other):
        return again(column, count)
    both = np.empty(count, column.dtype)
    both[places], both[others] = column, other
    return both


def joined(*parts: Column) -> Column:
    """Return the rows of all parts, one after the other."""
    filled = [part for part in parts if len(part)] or list(parts[:1])
    if all(are_alike(filled[0], part) for part in filled):
        return again(filled[0], sum(map(len, filled)))
    return np.concatenate(filled) if len(filled) > 1 else filled[0]
