"""Millions of rows into the database, in the transaction that is open, without a loop over rows of ours.

PostgreSQL takes them as CSV through COPY, written by Arrow; SQLite as tuples through `executemany`, whose loop is in C.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.csv
from django.db import connection, models

# From so many rows on indexes are worth making anew, and what sorting one may take.
_MANY = 50_000
_SORTING_KB = 200_000
# Rows of each index SQLite looks at to learn how they are spread.
_SAMPLED = 1000


def insert(model: type[models.Model], batches: Iterable[pa.RecordBatch]) -> int:
    """Add rows to the table of a model and return how many. Columns are named as the database names them.

    Signals are not sent and defaults not filled in: a batch has every column that may not be null.
    """
    return insert_rows(model._meta.db_table, batches)


def insert_rows(table: str, batches: Iterable[pa.RecordBatch]) -> int:
    """The same by the name of the table: for a backup, which may be older than the models."""
    return (_copy if connection.vendor == "postgresql" else _executemany)(table, batches)


@contextmanager
def rebuilding(model: type[models.Model], rows: int) -> Iterator[None]:
    """Around writing so many rows in a transaction: most of an SQLite table, and its indexes are made anew afterwards.

    A million rows into a table with eighteen indexes are eighteen million places looked up one by one; sorting each
    index once takes a tenth of the time. PostgreSQL does without: dropping an index there locks readers out.
    """
    table = model._meta.db_table
    if connection.vendor != "sqlite" or rows < _MANY or rows < _others(table, rows):
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = %s AND sql > ''", [table]
        )
        indexes = cursor.fetchall()
        for name, _sql in indexes:
            cursor.execute(f"DROP INDEX {_quoted(name)}")
        yield
        (usual,) = cursor.execute("PRAGMA cache_size").fetchone()
        cursor.execute(f"PRAGMA cache_size = -{_SORTING_KB}")
        for _name, sql in indexes:
            cursor.execute(sql)
        cursor.execute(f"PRAGMA cache_size = {usual}")


def analyse(*tables: type[models.Model]) -> None:
    """Tell the planner what the tables hold now, after most of their rows came at once."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"PRAGMA analysis_limit = {_SAMPLED}")
        for model in tables:
            cursor.execute(f"ANALYZE {_quoted(model._meta.db_table)}")


def _others(table: str, rows: int) -> int:
    """How many rows the table has beyond those about to be written, counted no further than it matters."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM (SELECT 1 FROM {_quoted(table)} LIMIT %s)", [2 * rows + 1])
        return int(cursor.fetchone()[0]) - rows


def _executemany(table: str, batches: Iterable[pa.RecordBatch]) -> int:
    total = 0
    with connection.cursor() as cursor:
        for batch in batches:
            names = batch.schema.names
            places = ", ".join(["?"] * len(names))
            text = f"INSERT INTO {_quoted(table)} ({_list(names)}) VALUES ({places})"
            columns = [_plain(column).to_pylist() for column in batch.columns]
            # The driver's own cursor: Django's would rewrite and log the parameters.
            cursor.cursor.connection.executemany(text, zip(*columns, strict=True))
            total += batch.num_rows
    return total


def _copy(table: str, batches: Iterable[pa.RecordBatch]) -> int:
    total = 0
    with connection.cursor() as cursor:
        for batch in batches:
            if not batch.num_rows:
                continue
            text = f"COPY {_quoted(table)} ({_list(batch.schema.names)}) FROM STDIN (FORMAT csv)"
            with cursor.copy(text) as copy:
                copy.write(_csv(batch))
            total += batch.num_rows
    return total


def _csv(batch: pa.RecordBatch) -> bytes:
    """Null is an empty cell, an empty text a quoted one: what COPY takes them for."""
    written = io.BytesIO()
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
    pyarrow.csv.write_csv(pa.Table.from_batches([batch]), written, options)
    return written.getvalue()


def _plain(column: pa.Array) -> pa.Array:
    """Dates and moments as the text that Django's SQLite backend reads back."""
    if pa.types.is_date(column.type):
        return column.cast(pa.string())
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("us")).cast(pa.string())
    return column


def _list(names: Sequence[str]) -> str:
    return ", ".join(_quoted(name) for name in names)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def reserve_ids(model: type[models.Model], count: int) -> int:
    """The first of `count` ids in a row that nobody else will get. Call it inside a transaction."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Others' inserts take their ids after they have this lock's leave.
            cursor.execute(f"LOCK TABLE {_quoted(table)} IN SHARE ROW EXCLUSIVE MODE")
            sequence = f"pg_get_serial_sequence('{table}', 'id')"
            cursor.execute(f"SELECT setval({sequence}, nextval({sequence}) + %s)", [count])
            return int(cursor.fetchone()[0]) - count
        # The transaction is the only writer; SQLite's own counter follows the ids that are inserted.
        cursor.execute("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = %s", [table])
        return int(cursor.fetchone()[0]) + 1
