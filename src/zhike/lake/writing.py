"""Rows → Parquet files of a local Delta table, ready to be committed. DuckDB writes them faster than delta-rs does.

A file is written aside, brought onto the disk and moved into the table's folder. Until a commit names it, it is
nothing: a crash leaves a file that nobody reads.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from deltalake.transaction import AddAction

from zhike.sql import literal, quoted

# A file of this size is read by several processors at once and rewritten in a second.
FILE_BYTES = 128 * 1024 * 1024
# Text that hardly repeats is written twice as fast when the attempt to number it ends early.
_DICTIONARY_SIZE = 10_000
_ROWS = "rows_to_store"
# Of a file in the order of customers that is read for one of them: a few thousand rows, not the usual hundred thousand.
CUSTOMER_ROW_GROUP = 20_000


def as_relation(rows: Any) -> duckdb.DuckDBPyRelation:
    """An Arrow table or stream as a DuckDB relation; a relation stays what it is."""
    return rows if isinstance(rows, duckdb.DuckDBPyRelation) else duckdb.connect().from_arrow(rows)


def write_files(
    rows: duckdb.DuckDBPyRelation, schema: pa.Schema, aside: Path, folder: Path, *, row_group: int | None = None
) -> list[AddAction]:
    """Write rows as files of a table and return what a commit has to say of them.

    Args:
        rows: with columns of `schema`; one that is left out is empty in the files' rows.
        schema: of the table.
        aside: an empty folder on the same disk.
        folder: the table's.
        row_group: rows of a row group; None: as many as DuckDB thinks best for reading all of them.
    """
    kinds = duckdb.connect().from_arrow(schema.empty_table())
    types = dict(zip(kinds.columns, map(str, kinds.types), strict=True))
    given = [name for name in schema.names if name in set(rows.columns)]
    columns = [f"CAST({quoted(name)} AS {types[name]}) AS {quoted(name)}" for name in given]
    how = (
        f"FORMAT parquet, COMPRESSION snappy, DICTIONARY_SIZE_LIMIT {_DICTIONARY_SIZE}, FILE_SIZE_BYTES {FILE_BYTES}, "
        "FILENAME_PATTERN 'part-{uuid}', RETURN_STATS"
    )
    how += f", ROW_GROUP_SIZE {row_group}" if row_group else ""
    copy = f"COPY (SELECT {', '.join(columns)} FROM {_ROWS}) TO {literal(str(aside))} ({how})"
    written = rows.query(_ROWS, copy)
    # DuckDB writes one file without rows when there are none.
    files = [row for row in (written.fetchall() if written else []) if row[1]]
    absent = [name for name in schema.names if name not in given]
    return [_moved(Path(row[0]), folder, _statistics(row[1], row[4], schema, absent)) for row in files]


def _moved(file: Path, folder: Path, statistics: dict[str, Any]) -> AddAction:
    """Bring a finished file into the table's folder, durable: a commit must never outlive what it names."""
    sync(file)
    target = folder / file.name
    file.rename(target)
    sync(folder)
    state = target.stat()
    return AddAction(
        path=target.name,
        size=state.st_size,
        partition_values={},
        modification_time=state.st_mtime_ns // 1_000_000,
        data_change=True,
        stats=json.dumps(statistics),
    )


def sync(path: Path) -> None:
    """Bring a file, or the names of a folder's files, onto the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _statistics(rows: int, found: dict[str, dict[str, str]], schema: pa.Schema, absent: list[str]) -> dict[str, Any]:
    """The statistics of a file as Delta keeps them; readers skip a file by them.

    Not the ends of text: they are long, and nobody looks for an id by its neighbours.
    """
    lowest, highest = {}, {}
    # A column that a file does not have is empty in all its rows.
    empty = {name: rows for name in absent if not pa.types.is_nested(schema.field(name).type)}
    for field in schema:
        if pa.types.is_nested(field.type):
            # Readers want a word on every part of it, or none.
            continue
        of = found.get(quoted(field.name), {})
        if "null_count" in of:
            empty[field.name] = int(of["null_count"])
        ends = list(_ends(of, field.type))
        if len(ends) == 2:
            lowest[field.name], highest[field.name] = ends
    return {"numRecords": rows, "minValues": lowest, "maxValues": highest, "nullCount": empty}


def _ends(of: dict[str, str], kind: pa.DataType) -> Iterator[Any]:
    """Lowest and highest value of a column, nothing when they are not known or cannot be written as JSON."""
    read = next((read for fits, read in _READERS if fits(kind)), None)
    if read is None or "min" not in of or of.get("has_nan") == "true":
        return
    for end in (of["min"], of["max"]):
        try:
            yield read(end)
        except ValueError:
            return


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


# DuckDB gives statistics as text.
_READERS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[str], Any]], ...] = (
    (pa.types.is_boolean, lambda text: {"0": False, "1": True}.get(text, text == "true")),
    (pa.types.is_integer, int),
    (pa.types.is_floating, _finite),
    (pa.types.is_date, lambda text: dt.date.fromisoformat(text).isoformat()),
    (
        lambda kind: pa.types.is_timestamp(kind) and kind.tz is None,
        lambda text: dt.datetime.fromisoformat(text).isoformat(timespec="microseconds"),
    ),
)
