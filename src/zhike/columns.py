"""What a column of a table holds, by its look: numbers, text that stands for numbers, ids."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

# Of the values that are not blank, so many must be numbers for a text column to be one of numbers.
MOSTLY = 0.95
# From so many rows a whole number that never repeats is taken for an id even if its name does not say so.
SURELY_IDS = 1000
# Beyond it not every whole number is a double.
_EXACT = 2**53
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_ID_NAME = re.compile(
    r"(^|[^a-z])(id|uuid|guid|no|number|num|code|key|index|rownumber)$|编号|序号|号码|手机|电话|phone", re.I
)
_ID_END = re.compile(r"[a-z](ID|Id|Number|No)$")


def plain(column: Any) -> Any:
    """Dictionaries decoded; text trimmed, and blank text missing."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    if pa.types.is_string(column.type):
        column = pc.utf8_trim_whitespace(column)
        column = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
    return column


def known(column: Any) -> int:
    """How many values are there."""
    return len(column) - int(column.null_count)


def is_numeric(kind: Any) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def reads_as_numbers(text: Any) -> bool:
    """Whether nearly every text that is there is a number."""
    matching = pc.sum(pc.match_substring_regex(text, _NUMBER)).as_py() or 0
    return bool(known(text) and matching >= MOSTLY * known(text))


def as_numbers(text: Any) -> Any:
    """Text as numbers, whole ones where all are; what is no number is missing.

    >>> as_numbers(pa.array(["1", "2", "x"])).to_pylist(), as_numbers(pa.array(["1", "2.5"])).to_pylist()
    ([1, 2, None], [1.0, 2.5])
    """
    fits = pc.match_substring_regex(text, _NUMBER)
    numbers = pc.cast(pc.if_else(fits, text, pa.scalar(None, pa.string())), pa.float64())
    whole = pc.and_(pc.equal(numbers, pc.floor(numbers)), pc.less(pc.abs(numbers), _EXACT))
    return numbers.cast(pa.int64()) if pc.all(whole).as_py() else numbers


def is_called_id(name: str, rows: int) -> bool:
    """Whether values that never repeat over so many rows are ids, by the name of their column or by their number."""
    return rows >= SURELY_IDS or bool(_ID_NAME.search(name) or _ID_END.search(name))


def numbers_rows(name: str, column: Any) -> bool:
    """Whether a column of numbers names the rows: whole, never the same twice, and called so or long.

    >>> numbers_rows("RowNumber", pa.array([1, 2, 3])), numbers_rows("orders", pa.array([1, 2, 3]))
    (True, False)
    """
    there = known(column)
    if there < 2 or not pa.types.is_integer(column.type) or pc.count_distinct(column).as_py() < there:
        return False
    return is_called_id(name, there)
