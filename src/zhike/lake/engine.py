"""The engine that reads the lake: DuckDB inside this process, or a Spark cluster. One switch: ZHIKE_ENGINE."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import ibis
from ibis.backends.duckdb import Backend
from ibis.expr import operations

from zhike.errors import EngineError
from zhike.lake.failures import computing
from zhike.lake.working import memory_limit, memory_named
from zhike.sql import literal, quoted

_COMPILING = threading.RLock()
_TEMPORARY = operations.Namespace(catalog="temp", database="main")


def connect(
    engine: str | None = None,
    *,
    place: str = "",
    reachable: tuple[Path, ...] = (),
    scratch: Path | None = None,
    data: int = 0,
) -> Any:
    """An Ibis backend.

    Args:
        engine: `duckdb`, `spark` (a session in this process) or `sc://host:port` (Spark Connect).
            Default: the environment variable ZHIKE_ENGINE, else `duckdb`.
        place: the lake that is read, as errors name it.
        reachable: the only folders DuckDB may open files in from then on, the lake's first. A lake holds what
            strangers uploaded, so a query must not wander off to other files. DuckDB 2.0 knows no folder that may only
            be read: SQL could also write there. No text of a person ever becomes SQL here; values reach it through
            Ibis expressions or `intake.sql`.
        scratch: where DuckDB spills what does not fit in memory.
        data: bytes on disk of what will be read; DuckDB may use more memory where there are many.

    Raises:
        EngineError: there is no such engine, or what it needs is not installed.

    >>> connect("duckdb").name
    'duckdb'
    """
    chosen = engine or os.environ.get("ZHIKE_ENGINE") or "duckdb"
    if chosen == "duckdb":
        with memory_named():
            return _duckdb(place, reachable, scratch, data)
    if chosen == "spark" or chosen.startswith("sc://"):
        return _spark(chosen)
    raise EngineError(
        "There is no engine called {engine}.",
        fix="Set ZHIKE_ENGINE to duckdb, spark or sc://host:port.",
        engine=chosen,
    )


class LakeReader(Backend):  # type: ignore[misc]  # Ibis has no types
    """DuckDB over the files of one lake. A file that turns out damaged while it is read is a `LakeError`."""

    place = ""

    def to_pyarrow(self, expr: Any, /, **how: Any) -> Any:
        with computing(self.place), _damage():
            return super().to_pyarrow(expr, **how)

    def compile(self, expr: Any, /, **how: Any) -> str:
        """Without merging a query's steps: DuckDB does that itself, and far quicker than Ibis."""
        # The option is of the whole process, in which others may use Ibis too.
        with _COMPILING:
            before, ibis.options.sql.fuse_selects = ibis.options.sql.fuse_selects, False
            try:
                return str(super().compile(expr, **how))
            finally:
                ibis.options.sql.fuse_selects = before

    def computed(self, name: str, expression: Any) -> Any:
        """A temporary table of what an expression gives.

        Ibis's own `create_table` copies the tree of the query several times and asks for the types it has just said:
        where there is little data, that takes longer than the query.
        """
        schema = expression.schema()
        written = self.compiler.type_mapper.to_string
        columns = ", ".join(f"{quoted(column)} {written(kind)}" for column, kind in schema.items())
        with computing(self.place), _damage():
            self._run_pre_execute_hooks(expression)
            query = self.compile(expression)
            self.con.execute(f"CREATE TEMP TABLE {quoted(name)} ({columns})")
            self.con.execute(f"INSERT INTO {quoted(name)} {query}").fetchall()
        return operations.DatabaseTable(name, schema=schema, source=self, namespace=_TEMPORARY).to_expr()

    def written(self, expression: Any, file: Path, how: str) -> None:
        """What an expression gives, as a file."""
        with computing(self.place), _damage():
            self._run_pre_execute_hooks(expression)
            query = self.compile(expression)
            self.con.execute(f"COPY ({query}) TO {literal(str(file))} ({how})").fetchall()


@contextmanager
def _damage() -> Iterator[None]:
    """DuckDB's Parquet reader raises some of its errors about damage without a kind."""
    try:
        yield
    except duckdb.Error as error:
        if type(error) is not duckdb.Error:
            raise
        raise duckdb.InvalidInputException(str(error)) from error


def _duckdb(place: str, reachable: tuple[Path, ...], scratch: Path | None, data: int) -> Any:
    settings: dict[str, Any] = {"memory_limit": memory_limit(data), "preserve_insertion_order": False}
    if scratch is not None:
        settings["temp_directory"] = str(scratch)
    backend = LakeReader().connect(**settings)
    backend.place = place
    if not reachable:
        return backend
    # Ours says which step it is; DuckDB's would be drawn over it.
    backend.con.execute("SET enable_progress_bar = false")
    folders = [str(folder) for folder in (*reachable, *([scratch] if scratch else []))]
    backend.con.execute("SET allowed_directories = ?", [folders])
    backend.con.execute("SET enable_external_access = false")
    backend.con.execute("SET lock_configuration = true")
    return backend


def _spark(address: str) -> Any:
    try:
        from pyspark.sql import SparkSession
    except ImportError as missing:
        raise EngineError("Spark is not installed.", fix="Install it with: pip install 'zhike[spark]'.") from missing
    builder = SparkSession.builder.appName("zhike").config("spark.sql.session.timeZone", "UTC")
    if address.startswith("sc://"):
        return ibis.pyspark.connect(builder.remote(address).getOrCreate())
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise EngineError(
            "Spark needs Java 17 or newer, and there is none on this machine.",
            fix="Install it (on Debian: apt-get install openjdk-17-jre-headless) or set JAVA_HOME.",
        )
    master = os.environ.get("SPARK_MASTER", "local[*]")
    session = (
        builder.master(master)
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", str(max(4, (os.cpu_count() or 2) * 2)))
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    return ibis.pyspark.connect(session)
