"""The values of columns, counted in one pass over the file, so that what is asked of them is asked of few.

A file of text is read anew for every question, and ten million dates are tried against a format one by one. The days
among them are some hundreds.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from zhike.sql import quoted

HEAD_ROWS = 200_000
_HEAD = "_head"
_COUNTS = "_value_counts"


def keep_head(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]) -> str:
    """A table with the first rows of these columns; drop it when it has answered.

    >>> con = duckdb.connect()
    >>> head = keep_head(con, "(SELECT 'x' AS a, 'y' AS b)", ["b"])
    >>> con.sql(f"FROM {head}").fetchall()
    [('y',)]
    """
    names = ", ".join(map(quoted, dict.fromkeys(columns))) or "NULL"
    con.execute(f"CREATE OR REPLACE TEMP TABLE {_HEAD} AS SELECT {names} FROM {relation} LIMIT {HEAD_ROWS}")
    return _HEAD


def count_values(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[tuple[str, bool]]) -> tuple[str, ...]:
    """The values of columns as text, each a relation with `value` and `times`, how often it is there.

    With each column stands whether it holds dates. Of those, values that are alike in their first ten characters,
    their length and whether they end in a digit count as one, and only the least and the greatest are given: the day
    is in those ten, and of the times of a day, of which there can be as many as rows, only the form matters.

    >>> con = duckdb.connect()
    >>> (counts,) = count_values(con, "(SELECT '1/2/2010 8:' || range AS d FROM range(10, 60))", [("d", True)])
    >>> con.sql(f"FROM {counts} ORDER BY value").fetchall()
    [('1/2/2010 8:10', 50), ('1/2/2010 8:59', 50)]
    """
    if not columns:
        return ()
    kept = ", ".join(f"CAST({quoted(name)} AS VARCHAR) AS c{n}" for n, (name, _) in enumerate(columns))
    counts = " UNION ALL ".join(_counted(n, dates=dates) for n, (_, dates) in enumerate(columns))
    # Kept once: read for each of the columns, a wide file would be taken apart as often as it has them.
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {_COUNTS} AS WITH kept AS MATERIALIZED (SELECT {kept} FROM {relation}) {counts}"
    )
    return tuple(f"(SELECT value, times FROM {_COUNTS} WHERE place = {n})" for n in range(len(columns)))


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what the functions of this module have kept."""
    for table in (_HEAD, _COUNTS):
        con.execute(f"DROP TABLE IF EXISTS {table}")


def _counted(place: int, *, dates: bool) -> str:
    column = f"c{place}"
    value, keys = column, column
    if dates:
        value = f"unnest(list_distinct([min({column}), max({column})]))"
        keys = f"left(trim({column}), 10), strlen({column}), right({column}, 1) > '9'"
    return f"SELECT {place} AS place, {value} AS value, count(*) AS times FROM kept GROUP BY {keys}"
