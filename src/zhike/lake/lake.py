"""The lake: Delta tables in one folder (local or S3), and the lock that lets one writer in at a time.

The Delta log says which Parquet files are the table now; a commit is one atomic file in that log, so a crash leaves
the old state or the new one. This module knows Delta and nothing of customers; `batches`, `snapshot`, `identities`
and `runs` say what the tables mean.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Field, Schema, Transaction, write_deltalake
from deltalake.exceptions import TableNotFoundError

from zhike.errors import LakeError
from zhike.lake.computing import Computing
from zhike.lake.engine import connect
from zhike.lake.failures import reading_table, unreadable, writing_to
from zhike.lake.scratch import locked, private_folder, staging_folder
from zhike.lake.writing import as_relation, sync, write_files

# Old snapshots stay readable for ten years: a past run names the versions it read.
_KEEP = {
    "delta.logRetentionDuration": "interval 3650 days",
    "delta.deletedFileRetentionDuration": "interval 3650 days",
}

# How long a writer waits for another one. A commit takes seconds, not minutes.
LOCK_SECONDS = 60.0


class Lake(Computing):
    """One workspace's tables.

    Args:
        url: a folder, or `s3://bucket/prefix` (credentials from the usual AWS_… variables).
        engine: see `zhike.lake.engine.connect`; started on first use.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     Lake(folder).version("facts/orders") is None
    True
    """

    def __init__(self, url: str | os.PathLike[str], *, engine: str | None = None) -> None:
        self.url = str(url).rstrip("/")
        self.is_local = "://" not in self.url
        super().__init__()
        self._engine = engine
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

    def _connected(self) -> Any:
        if not self.is_local:
            return connect(self._engine, place=self.url)
        try:
            # A lake that is not there yet is not made by looking into it.
            scratch = self.scratch() if Path(self.url).is_dir() else private_folder(self.url)
        except LakeError:
            # What cannot be written can be read all the same.
            scratch = private_folder(self.url)
        folder = Path(self.url)
        data = sum(file.stat().st_size for file in folder.glob("facts/*/*.parquet"))
        return connect(self._engine, place=self.url, reachable=(folder,), scratch=scratch, data=data)

    # -- tables ---------------------------------------------------------------------------------------------------

    def delta(self, name: str, version: int | None = None) -> DeltaTable | None:
        """The Delta table, or None when nothing has been written to it yet."""
        with reading_table(name, self.url):
            try:
                table = DeltaTable(self._path(name), version=version)
            except TableNotFoundError:
                return None
            log = self._log(name, table.version())
            if self.is_local and log.exists() and not log.stat().st_size:
                # delta-rs takes an empty entry for a commit without a word, and what it said is gone.
                raise unreadable(name, self.url, f"_delta_log/{table.version()}: 0 bytes")
            return table

    def version(self, name: str) -> int | None:
        table = self.delta(name)
        return None if table is None else int(table.version())

    def read(self, name: str, version: int | None = None, **choice: Any) -> pa.Table:
        """A small table (ledgers), in memory. Empty, without columns, when nothing has been written yet.

        Args:
            version: default the newest.
            choice: `columns` and `filters` as `DeltaTable.to_pyarrow_table` takes them.
        """
        table = self.delta(name, version)
        with reading_table(name, self.url):
            return pa.table({}) if table is None else pa.table(table.to_pyarrow_table(**choice))

    def scan(self, name: str, version: int | None = None) -> Any | None:
        """A table as an Ibis expression on the lake's engine; None when nothing has been written yet."""
        table = self.delta(name, version)
        if table is None:
            return None
        schema = pa.schema(table.schema().to_arrow())
        files = self.files(name, table)
        if not files:
            return self.small(schema.empty_table())
        with reading_table(name, self.url):
            return _complete(self._open(name, table, files), schema)

    def _open(self, name: str, table: DeltaTable, files: list[str]) -> Any:
        if self.engine.name == "pyspark":
            return self._view(self.engine._session.read.option("mergeSchema", "true").parquet(*files), "facts")
        view = _view(name, table.version())
        if self.is_local:
            # A folder called "year=2025" above the lake is no column of it.
            plain = {"union_by_name": True, "hive_partitioning": False}
            return self.engine.read_parquet(files, table_name=view, **plain)
        # Ibis 12 has no door for a dataset, which DuckDB reads column by column and only the rows it needs.
        self.engine.con.register(view, table.to_pyarrow_dataset())
        return self.engine.table(view)

    def files(self, name: str, table: DeltaTable) -> list[str]:
        """The Parquet files that are the table now, as paths an engine opens.

        Raises:
            LakeError: one is missing, or is not as long as the log says.
        """
        if not self.is_local:
            return list(table.file_uris())
        # Not `file_uris`, which escapes blanks and Chinese characters for the web.
        actions = pa.table(table.get_add_actions(flatten=True)).select(["path", "size_bytes"])
        paths = []
        folder = Path(self.url, name)
        for file, size in zip(*(column.to_pylist() for column in actions.columns), strict=True):
            path = folder / file
            if not path.resolve().is_relative_to(folder):
                raise unreadable(name, self.url, f"{file} is outside of it")
            with reading_table(name, self.url):
                found = path.stat().st_size
            if found != size:
                raise unreadable(name, self.url, f"{file}: {found} ≠ {size} bytes")
            paths.append(str(path))
        return paths

    def append(
        self,
        name: str,
        rows: Any,
        *,
        schema: pa.Schema,
        transaction: tuple[str, int] | None = None,
        row_group: int | None = None,
    ) -> int:
        """Add rows in one commit and return the new version.

        Args:
            rows: an Arrow table, a stream of record batches or a DuckDB relation, with columns of `schema`. A column
                that is left out is empty.
            transaction: `(id, version)`, written into the same commit; `transaction_version` reads it back. This is
                how a batch is known to have landed or not.
            row_group: rows that are read at once, where rows in order are looked for by their place (local lakes).

        Raises:
            LakeError: the lake cannot be written; nothing was changed.
        """
        path = self._path(name)
        with writing_to(self.url), self._durably(name):
            if self.delta(name) is None:
                DeltaTable.create(path, schema=Schema.from_arrow(schema), mode="ignore", configuration=_KEEP)
            if self.is_local:
                self._append_files(name, rows, schema, transaction, row_group)
            else:
                stream = as_relation(rows).to_arrow_reader()
                write_deltalake(
                    path, stream, mode="append", schema_mode="merge", commit_properties=_properties(transaction)
                )
            return int(DeltaTable(path).version())

    def _append_files(
        self,
        name: str,
        rows: Any,
        schema: pa.Schema,
        transaction: tuple[str, int] | None,
        row_group: int | None,
    ) -> None:
        folder = Path(self.url, name)
        table = self._widened(name, schema)
        with self.staging() as aside:
            stored = pa.schema(table.schema().to_arrow())
            added = write_files(as_relation(rows), stored, aside, folder, row_group=row_group)
        if added or transaction:
            table.create_write_transaction(added, "append", table.schema(), commit_properties=_properties(transaction))

    def _widened(self, name: str, schema: pa.Schema) -> DeltaTable:
        """The table with the columns of `schema` it did not have yet: a commit of its own that changes no row."""
        table = DeltaTable(self._path(name))
        known = pa.schema(table.schema().to_arrow())
        wanted = pa.schema(Schema.from_arrow(schema).to_arrow())
        # Raises when a column has another type.
        pa.unify_schemas([known, wanted])
        if new := [field for field in wanted if field.name not in known.names]:
            table.alter.add_columns([Field.from_arrow(field) for field in new])
            table = DeltaTable(self._path(name))
        return table

    def delete(self, name: str, predicate: str, *, transaction: tuple[str, int]) -> int:
        """Remove the rows of a predicate in one commit and return how many they were.

        Raises:
            LakeError: the lake cannot be written; nothing was changed.
        """
        table = self.delta(name)
        if table is None:
            return 0
        with writing_to(self.url), self._durably(name):
            removed = int(table.delete(predicate, commit_properties=_properties(transaction))["num_deleted_rows"])
        if not removed:
            # Delta commits nothing when no row matches; the transaction has to be on record all the same.
            schema = pa.schema(table.schema().to_arrow())
            self.append(name, schema.empty_table(), schema=schema, transaction=transaction)
        return removed

    def compact(self, name: str, *, wait: float = LOCK_SECONDS) -> int:
        """Put the small files of a table together and return by how many files it has become shorter.

        The rows stay what they are, and so do all earlier versions: their files are kept, as long as `_KEEP` says.

        Args:
            wait: how long to wait for another writer, seconds.

        Raises:
            LakeError: somebody else is writing, or the lake cannot be written; nothing was changed.
        """
        with self.writing(wait), writing_to(self.url), self._durably(name):
            table = self.delta(name)
            if table is None:
                return 0
            done = table.optimize.compact()
            return int(done["numFilesRemoved"]) - int(done["numFilesAdded"])

    @contextmanager
    def _durably(self, name: str) -> Iterator[None]:
        """Bring the commits made inside onto the disk: delta-rs leaves that to the system, and a power cut may not."""
        before = self.version(name)
        yield
        after = self.version(name)
        if self.is_local and after is not None and after != before:
            for version in range(0 if before is None else before + 1, after + 1):
                sync(self._log(name, version))
            sync(self._log(name, after).parent)

    def transaction_version(self, name: str, transaction: str) -> int | None:
        table = self.delta(name)
        return None if table is None else table.transaction_version(transaction)

    def _log(self, name: str, version: int) -> Path:
        return Path(self.url, name, "_delta_log", f"{version:020d}.json")

    def _path(self, name: str) -> str:
        # As an address, in which a "%20" in the name of a folder stays what it is.
        return Path(self.url, name).as_uri() if self.is_local else f"{self.url}/{name}"

    # -- folders and the lock --------------------------------------------------------------------------------------

    def scratch(self) -> Path:
        """Where unfinished work lies: beside the tables, so that it is on the same disk; never part of them.

        Raises:
            LakeError: the place cannot be written.
        """
        with writing_to(self.url):
            if not self.is_local:
                return private_folder(self.url)
            folder = Path(self.url, "_scratch")
            folder.mkdir(parents=True, exist_ok=True)
            return folder

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A folder for one piece of work's unfinished files, gone afterwards.

        Raises:
            LakeError: the place cannot be written.
        """
        scratch = self.scratch()
        with ExitStack() as opened:
            with writing_to(self.url):
                folder = opened.enter_context(staging_folder(scratch))
            yield folder

    @contextmanager
    def writing(self, wait: float = LOCK_SECONDS) -> Iterator[None]:
        """One writer at a time.

        Args:
            wait: how long to wait for another writer, seconds.

        Raises:
            LakeError: another process is still writing after that time, or the lake cannot be written.
        """
        file = self.scratch() / "writer.lock"
        with ExitStack() as held:
            with writing_to(self.url):
                held.enter_context(locked(file, wait=wait, lake=self.url))
            yield


def _complete(rows: Any, schema: pa.Schema) -> Any:
    """The rows with every column of the table: a file may lack one that is empty in all its rows."""
    kinds = ibis.Schema.from_pyarrow(schema)
    absent = {name: ibis.null(kind) for name, kind in kinds.items() if name not in rows.columns}
    return rows.mutate(**absent).select(*kinds) if absent else rows


def _properties(transaction: tuple[str, int] | None) -> CommitProperties | None:
    if transaction is None:
        return None
    return CommitProperties(app_transactions=[Transaction(*transaction)])


def _view(name: str, version: int | None) -> str:
    return f"{name.replace('/', '_')}_v{'' if version is None else version}"
