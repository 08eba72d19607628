"""The engine that reads the lake: DuckDB inside this process, or a Spark cluster. One switch: ZHIKE_ENGINE."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import ibis

from zhike.errors import EngineError

# Of the machine's memory, what a DuckDB engine may use before it spills to disk.
MEMORY_SHARE = 0.6


def connect(engine: str | None = None, *, reachable: tuple[Path, ...] = (), scratch: Path | None = None) -> Any:
    """An Ibis backend.

    Args:
        engine: `duckdb`, `spark` (a session in this process) or `sc://host:port` (Spark Connect).
            Default: the environment variable ZHIKE_ENGINE, else `duckdb`.
        reachable: the only folders DuckDB may read from then on. A lake holds what strangers uploaded, so a query
            must not wander off to other files.
        scratch: where DuckDB spills what does not fit in memory.

    Raises:
        EngineError: there is no such engine, or what it needs is not installed.

    >>> connect("duckdb").name
    'duckdb'
    """
    chosen = engine or os.environ.get("ZHIKE_ENGINE") or "duckdb"
    if chosen == "duckdb":
        return _duckdb(reachable, scratch)
    if chosen == "spark" or chosen.startswith("sc://"):
        return _spark(chosen)
    raise EngineError(
        "There is no engine called {engine}.",
        fix="Set ZHIKE_ENGINE to duckdb, spark or sc://host:port.",
        engine=chosen,
    )


def _duckdb(reachable: tuple[Path, ...], scratch: Path | None) -> Any:
    settings: dict[str, Any] = {"memory_limit": f"{MEMORY_SHARE:.0%}", "preserve_insertion_order": False}
    if scratch is not None:
        settings["temp_directory"] = str(scratch)
    backend = ibis.duckdb.connect(**settings)
    if reachable:
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
