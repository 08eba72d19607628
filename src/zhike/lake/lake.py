"""The lake: Delta tables in one folder (local or S3), and the lock that lets one writer in at a time.

The Delta log says which Parquet files are the table now; a commit is one atomic file in that log, so a crash leaves
the old state or the new one. This module knows Delta and nothing of customers; `batches`, `snapshot`, `identities`
and `runs` say what the tables mean.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import ibis
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Schema, Transaction, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError

from zhike.errors import LakeError
from zhike.intake.sql import quoted
from zhike.lake.engine import connect

# Old snapshots stay readable for ten years: a past run names the versions it read.
_KEEP = {
    "delta.logRetentionDuration": "interval 3650 days",
    "delta.deletedFileRetentionDuration": "interval 3650 days",
}

# How long a writer waits for another one, and how often it looks. A commit takes seconds, not minutes.
LOCK_SECONDS = 60.0
_POLL_SECONDS = 0.05
_NUMBERS = itertools.count(1)


class Lake:
    """One workspace's tables.

    Args:
        url: a folder, or `s3://bucket/prefix` (credentials from the usual AWS_… variables).
        engine: see `zhike.lake.engine.connect`; started on first use.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Lake(folder).version("facts/orders") is None
    True
    """

    def __init__(self, url: str | os.PathLike[str], *, engine: str | None = None) -> None:
        self.url = str(url).rstrip("/")
        self.is_local = "://" not in self.url
        self._engine = engine
        self._drops: list[Callable[[], object]] = []
        if self.is_local:
            self.url = str(Path(self.url).expanduser().resolve())
            if set("*?[]{}%\n") & set(self.url):
                raise LakeError(
                    "A lake cannot lie in {folder}: engines read stars, brackets and percent signs as something else.",
                    fix="Choose a folder without these characters.",
                    folder=self.url,
                )

    def __repr__(self) -> str:
        return f"Lake({self.url!r})"

    def __enter__(self) -> Lake:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def engine(self) -> Any:
        """The Ibis backend that reads this lake."""
        if not self.is_local:
            return connect(self._engine)
        scratch = self.scratch()
        return connect(self._engine, reachable=(Path(self.url),), scratch=scratch)

    def close(self) -> None:
        """Let go of the engine. The lake itself needs no closing."""
        engine = self.__dict__.get("engine")
        if engine is not None and engine.name == "pyspark":
            _run_all(self._drops)
        self._drops = []
        self.__dict__.pop("engine", None)
        # A Spark session belongs to the whole process; others may be using it.
        if engine is not None and engine.name != "pyspark":
            engine.disconnect()

    # -- tables ---------------------------------------------------------------------------------------------------

    def delta(self, name: str, version: int | None = None) -> DeltaTable | None:
        """The Delta table, or None when nothing has been written to it yet."""
        try:
            return DeltaTable(self._path(name), version=version)
        except TableNotFoundError:
            return None
        except DeltaError as broken:
            raise LakeError(
                "The table {name} of the lake {lake} cannot be opened: {reason}.",
                fix="Check that the folder is complete, or restore it from a backup.",
                name=name,
                lake=self.url,
                reason=str(broken),
            ) from broken

    def version(self, name: str) -> int | None:
        table = self.delta(name)
        return None if table is None else int(table.version())

    def read(self, name: str, version: int | None = None) -> pa.Table:
        """A small table (ledgers), whole, in memory. Empty when nothing has been written yet."""
        table = self.delta(name, version)
        return pa.table({}) if table is None else pa.table(table.to_pyarrow_table())

    def scan(self, name: str, version: int | None = None) -> Any | None:
        """A table as an Ibis expression on the lake's engine; None when nothing has been written yet."""
        table = self.delta(name, version)
        if table is None:
            return None
        files = self.files(name, table)
        if not files:
            return self.small(pa.schema(table.schema().to_arrow()).empty_table())
        if self.engine.name == "pyspark":
            return self._view(self.engine._session.read.option("mergeSchema", "true").parquet(*files), "facts")
        if self.is_local:
            # A folder called "year=2025" above the lake is no column of it.
            plain = {"union_by_name": True, "hive_partitioning": False}
            return self.engine.read_parquet(files, table_name=_view(name, table.version()), **plain)
        return self.engine.read_in_memory(table.to_pyarrow_dataset(), table_name=_view(name, table.version()))

    def files(self, name: str, table: DeltaTable) -> list[str]:
        """The Parquet files that are the table now, as paths an engine opens."""
        if not self.is_local:
            return list(table.file_uris())
        # Not `file_uris`, which escapes blanks and Chinese characters for the web.
        names = pa.table(table.get_add_actions(flatten=True))["path"].to_pylist()
        return [str(Path(self.url, name, file)) for file in names]

    def small(self, table: pa.Table) -> Any:
        """A few rows of ours as a table on the lake's engine."""
        if self.engine.name != "pyspark":
            return ibis.memtable(table)
        # Ibis hands memory tables to Spark only when a query runs, too late for one that is cached.
        return self._view(self.engine._session.createDataFrame(table), "small")

    def _view(self, frame: Any, name: str) -> Any:
        """A Spark data frame under a name of its own: other lakes of this process share the session."""
        name = f"{name}_{next(_NUMBERS)}"
        frame.createTempView(name)
        self._drops.append(lambda: self.engine._session.catalog.dropTempView(name))
        return self.engine.table(name)

    def materialised(self, expression: Any, name: str) -> Any:
        """The expression computed once, for those who read it several times.

        Gone at the end of the `temporary` around it, else when the lake is closed.
        """
        if self.engine.name == "pyspark":
            # Not cached but cut off: a cached table drags its whole plan into every plan that reads it.
            return self._view(self.engine._session.sql(self.engine.compile(expression)).localCheckpoint(), name)
        name = f"{name}_{next(_NUMBERS)}"
        # Not Ibis's drop_table: Ibis 12 loses the table's name on the way to SQL.
        self._drops.append(lambda: self.engine.raw_sql(f"DROP TABLE IF EXISTS {quoted(name)}").fetchall())
        return self.engine.create_table(name, obj=expression, temp=True)

    def cut(self, expression: Any, name: str) -> Any:
        """The expression, ready to be mentioned many times in one query.

        DuckDB computes what a query mentions twice once; Spark plans every mention anew, until it has no memory left.
        """
        return self.materialised(expression, name) if self.engine.name == "pyspark" else expression

    @contextmanager
    def temporary(self) -> Iterator[None]:
        """What is materialised inside is dropped at the end, so that a lake that stays open does not fill up."""
        outside, self._drops = self._drops, []
        try:
            yield
        finally:
            inside, self._drops = self._drops, outside
            _run_all(inside)

    @contextmanager
    def stream(self, table: Any) -> Iterator[pa.RecordBatchReader]:
        """A table as a stream of record batches, never whole in memory. Read it before anything else is asked."""
        schema = table.schema().to_pyarrow()
        if self.engine.name == "duckdb":
            # Not Ibis's own to_pyarrow_batches: Ibis 12 calls a method that DuckDB 2 no longer has.
            reader = self.engine.con.sql(self.engine.compile(table)).to_arrow_reader()
        else:
            reader = self.engine.to_pyarrow_batches(table)
        try:
            yield reader.cast(schema)
        finally:
            # Left open half-way, it would block the engine.
            reader.close()

    def append(self, name: str, data: Any, *, schema: pa.Schema, transaction: tuple[str, int] | None = None) -> int:
        """Add rows in one commit and return the new version.

        Args:
            data: an Arrow table or stream of record batches with exactly `schema`.
            transaction: `(id, version)`, written into the same commit; `transaction_version` reads it back. This is
                how a batch is known to have landed or not.
        """
        path = self._path(name)
        if self.delta(name) is None:
            DeltaTable.create(path, schema=Schema.from_arrow(schema), mode="ignore", configuration=_KEEP)
        try:
            write_deltalake(path, data, mode="append", schema_mode="merge", commit_properties=_properties(transaction))
        except (DeltaError, OSError) as failed:
            raise LakeError(
                "The lake {lake} could not be written: {reason}. Nothing was changed.",
                fix="Check free disk space and permissions, then run the same command again.",
                lake=self.url,
                reason=str(failed),
            ) from failed
        return int(DeltaTable(path).version())

    def delete(self, name: str, predicate: str, *, transaction: tuple[str, int]) -> int:
        """Remove the rows of a predicate in one commit and return how many they were."""
        table = self.delta(name)
        if table is None:
            return 0
        removed = int(table.delete(predicate, commit_properties=_properties(transaction))["num_deleted_rows"])
        if not removed:
            # Delta commits nothing when no row matches; the transaction has to be on record all the same.
            schema = pa.schema(table.schema().to_arrow())
            self.append(name, schema.empty_table(), schema=schema, transaction=transaction)
        return removed

    def transaction_version(self, name: str, transaction: str) -> int | None:
        table = self.delta(name)
        return None if table is None else table.transaction_version(transaction)

    def _path(self, name: str) -> str:
        # As an address, in which a "%20" in the name of a folder stays what it is.
        return Path(self.url, name).as_uri() if self.is_local else f"{self.url}/{name}"

    # -- folders and the lock --------------------------------------------------------------------------------------

    def scratch(self) -> Path:
        """Where unfinished work lies: beside the tables, so that it is on the same disk; never part of them."""
        folder = Path(self.url, "_scratch") if self.is_local else Path(tempfile.gettempdir(), "zhike-scratch")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextmanager
    def writing(self, wait: float = LOCK_SECONDS) -> Iterator[None]:
        """One writer at a time. The operating system lets go of the lock when the process dies, however it dies.

        Args:
            wait: how long to wait for another writer, seconds.

        Raises:
            LakeError: another process is still writing after that time.
        """
        until = time.monotonic() + wait
        with (self.scratch() / "writer.lock").open("w") as lock:
            while not _locked(lock):
                if time.monotonic() >= until:
                    raise LakeError(
                        "Another process is writing to the lake {lake}.",
                        fix="Wait until it has finished, then run the same command again.",
                        lake=self.url,
                    )
                time.sleep(_POLL_SECONDS)
            yield


def _run_all(drops: list[Callable[[], object]]) -> None:
    """The last made first: it may have been made from those before."""
    for drop in reversed(drops):
        drop()


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _properties(transaction: tuple[str, int] | None) -> CommitProperties | None:
    if transaction is None:
        return None
    return CommitProperties(app_transactions=[Transaction(*transaction)])


def _view(name: str, version: int | None) -> str:
    return f"{name.replace('/', '_')}_v{'' if version is None else version}"
