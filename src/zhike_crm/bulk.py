"""Millions of rows into the database, in the transaction that is open, without a loop over rows of ours.

PostgreSQL takes them as CSV through COPY, written by Arrow; SQLite as tuples through `executemany`, whose loop is in C.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
from django.db import connection, models

# From so many rows on indexes are worth making anew, and what sorting one may take.
_MANY = 50_000
_SORTING_KB = 200_000
# Rows fetched at a time: so few that they are turned into columns while they are still in the processor's own memory.
_FETCHED = 1000
# Rows of each index SQLite looks at to learn how they are spread.
_SAMPLED = 1000


def insert(model: type[models.Model], batches: Iterable[pa.RecordBatch]) -> int:
    """Add rows to the table of a model and return how many. Columns are named as the database names them.

    Signals are not sent and defaults not filled in: a batch has every column that may not be null.
    PostgreSQL's are made in another thread, so what makes them may not ask the database.
    """
    return insert_rows(model._meta.db_table, batches)


def insert_rows(table: str, batches: Iterable[pa.RecordBatch]) -> int:
    """The same by the name of the table: for a backup, which may be older than the models."""
    return (_copy if connection.vendor == "postgresql" else _executemany)(table, batches)


def read(model: type[models.Model], names: Sequence[str], workspace: int, where: str = "true") -> pa.Table:
    """Columns of the rows of a workspace, a million in seconds. Moments are in UTC.

    Args:
        where: a condition in SQL, of fixed words and numbers only.
    """
    fields = {field.column: field for field in model._meta.concrete_fields}
    kinds = [_KINDS.get(fields[name].get_internal_type(), pa.int64()) for name in names]
    table = f"{_quoted(model._meta.db_table)} WHERE workspace_id = {int(workspace)} AND {where}"
    found = (_copied if connection.vendor == "postgresql" else _fetched)(table, names, kinds)
    return pa.table(found, names=list(names))


def change(model: type[models.Model], batches: Iterable[pa.RecordBatch]) -> int:
    """Give rows new values, in the transaction that is open: the first column is the id, the others what changes."""
    table, total = model._meta.db_table, 0
    for batch in batches:
        if not batch.num_rows:
            continue
        key, *names = batch.schema.names
        if connection.vendor == "postgresql":
            _change_from_a_table(table, key, names, batch)
        else:
            given = ", ".join(f"{_quoted(name)} = ?" for name in names)
            columns = [_values(_plain(column)) for column in (*batch.columns[1:], batch.columns[0])]
            with connection.cursor() as cursor:
                text = f"UPDATE {_quoted(table)} SET {given} WHERE {_quoted(key)} = ?"
                cursor.cursor.connection.executemany(text, zip(*columns, strict=True))
        total += batch.num_rows
    return total


def remove(model: type[models.Model], batches: Iterable[pa.RecordBatch]) -> int:
    """Delete rows, in the transaction that is open, and return how many: the only column is their id."""
    table, total = _quoted(model._meta.db_table), 0
    for batch in batches:
        [key] = batch.schema.names
        ids = _values(batch.columns[0])
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(f"DELETE FROM {table} WHERE {_quoted(key)} = ANY(%s)", [ids])
            else:
                rows = zip(ids, strict=True)
                cursor.cursor.connection.executemany(f"DELETE FROM {table} WHERE {_quoted(key)} = ?", rows)
        total += batch.num_rows
    return total


def _change_from_a_table(table: str, key: str, names: Sequence[str], batch: pa.RecordBatch) -> None:
    aside, given = _quoted("zhike_changes"), ", ".join(f"{_quoted(name)} = c.{_quoted(name)}" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE {aside} ON COMMIT DROP AS"
            f" SELECT {_list([key, *names])} FROM {_quoted(table)} WITH NO DATA"
        )
        _copy("zhike_changes", [batch])
        cursor.execute(
            f"UPDATE {_quoted(table)} t SET {given} FROM {aside} c WHERE t.{_quoted(key)} = c.{_quoted(key)}"
        )
        cursor.execute(f"DROP TABLE {aside}")


def clear(model: type[models.Model], workspace: int) -> None:
    """Delete the rows of a workspace, in the transaction that is open. Nothing may refer to them."""
    table = _quoted(model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                f"SELECT EXISTS (SELECT 1 FROM {table} WHERE workspace_id < %s)"
                f" OR EXISTS (SELECT 1 FROM {table} WHERE workspace_id > %s)",
                [workspace, workspace],
            )
            if not cursor.fetchone()[0]:
                # Then SQLite takes the table's pages away as a whole, instead of row by row.
                cursor.execute(f"DELETE FROM {table}")
                return
        cursor.execute(f"DELETE FROM {table} WHERE workspace_id = %s", [workspace])


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


# What a Django field is here; any other is a number of a row.
_KINDS: dict[str, pa.DataType] = {
    "CharField": pa.string(),
    "FloatField": pa.float64(),
    "BooleanField": pa.bool_(),
    "DateField": pa.date32(),
    "DateTimeField": pa.timestamp("us"),
    "JSONField": pa.string(),
}


def _copied(table: str, names: Sequence[str], kinds: Sequence[pa.DataType]) -> list[pa.ChunkedArray]:
    moments = [pa.types.is_timestamp(kind) for kind in kinds]
    asked = ", ".join(
        f"(extract(epoch FROM {_quoted(name)}) * 1000000)::bigint AS {_quoted(name)}" if moment else _quoted(name)
        for name, moment in zip(names, moments, strict=True)
    )
    written = io.BytesIO()
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY (SELECT {asked} FROM {table}) TO STDOUT (FORMAT csv)") as rows,
    ):
        for part in rows:
            written.write(part)
    types = {name: pa.int64() if moment else kind for name, kind, moment in zip(names, kinds, moments, strict=True)}
    if not written.tell():
        return [pa.chunked_array([], kind) for kind in kinds]
    written.seek(0)
    found = pyarrow.csv.read_csv(
        written,
        pyarrow.csv.ReadOptions(column_names=list(names)),
        pyarrow.csv.ParseOptions(newlines_in_values=True),
        pyarrow.csv.ConvertOptions(
            column_types=types,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )
    return [column.cast(kind) for column, kind in zip(found.columns, kinds, strict=True)]


def _fetched(table: str, names: Sequence[str], kinds: Sequence[pa.DataType]) -> list[pa.Array]:
    # As text dates are not turned into Python's one by one.
    asked = ", ".join(
        f"{_quoted(name)} || ''" if pa.types.is_temporal(kind) else _quoted(name)
        for name, kind in zip(names, kinds, strict=True)
    )
    types = [pa.string() if pa.types.is_temporal(kind) else kind for kind in kinds]
    parts: list[list[pa.Array]] = [[] for _ in names]
    with connection.cursor() as cursor:
        # The driver's own cursor: Django's would look at each row on its way.
        found = cursor.cursor.connection.execute(f"SELECT {asked} FROM {table}")
        while rows := found.fetchmany(_FETCHED):
            for part, values, kind in zip(parts, zip(*rows, strict=True), types, strict=True):
                part.append(pa.array(values, kind))
    return [
        pa.chunked_array(part, given).combine_chunks().cast(kind)
        for part, given, kind in zip(parts, types, kinds, strict=True)
    ]


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
            columns = [_values(_plain(column)) for column in batch.columns]
            # The driver's own cursor: Django's would rewrite and log the parameters.
            cursor.cursor.connection.executemany(text, zip(*columns, strict=True))
            total += batch.num_rows
    return total


def _copy(table: str, batches: Iterable[pa.RecordBatch]) -> int:
    total = 0
    with connection.cursor() as cursor:
        for batch, written in _ahead((batch, _csv(batch)) for batch in batches if batch.num_rows):
            text = f"COPY {_quoted(table)} ({_list(batch.schema.names)}) FROM STDIN (FORMAT csv)"
            with cursor.copy(text) as copy:
                copy.write(written)
            total += batch.num_rows
    return total


def _ahead(made: Iterator[Any]) -> Iterator[Any]:
    """The same, each made while the one before it is used: the server reads one batch while we write the next.

    What makes them runs in another thread: it has no part in the transaction, nor in a lake's `temporary`.
    """
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, made, None)
        while (one := following.result()) is not None:
            following = pool.submit(next, made, None)
            yield one


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


def _values(column: pa.Array) -> list[Any]:
    """As SQLite takes them. Three times as fast as asking Arrow for one value after the other."""
    kind = column.type
    if pa.types.is_string(kind):
        words = column.dictionary_encode()
        if len(words.dictionary) * 4 > len(words):
            return column.to_pylist()
        # The same few objects again and again, whose text SQLite is handed without being encoded anew.
        several = np.array([*words.dictionary.to_pylist(), None], dtype=object)
        return several[words.indices.fill_null(len(several) - 1).to_numpy()].tolist()
    if pa.types.is_boolean(kind):
        return np.array([0, 1, None], dtype=object)[column.cast(pa.int8()).fill_null(2).to_numpy()].tolist()
    if pa.types.is_floating(kind):
        # What is none is not a number here, and NULL again for SQLite.
        return column.to_numpy(zero_copy_only=False).tolist()
    if pa.types.is_integer(kind):
        if not column.null_count:
            return column.to_numpy().tolist()
        numbers = column.fill_null(0).to_numpy().astype(object)
        numbers[column.is_null().to_numpy(zero_copy_only=False)] = None
        return numbers.tolist()
    return column.to_pylist()


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
