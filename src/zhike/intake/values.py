"""Finds out how each mapped column writes its values; `expressions` then reads them.

Times in Zhike have no zone. A time that says how far it is from UTC, in a text (`…+08:00`, `…Z`) or in its type, is
converted to UTC; one that does not is kept as it is written. Abbreviations such as CST name several zones and are
passed over. Of a date alone (a birthday) the day is kept that is written.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from zhike import schema
from zhike.intake.dates import date_at_sight, date_format, is_open, settled_order
from zhike.intake.expressions import ColumnFormat
from zhike.intake.mapping import Mapping
from zhike.intake.numbers import number_at_sight, number_format
from zhike.intake.raw import RawTable
from zhike.intake.value_counts import count_values, forget, keep_head
from zhike.schema import Kind
from zhike.sql import only_row, quoted


@dataclass(frozen=True)
class _Column:
    """One mapped column: our name and kind of it, their name and its DuckDB type."""

    ours: str
    kind: Kind
    theirs: str
    sql_type: str

    @property
    def is_date(self) -> bool:
        return self.kind in ("date", "timestamp")


def column_formats(con: duckdb.DuckDBPyConnection, raw: RawTable, mapping: Mapping) -> dict[str, ColumnFormat]:
    """The format of every mapped column, by our name. What was in doubt is in the formats' warnings.

    The first rows settle most columns; the others are gone through as a whole, together in one pass. Columns without
    a value keep the default. Dates that could be read either way follow the other date columns.
    """
    contract, decimal = schema.contract(mapping.table), raw.finding.decimal
    columns = [
        _Column(ours, contract[ours].kind, theirs, raw.column(theirs).sql_type)
        for ours, theirs in mapping.columns.items()
    ]
    try:
        head = keep_head(con, quoted(raw.relation), [column.theirs for column in columns])
        seen = {column: _at_sight(con, head, column, decimal) for column in columns}
        doubtful = [column for column, form in seen.items() if form is None]
        asked = [(column.theirs, column.is_date) for column in doubtful]
        counts = dict(zip(doubtful, count_values(con, quoted(raw.relation), asked), strict=True))
        forms = {column: form or _by_all(con, counts[column], column, decimal) for column, form in seen.items()}
        orders = (settled_order(forms[column]) for column in columns if column.is_date)
        day_first = next((order for order in orders if order is not None), None)
        for column in doubtful:
            if day_first is not None and is_open(forms[column]):
                forms[column] = _by_all(con, counts[column], column, decimal, day_first=day_first)
    finally:
        forget(con)
    return {column.ours: form for column, form in forms.items()}


def _at_sight(
    con: duckdb.DuckDBPyConnection, relation: str, column: _Column, decimal: str | None
) -> ColumnFormat | None:
    """The format as some rows show it; None where only all of them can say."""
    if column.is_date:
        return date_at_sight(con, relation, column.theirs, column.sql_type)
    if column.kind in ("number", "integer"):
        return number_at_sight(con, relation, column.theirs, column.sql_type, decimal=decimal)
    # Hardly any column gets past the first of these ids.
    first = f"(SELECT * FROM {relation} LIMIT 10000)"
    if column.kind == "id" and column.sql_type == "VARCHAR" and _are_floats(con, first, column.theirs) is not False:
        return None
    return ColumnFormat(sql_type=column.sql_type)


def _by_all(
    con: duckdb.DuckDBPyConnection,
    counts: str,
    column: _Column,
    decimal: str | None,
    *,
    day_first: bool | None = None,
) -> ColumnFormat:
    """The format as all values of the column show it."""
    if column.is_date:
        return date_format(con, counts, column.theirs, column.sql_type, day_first=day_first)
    if column.kind == "id":
        return ColumnFormat(whole_ids=_are_floats(con, counts, "value") is True)
    return number_format(con, counts, column.theirs, decimal=decimal)


def _are_floats(con: duckdb.DuckDBPyConnection, relation: str, name: str) -> bool | None:
    """Whether all ids have the ".0" that a spreadsheet or pandas gave them (they will lose it); None without ids."""
    column = quoted(name)
    floats = f"regexp_full_match(trim({column}), '-?\\d+\\.0+')"
    (found,) = only_row(con, f"SELECT bool_and({floats}) FROM {relation} WHERE trim({column}) <> ''")
    return None if found is None else bool(found)
