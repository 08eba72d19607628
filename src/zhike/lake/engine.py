"""The engine that reads the lake: DuckDB inside this process, or a Spark cluster. One switch: ZHIKE_ENGINE."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import ibis
from ibis.backends.duckdb import Backend

from zhike.errors import EngineError
from zhike.lake.failures import computing
from zhike.lake.working import memory_limit, memory_named


def connect(engine: str | None = None, *, reachable: tuple[Path, ...] = (), scratch: Path | None = None) -> Any:
    """An Ibis backend.

    Args:
        engine: `duckdb`, `spark` (a session in this process) or `sc://host:port` (Spark Connect).
            Default: the environment variable ZHIKE_ENGINE, else `duckdb`.
        reachable: the only folders DuckDB may open files in from then on, the lake's first. A lake holds what
            strangers uploaded, so a query must not wander off to other files. DuckDB 2.0 knows no folder that may only
            be read: SQL could also write there. No text of a person ever becomes SQL here; values reach it through
            Ibis expressions or `intake.sql`.
        scratch: where DuckDB spills what does not fit in memory.

    Raises:
        EngineError: there is no such engine, or what it needs is not installed.

    >>> connect("duckdb").name
    'duckdb'
    """
    chosen = engine or os.environ.get("ZHIKE_ENGINE") or "duckdb"
    if chosen == "duckdb":
        with memory_named():
            return _duckdb(reachable, scratch)
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

    def create_table(self, name: str, /, obj: Any = None, **how: Any) -> Any:
        with computing(self.place), _damage():
            return super().create_table(name, obj, **how)


@contextmanager
def _damage() -> Iterator[None]:
    """DuckDB's Parquet reader raises some of its errors about damage without a kind."""
    try:
        yield
    except duckdb.Error as error:
        if type(error) is not duckdb.Error:
            raise
        raise duckdb.InvalidInputException(str(error)) from error


def _duckdb(reachable: tuple[Path, ...], scratch: Path | None) -> Any:
    settings: dict[str, Any] = {"memory_limit": memory_limit(), "preserve_insertion_order": False}
    if scratch is not None:
        settings["temp_directory"] = str(scratch)
    if not reachable:
        return ibis.duckdb.connect(**settings)
    backend = LakeReader().connect(**settings)
    backend.place = str(reachable[0])
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
