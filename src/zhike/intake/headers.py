"""Which row of a table names the columns, if any does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from zhike.errors import InputError
from zhike.intake.limits import Limits

_ROWS_LOOKED_AT = 30
_LONGEST_NAME = 120
_NUMBER = re.compile(r"^[-+(]?[¥$€£]?\s?\d[\d\s.,']*%?\)?$")
_DATE = re.compile(r"^\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}")
_YEAR = re.compile(r"^(19|20)\d\d$")

NO_HEADER = "The file has no header; its columns are called Column 1, Column 2 and so on."
TITLE_ROWS = "{count} rows above the header were left out."
WIDER_ROWS = "Rows have {width} fields but the header has {named}; the others are called Column {first} and so on."

Row = Sequence[str | None]


def header_row(rows: Sequence[Row]) -> int | None:
    """The index of the header among the first rows; None when the first row is data already.

    Titles above the table have fewer filled cells than the table has columns.

    >>> header_row([["Sales 2020", ""], ["", ""], ["Date", "Amount"], ["2020-01-01", "5"]])
    2
    >>> header_row([["alice", "5"], ["bob", "7"]]) is None
    True
    """
    start = table_start(rows)
    return start if start < len(rows) and _names_columns(rows[start]) else None


def table_start(rows: Sequence[Row]) -> int:
    """The index of the first row that is as wide as the table."""
    width = usual_width(rows)
    enough = 1 if width == 1 else max(2, (width + 1) // 2)
    for index, row in enumerate(rows[:_ROWS_LOOKED_AT]):
        if len(_filled(row)) >= enough:
            return index
    return 0


def usual_width(rows: Sequence[Row]) -> int:
    """The number of fields that most rows have; trailing blank fields of all rows aside."""
    widths = Counter(len(row) for row in rows if _filled(row))
    if not widths:
        return 0
    width = max(widths, key=lambda w: (widths[w], w))
    while width > 1 and not any(len(row) >= width and _is_filled(row[width - 1]) for row in rows):
        width -= 1
    return width


def column_headers(header: Row, width: int) -> list[str]:
    """The header's cells made as wide as the table: blank ones added, surplus blank ones dropped."""
    cells = ["" if cell is None else str(cell) for cell in header]
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    return cells + [""] * (width - len(cells))


def check_width(file: str, width: int, limits: Limits) -> None:
    """Refuses a table with more columns than can be handled. Whatever looks at columns in pairs would take hours.

    Raises:
        InputError: more columns than `limits.widest_row`.
    """
    if width > limits.widest_row:
        raise InputError(
            "{file} has more than {most} columns.",
            fix="Check the delimiter; or leave out the columns that are not needed, or write one row per value.",
            file=file,
            most=limits.widest_row,
        )


def _names_columns(row: Row) -> bool:
    cells = _filled(row)
    numbers = [cell for cell in cells if _NUMBER.match(cell) or _DATE.match(cell)]
    if any("@" in cell or len(cell) > _LONGEST_NAME for cell in cells):
        return False
    # Years may name columns ("Product, 2019, 2020"); other numbers do not.
    return not numbers or (len(numbers) < len(cells) and len(set(numbers)) > 1 and all(map(_YEAR.match, numbers)))


def _is_filled(cell: str | None) -> bool:
    return cell is not None and bool(str(cell).strip())


def _filled(row: Row) -> list[str]:
    return [str(cell).strip() for cell in row if _is_filled(cell)]
