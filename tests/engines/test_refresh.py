"""The whole refresh on a lake gives the same scores on Spark as on DuckDB."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pytest

from tests.churn import rhythms
from zhike.churn.scores import score_churn
from zhike.churn_settings import ChurnSettings
from zhike.facts.purchases import purchase_summary
from zhike.importing.importer import Choices, import_file
from zhike.lake.lake import Lake
from zhike.lake.runs import scores_of
from zhike.pipeline import refresh
from zhike.portrait import portrait

from .engine import spark_engine

# Of two orders that are known whole, and of one that is not.
LINES = ("1,p,a,2025-01-05,4", "1,q,a,2025-01-05,6", "2,p,a,2025-02-05,30", "6,p,b,2025-03-03,9", "7,p,b,2025-03-04,-9")
FIRST = ("1,a,2025-01-05,10", "2,a,2025-02-05,30", "3,b,2025-02-20,100", "4,c,2025-03-01,5", "5,b,2025-03-02,-40")


def scores(url: Path, engine: str) -> list[dict[str, Any]]:
    with Lake(url, engine=engine) as lake:
        before = [v.name for v in lake.engine._session.catalog.listTables()] if engine == "spark" else []
        run = refresh(lake, dt.date(2025, 3, 5))
        assert run.engine == {"duckdb": "duckdb", "spark": "pyspark"}[engine]
        if engine == "spark":
            # Nothing of a refresh stays in the session that others share.
            assert portrait(lake, run, "a").latest
            assert [view.name for view in lake.engine._session.catalog.listTables()] == before
        rows = lake.engine.to_pyarrow(scores_of(lake, run)).to_pylist()
    return sorted(rows, key=lambda row: row["customer_id"])


@pytest.mark.spark
def test_a_refresh_on_spark_equals_one_on_duckdb(tmp_path: Path, orders_csv: Callable[..., Path]) -> None:
    spark_engine()
    with Lake(tmp_path / "duckdb") as lake:
        import_file(lake, orders_csv("a.csv", *FIRST), Choices(table="orders"))
        import_file(lake, orders_csv("b.csv", "4,c,2025-03-01,7"), Choices(table="orders"))
        header = "order_id,product_id,customer_id,ordered_at,amount"
        import_file(lake, orders_csv("c.csv", *LINES, header=header), Choices(table="order_lines"))
    shutil.copytree(tmp_path / "duckdb", tmp_path / "spark")
    here, there = scores(tmp_path / "duckdb", "duckdb"), scores(tmp_path / "spark", "spark")
    assert [row["customer_id"] for row in here] == ["a", "b", "c"]
    assert [row["revenue"] for row in here] == [40, 60, 7]
    for one, other in zip(here, there, strict=True):
        for column, value in other.items():
            assert one[column] == (pytest.approx(value) if isinstance(value, float) else value), column


@pytest.mark.spark
def test_small_tables_in_an_expression_are_known_to_spark(tmp_path: Path) -> None:
    """As where the value to come is joined back to customers: Ibis tells Spark of such tables only when it asks."""
    spark_engine()
    ours = ibis.memtable({"customer_id": ["a", "b"], "worth": [1.0, 2.0]})
    with Lake(tmp_path / "lake", engine="spark") as lake, lake.temporary():
        known = lake.small(pa.table({"customer_id": ["b", "c"]}))
        joined = lake.materialised(known.join(ours, "customer_id"), "joined")
        assert lake.engine.to_pyarrow(joined).to_pylist() == [{"customer_id": "b", "worth": 2.0}]


@pytest.mark.spark
def test_a_company_learns_the_same_on_spark(tmp_path: Path) -> None:
    """Features are computed by the engine; what is learnt from them agrees to what adding in another order may do."""
    spark_engine()
    orders = rhythms.tables(260)["orders"]
    found = {}
    for engine in ("duckdb", "spark"):
        with Lake(tmp_path / engine, engine=engine) as lake, lake.temporary():
            table = lake.materialised(lake.small(orders), "recorded")
            summary = lake.materialised(purchase_summary(table, as_of=rhythms.LAST), "summary")
            settings = ChurnSettings(days=rhythms.DAYS)
            scores, proof = score_churn(
                {"orders": table}, table, summary, as_of=rhythms.LAST, settings=settings, bench=lake
            )
            rows = lake.engine.to_pyarrow(scores).to_pylist()
            found[engine] = (proof, sorted(rows, key=lambda row: row["customer_id"]))
    (here, ours), (there, theirs) = found["duckdb"], found["spark"]
    assert here.details["method"] == there.details["method"] == "learnt"
    assert here.model == there.model
    assert there.error == pytest.approx(here.error, abs=1e-4)
    assert there.details["warnings"] == here.details["warnings"]
    for one, other in zip(ours, theirs, strict=True):
        assert (one["customer_id"], one["warnings"]) == (other["customer_id"], other["warnings"])
        assert one["churn_probability"] == pytest.approx(other["churn_probability"], abs=1e-3)
