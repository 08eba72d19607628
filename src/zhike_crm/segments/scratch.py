"""Tables of this connection alone, for sets of ids on the way: nothing of them reaches the disk or other people."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DatabaseError, connection
from django.db.models import QuerySet

_NUMBERS = itertools.count(1)
# What makes a column of ids the key, by which it is joined.
_KEYS = {"sqlite": "INTEGER PRIMARY KEY", "postgresql": "bigint PRIMARY KEY"}


@contextmanager
def scratch(column: str = "customer_id", kind: str = "") -> Iterator[str]:
    """An empty table of one column; by default of customers, each once. Its name is safe to write into SQL."""
    name = f"segments_scratch_{next(_NUMBERS)}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {name} ({column} {kind or _KEYS[connection.vendor]})")
    try:
        yield name
    except BaseException:
        # A transaction that has failed obeys no more, but drops the table at its end.
        with suppress(DatabaseError):
            _drop(name)
        raise
    _drop(name)


def _drop(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {name}")


def put(table: str, query: str, values: Sequence[Any]) -> int:
    """Fill the table with what a query finds, and say how many that is."""
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} {query}", values)
        count = int(cursor.rowcount)
        if connection.vendor == "postgresql":
            # A table of which nothing is known is taken for a small one.
            cursor.execute(f"ANALYZE {table}")
    return count


def fill(table: str, rows: QuerySet) -> int:
    """Fill the table with the ids of rows."""
    rows = rows.order_by()
    rows._require_scope()
    try:
        query, values = rows.values("pk").query.sql_with_params()
    except EmptyResultSet:  # nobody can meet these conditions: Django sees that without asking the database
        return 0
    return put(table, query, values)
