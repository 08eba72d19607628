"""The fixture `engine`: a test that takes it runs on DuckDB and on Spark, with the same tables and the same answers.

One Spark session serves the whole test session, and one test worker has all of Spark's tests.
"""

from __future__ import annotations

import functools
import itertools
import os
import shutil
from dataclasses import dataclass
from typing import Any

import ibis
import pyarrow as pa
import pytest

_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Engine:
    name: str
    backend: Any

    def table(self, rows: list[dict[str, Any]] | pa.Table) -> Any:
        """Rows as a table this engine can read."""
        return ibis.memtable(rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(rows))

    def rows(self, table: Any, *order_by: str) -> list[dict[str, Any]]:
        """What the engine computes, as dictionaries, in the order of these columns."""
        ordered = table.order_by(*order_by) if order_by else table
        return list(self.backend.to_pyarrow(ordered).to_pylist())

    def cut(self, table: Any, name: str, *, few: bool = False) -> Any:
        """As `Lake.cut`: Spark plans what is mentioned several times anew each time, until it has no memory left."""
        if self.name != "spark":
            return table
        self.backend._run_pre_execute_hooks(table)
        view = f"{name}_{next(_NUMBERS)}"
        self.backend._session.sql(self.backend.compile(table)).localCheckpoint().createTempView(view)
        return self.backend.table(view)

    def by_customer(self, table: Any) -> dict[Any, dict[str, Any]]:
        return {row["customer_id"]: row for row in self.rows(table)}


@functools.cache
def duckdb_engine() -> Engine:
    return Engine("duckdb", ibis.duckdb.connect())


@functools.cache
def spark_engine() -> Engine:
    pytest.importorskip("pyspark", reason="PySpark is not installed: pip install 'zhike[spark]'")
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        pytest.skip("Spark needs Java 17 or newer (Debian: apt-get install openjdk-17-jre-headless)")
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .appName("zhike-tests")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.default.parallelism", "2")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.adaptive.enabled", "false")  # re-planning costs more than these tables do
        .config("spark.driver.memory", "1g")
        # Java's second compiler takes half of so short a life.
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    return Engine("spark", ibis.pyspark.connect(session))


@pytest.fixture(params=["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request: pytest.FixtureRequest) -> Engine:
    return duckdb_engine() if request.param == "duckdb" else spark_engine()
