"""Finds out how columns write their numbers: decimal point or comma, groups of thousands."""

from __future__ import annotations

from dataclasses import replace

import duckdb

from zhike.intake.expressions import ColumnFormat, missing_sql
from zhike.intake.raw import Warnings
from zhike.sql import literal, only_row, quoted

# What speaks for one reading: a separator that cannot stand for thousands, or both in the order they come in.
_COMMA = r"\d,(\d{1,2}|\d{4,})\D*$|\d\.\d{3},\d|(^|\D)0,\d"
_POINT = r"\d\.(\d{1,2}|\d{4,})\D*$|\d,\d{3}\.\d|(^|\D)0\.\d"
_POINT_OR_GROUP = r"\d\.\d{3}\D*$"
_COMMA_OR_GROUP = r"\d,\d{3}\D*$"
_SPACED = r"\d[\s\x{00A0}\x{202F}]\d{3}(\D|$)"
_APOSTROPHE = r"\d['’]\d{3}(\D|$)"

BOTH_MARKS = "In {column} some numbers have a decimal comma and some a decimal point; it is read with “{mark}”."
OPEN_MARK = (
    "In {column} it is open whether 1{sign}234 is a thousand or a fraction; it is read with “{mark}” for decimals."
)


def number_at_sight(
    con: duckdb.DuckDBPyConnection, relation: str, column: str, sql_type: str, *, decimal: str | None = None
) -> ColumnFormat | None:
    """How a column writes its numbers, where some of its values settle it: they cast as they stand.

    None where they do not, and the whole column must decide. `decimal` is what the rest of the file suggests.
    """
    form = ColumnFormat(sql_type=sql_type)
    if sql_type != "VARCHAR":
        return form
    plain = decimal != "," and _is_plain(con, relation, quoted(column))
    return replace(form, thousands=",") if plain else None


def number_format(
    con: duckdb.DuckDBPyConnection, counts: str, column: str, *, decimal: str | None = None
) -> ColumnFormat:
    """How a column of text writes its numbers, by all of its values; `decimal` decides the undecided case.

    `counts` are the values as `count_values` gives them.
    """
    patterns = (_COMMA, _POINT, _COMMA_OR_GROUP, _POINT_OR_GROUP, _SPACED, _APOSTROPHE)
    times = ", ".join(f"coalesce(sum(times) FILTER (regexp_matches(value, {literal(p)})), 0)" for p in patterns)
    row = only_row(con, f"SELECT {times} FROM {counts}")
    mark, warnings = _decimal_mark(column, row[:4], decimal)
    _, _, _, _, spaced, apostrophe = row
    usual = "." if mark == "," else ","
    thousands = " " if spaced and spaced >= apostrophe else "'" if apostrophe else usual
    return ColumnFormat(decimal=mark, thousands=thousands, warnings=warnings)


def _is_plain(con: duckdb.DuckDBPyConnection, relation: str, name: str) -> bool:
    """There are values, every one casts as it stands, and not all of them look like 1.234."""
    cast = f"TRY_CAST({name} AS DOUBLE) IS NULL"
    present, failing, doubtful, pointed = only_row(
        con,
        f"SELECT count(*), count(*) FILTER ({cast}), "
        f"count(*) FILTER (regexp_matches({name}, {literal(_POINT_OR_GROUP)})), "
        f"count(*) FILTER (contains({name}, '.')) FROM {relation} WHERE NOT {missing_sql(name, 'number')}",
    )
    return bool(present and failing == 0 and (pointed == 0 or doubtful < pointed))


def _decimal_mark(column: str, row: tuple[int, ...], suggested: str | None) -> tuple[str, Warnings]:
    comma, point, comma_or_group, point_or_group = row
    if comma and point:
        mark = "," if comma > point else "."
        return mark, ((BOTH_MARKS, {"column": column, "mark": mark}),)
    if comma or point:
        return ("," if comma else "."), ()
    if suggested is not None:
        return suggested, ()
    # 1,234 alone is far more often a thousand than a fraction of three digits; 1.234 alone is a fraction.
    if comma_or_group or point_or_group:
        sign = "," if comma_or_group else "."
        return ".", ((OPEN_MARK, {"column": column, "sign": sign, "mark": "."}),)
    return ".", ()
