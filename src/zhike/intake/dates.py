"""Finds out how a column writes its dates, by trying the formats people use on its own values.

Most columns are settled by the first rows of the file (`date_at_sight`); for the others all values are counted first.
"""

from __future__ import annotations

from dataclasses import replace

import duckdb

from zhike.intake.expressions import (
    ColumnFormat,
    CountFrom,
    has_offset_sql,
    missing_sql,
    parsed_time_sql,
    without_offset_sql,
)
from zhike.intake.raw import Warnings
from zhike.sql import literal, only_row, quoted

_SAMPLE_VALUES = 1_000

# Of two formats that read equally many values the earlier wins: years of two digits before four (which would
# read "18" as the year 18), the day before the month.
_DATES = (
    "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y", "%d.%m.%y", "%d-%b-%y", "%d/%b/%y", "%d %b %y",
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y",
    "%d-%b-%Y", "%d/%b/%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%a %b %d %Y",
    "%Y年%m月%d日", "%Y%m%d",
)  # fmt: skip
_TIMES = (
    "",
    " %H:%M:%S",
    " %H:%M",
    "T%H:%M:%S",
    "T%H:%M",
    " %H:%M:%S.%f",
    " %I:%M %p",
    " %I:%M:%S %p",
    ", %H:%M",
)
_FORMATS = (
    *(date + time for date in _DATES for time in _TIMES),
    "%Y%m%d%H%M%S",
    "%Y年%m月%d日%H:%M",
    "%Y年%m月%d日 %H时%M分",
)
_ISO = r"^\s*\d{4}[-/]\d{1,2}[-/]\d{1,2}"
_MOST_FORMATS = 4

BOTH_ORDERS = "In {column} some dates have the day first and some the month first; they are read as {order}."
OPEN_ORDER = (
    "In {column} dates such as {example} could have the day or the month first; they are read with the day first."
)


def date_at_sight(con: duckdb.DuckDBPyConnection, relation: str, column: str, sql_type: str) -> ColumnFormat | None:
    """How a column writes its dates, where some of its values settle it: typed dates, ISO 8601, dates that are numbers.

    None where they do not, and the whole column must decide.
    """
    form = ColumnFormat(sql_type=sql_type)
    if sql_type.startswith(("TIMESTAMP", "DATE")):
        return form
    name = quoted(column)
    if sql_type == "VARCHAR":
        present, iso, zoned = _iso(con, relation, name)
        form = replace(form, has_offsets=zoned)
        if present == iso:
            return form if present else None
    return _counted(con, relation, name, form)


def date_format(
    con: duckdb.DuckDBPyConnection, counts: str, column: str, sql_type: str, *, day_first: bool | None = None
) -> ColumnFormat:
    """How a column writes its dates, by all of its values; `day_first` is what other columns of the file settled.

    `counts` are the values as `count_values` gives them.
    """
    # Where no row of the head had a value, this is the first sight.
    found = date_at_sight(con, counts, "value", sql_type)
    if found is not None:
        return found
    form = ColumnFormat(sql_type=sql_type)
    if sql_type == "VARCHAR":
        form = replace(form, has_offsets=_iso(con, counts, "value")[2])
    return _written(con, counts, form, column, day_first)


def _iso(con: duckdb.DuckDBPyConnection, relation: str, name: str) -> tuple[int, int, bool]:
    """How many values there are, how many of them are ISO dates, and whether any says how far from UTC it is."""
    iso = f"regexp_matches({name}, {literal(_ISO)}) AND TRY_CAST({name} AS TIMESTAMP) IS NOT NULL"
    present, written, zoned = only_row(
        con,
        f"SELECT count(*), count(*) FILTER ({iso}), coalesce(bool_or({has_offset_sql(name)}), false) "
        f"FROM {relation} WHERE NOT {missing_sql(name, 'timestamp')}",
    )
    return present, written, zoned


def settled_order(form: ColumnFormat) -> bool | None:
    """Whether this column has settled that the day comes first; None when it says nothing about it."""
    return None if is_open(form) else _order_of(form.date_formats)


def is_open(form: ColumnFormat) -> bool:
    """Whether nothing in the column told days from months where that matters."""
    return any(sentence == OPEN_ORDER for sentence, _ in form.warnings)


