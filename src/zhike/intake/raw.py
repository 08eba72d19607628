"""What intake hands to cleaning: a table as the file has it, and what was found out about the file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from zhike.language import _

# The view over a file's rows, whatever kind of file it is.
RELATION = "raw_rows"
# Columns added to the relation of a file whose rows differ in width, so that no field is lost.
SURPLUS = "_surplus"  # VARCHAR: the text of the fields beyond the header's width; NULL on a well-formed row
SHORT = "_short"  # BOOLEAN: the row has fewer fields than the header

Warnings = tuple[tuple[str, dict[str, object]], ...]


@dataclass(frozen=True)
class RawColumn:
    """A column under its name in the file (made unique and never blank), with its DuckDB type."""

    name: str
    sql_type: str = "VARCHAR"

    @property
    def is_text(self) -> bool:
        return self.sql_type == "VARCHAR"


@dataclass(frozen=True)
class Finding:
    """What was found out about a file. Warnings are English sentences with their values, shown through `_`."""

    format: str
    file: str
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    header_row: int | None = None
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    member: str | None = None
    members: tuple[str, ...] = ()
    warnings: Warnings = ()

    def said(self) -> list[str]:
        """The warnings as sentences in the current language."""
        return [_(sentence, **values) for sentence, values in self.warnings]


@dataclass(frozen=True)
class RawTable:
    """Rows in file order: `relation` names a DuckDB view or table.

    `first_row` is the number a person would give the first data row (a header on row 1 makes it 2).
    When `ragged`, the relation also has the columns SURPLUS and SHORT.
    """

    relation: str
    columns: tuple[RawColumn, ...]
    first_row: int
    finding: Finding
    ragged: bool = False

    def column(self, name: str) -> RawColumn:
        """The column of that name.

        Raises:
            KeyError: the file has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


def unique_names(headers: Iterable[object]) -> tuple[str, ...]:
    """Header cells as column names: trimmed, blank ones numbered, repeated ones told apart.

    DuckDB compares names without regard to case, so "Price" and "price" are told apart too.

    >>> unique_names(["Price ", "price", "", None])
    ('Price', 'price (2)', 'Column 3', 'Column 4')
    """
    names: list[str] = []
    taken = {SURPLUS, SHORT}
    for position, header in enumerate(headers, start=1):
        wanted = "" if header is None else str(header).strip().strip("\ufeff").strip()
        wanted = name = wanted or f"Column {position}"
        count = 1
        while name.casefold() in taken:
            count += 1
            name = f"{wanted} ({count})"
        taken.add(name.casefold())
        names.append(name)
    return tuple(names)
