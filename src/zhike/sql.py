"""The one place that turns names and texts from outside into SQL, quoted.

Every other module writes SQL out of fixed words, of what these functions return, and of numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb


def quoted(name: str) -> str:
    """A name as an SQL identifier.

    >>> quoted('Unit "net" price')
    '"Unit ""net"" price"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL string.

    >>> literal("O'Brien")
    "'O''Brien'"
    """
    return "'" + text.replace("'", "''") + "'"


def literals(texts: Iterable[str]) -> str:
    """Texts as an SQL list.

    >>> literals(["a", "b"])
    "['a', 'b']"
    """
    return "[" + ", ".join(literal(text) for text in texts) + "]"


def only_row(con: duckdb.DuckDBPyConnection, query: str, parameters: list[Any] | None = None) -> tuple[Any, ...]:
    """The one row of a query that has one, such as an aggregate. Reads to the end, so that nothing stays open.

    >>> only_row(duckdb.connect(), "SELECT 1, 2")
    (1, 2)
    """
    [row] = con.execute(query, parameters).fetchall()
    return tuple(row)