def _counted(con: duckdb.DuckDBPyConnection, relation: str, name: str, form: ColumnFormat) -> ColumnFormat | None:
    """Dates written as numbers: yyyymmdd, Excel's serial days, seconds or milliseconds since 1970."""
    number = f"TRY_CAST({name} AS DOUBLE)"
    share, low, high, days = only_row(
        con,
        f"SELECT count({number}) / count(*), quantile_cont({number}, .02), quantile_cont({number}, .98), "
        f"count(try_strptime(trim(CAST({name} AS VARCHAR)), ['%Y%m%d'])) / count(*) "
        f"FROM {relation} WHERE NOT {missing_sql(name, 'timestamp', form)}",
    )
    if share is None or share < 0.9:
        return None
    if days > 0.9:
        return replace(form, date_formats=("%Y%m%d",))
    scales: tuple[tuple[CountFrom, float, float], ...] = (
        ("excel", 5_000, 80_000),
        ("seconds", 1e8, 1e10),
        ("milliseconds", 1e11, 1e13),
    )
    for count_from, lowest, highest in scales:
        if lowest <= low and high <= highest:
            return replace(form, count_from=count_from)
    return None


def _written(
    con: duckdb.DuckDBPyConnection, counts: str, form: ColumnFormat, column: str, day_first: bool | None
) -> ColumnFormat:
    """Chooses formats until the whole column is read, or nothing more helps."""
    text = without_offset_sql("value") if form.sql_type == "VARCHAR" else "value"
    warnings: Warnings = ()
    chosen: tuple[str, ...] = ()
    while len(chosen) < _MOST_FORMATS:
        settled = _order_of(chosen)
        unread = _unread(con, counts, text, chosen)
        best = _best(con, unread, day_first if settled is None else settled)
        if best is None:
            break
        # Also the few that stand among dates which leave no doubt: 03/04/2024 among 2024-04-03.
        if settled is None and (other := _swapped(best)):
            best, warnings = _settle(con, counts, text, (best, other), column, day_first)
        chosen = (*chosen, best)
    return replace(form, date_formats=chosen, warnings=warnings)


def _unread(con: duckdb.DuckDBPyConnection, counts: str, text: str, chosen: tuple[str, ...]) -> list[str]:
    """Up to a thousand different values that the chosen formats do not read, the most frequent ones."""
    parsed = f" AND {parsed_time_sql(text, chosen)} IS NULL" if chosen else ""
    rows = con.execute(
        f"SELECT trim({text}) AS t FROM {counts} "
        f"WHERE regexp_matches({text}, '[0-9]') AND NOT {missing_sql(text, 'timestamp')}{parsed} "
        f"GROUP BY t ORDER BY sum(times) DESC, t LIMIT {_SAMPLE_VALUES}"
    ).fetchall()
    return [value for (value,) in rows]


def _best(con: duckdb.DuckDBPyConnection, values: list[str], day_first: bool | None) -> str | None:
    """The format that reads most of the values; none when it reads fewer than one in twenty."""
    if not values:
        return None
    formats = [f for f in _FORMATS if day_first is None or _order(f) in (None, day_first)]
    counts = ", ".join(f"count(try_strptime(v, {literal(f)}))" for f in formats)
    row = only_row(con, f"SELECT {counts} FROM (SELECT unnest(?::VARCHAR[]) AS v)", [values])
    most = max(row)
    return formats[row.index(most)] if most * 20 >= len(values) else None


def _order(form: str) -> bool | None:
    """Whether the day comes first; None where the format leaves no doubt."""
    if form[:2] in ("%d", "%m") and form[3:5] in ("%d", "%m"):
        return form[:2] == "%d"
    return None


def _order_of(forms: tuple[str, ...]) -> bool | None:
    return next((order for form in forms if (order := _order(form)) is not None), None)


def _swapped(form: str) -> str | None:
    if _order(form) is None or form[2] == ".":
        return None
    return form[3:5] + form[2] + form[:2] + form[5:]


def _settle(
    con: duckdb.DuckDBPyConnection,
    counts: str,
    text: str,
    pair: tuple[str, str],
    column: str,
    day_first: bool | None,
) -> tuple[str, Warnings]:
    """Day or month first, by what the whole column allows; what other columns say breaks a tie."""
    reads = {form: f"{parsed_time_sql(text, [form])} IS NOT NULL" for form in pair}
    only = ", ".join(f"sum(times) FILTER ({reads[a]} AND NOT {reads[b]})" for a, b in (pair, pair[::-1]))
    both = f"min(trim({text})) FILTER ({' AND '.join(reads.values())})"
    *times, example = only_row(con, f"SELECT {only}, {both} FROM {counts}")
    evidence = {form: count or 0 for form, count in zip(pair, times, strict=True)}
    by_day, by_month = sorted(pair, key=lambda f: not _order(f))
    if evidence[by_day] == evidence[by_month] == 0:
        if day_first is not None:
            return (by_day if day_first else by_month), ()
        return by_day, ((OPEN_ORDER, {"column": column, "example": example}),)
    best = by_day if evidence[by_day] >= evidence[by_month] else by_month
    if min(evidence.values()) == 0:
        return best, ()
    return best, ((BOTH_ORDERS, {"column": column, "order": best}),)
