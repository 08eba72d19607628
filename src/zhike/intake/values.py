"""Finds out how each column writes its values, and reads them: the door to `expressions`.

Times in Zhike have no zone. A time that says how far it is from UTC, in a text (`…+08:00`, `…Z`) or in its type, is
converted to UTC; one that does not is kept as it is written. Abbreviations such as CST name several zones and are
passed over. Of a date alone (a birthday) the day is kept that is written.
"""

from __future__ import annotations

from dataclasses import replace

import duckdb

from zhike import schema
from zhike.intake.dates import date_format, is_open, settled_order
from zhike.intake.expressions import (
    ColumnFormat,
    boolean_sql,
    date_sql,
    id_sql,
    integer_sql,
    missing_sql,
    number_sql,
    text_sql,
    timestamp_sql,
    typed_sql,
)
from zhike.intake.mapping import Mapping
from zhike.intake.numbers import number_format
from zhike.intake.raw import RawTable
from zhike.intake.sql import only_row, quoted

__all__ = [
    "ColumnFormat",
    "boolean_sql",
    "column_formats",
    "date_sql",
    "id_sql",
    "integer_sql",
    "missing_sql",
    "number_sql",
    "text_sql",
    "timestamp_sql",
    "typed_sql",
]


def column_formats(con: duckdb.DuckDBPyConnection, raw: RawTable, mapping: Mapping) -> dict[str, ColumnFormat]:
    """The format of every mapped column, by our name. What was in doubt is in the formats' warnings.

    Columns without a value keep the default. Dates that could be read either way follow the other date columns.
    """
    contract = schema.contract(mapping.table)
    forms: dict[str, ColumnFormat] = {}
    day_first: bool | None = None
    for ours, theirs in mapping.columns.items():
        kind = contract[ours].kind
        column = raw.column(theirs)
        if kind in ("date", "timestamp"):
            form = date_format(con, raw.relation, theirs, column.sql_type)
            day_first = settled_order(form) if day_first is None else day_first
        elif kind in ("number", "integer"):
            form = number_format(con, raw.relation, theirs, column.sql_type, decimal=raw.finding.decimal)
        elif kind == "id":
            form = _id_format(con, raw.relation, theirs, column.sql_type)
        else:
            form = ColumnFormat(sql_type=column.sql_type)
        forms[ours] = form
    if day_first is not None:
        for ours, form in forms.items():
            if is_open(form):
                theirs = mapping.columns[ours]
                forms[ours] = date_format(con, raw.relation, theirs, form.sql_type, day_first=day_first)
    return forms


def _id_format(con: duckdb.DuckDBPyConnection, relation: str, column: str, sql_type: str) -> ColumnFormat:
    """Ids that a spreadsheet or pandas turned into 17850.0 lose the ".0", if all of the column has it."""
    form = ColumnFormat(sql_type=sql_type)
    if sql_type != "VARCHAR":
        return form
    name = quoted(column)
    floats = f"regexp_full_match(trim({name}), '-?\\d+\\.0+')"
    query = (
        f"SELECT count(*) > 0 AND bool_and({floats}) FROM (SELECT * FROM {quoted(relation)}{{limit}}) "
        f"WHERE {name} IS NOT NULL AND trim({name}) <> ''"
    )
    for limit in (" LIMIT 10000", ""):
        if only_row(con, query.format(limit=limit)) != (True,):
            return form
    return replace(form, whole_ids=True)
