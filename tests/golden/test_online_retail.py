"""What the models say of UCI Online Retail (Chen, Sain & Guo 2012), whose clean figures are published.

4,338 customers, 18,532 invoices, 8,911,407.904 revenue. Medians and extremes below were taken from the file with
plain SQL, not from these models.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pyarrow as pa
import pytest

from zhike.lifecycle import lifecycle
from zhike.rfm import rfm
from zhike.value.clv_formula import clv_formula
from zhike.value.contribution import contribution, pareto_curve

AS_OF = "2011-12-09"  # the day of the last order


@pytest.fixture(scope="module")
def lines(test_data: Path) -> pa.Table:
    path = test_data / "online_retail" / "online_retail.parquet"
    return duckdb.sql(
        f"""SELECT CAST(CAST(CustomerID AS BIGINT) AS VARCHAR) AS customer_id, InvoiceNo AS order_id,
                   InvoiceDate AS ordered_at, Quantity * UnitPrice AS amount
            FROM '{path}'
            WHERE CustomerID IS NOT NULL AND InvoiceNo NOT LIKE 'C%' AND Quantity > 0 AND UnitPrice > 0"""
    ).to_arrow_table()


def rows(table: Any) -> list[dict[str, Any]]:
    return list(table.to_pyarrow().to_pylist())


def plain_sql(lines: pa.Table, query: str) -> list[Any]:  # DuckDB finds `lines` by its name
    return duckdb.sql(query).fetchall()


def test_rfm_agrees_with_plain_sql(lines: pa.Table) -> None:
    scored = {r["customer_id"]: r for r in rows(rfm(lines, as_of=AS_OF))}
    assert len(scored) == 4338
    expected = plain_sql(
        lines,
        """WITH o AS (SELECT customer_id, order_id, min(ordered_at) t, sum(amount) a FROM lines GROUP BY 1, 2),
        c AS (SELECT customer_id, date_diff('day', max(t)::DATE, DATE '2011-12-09') r,
                     count(*) FILTER (t >= DATE '2010-12-10') f,
                     round(coalesce(sum(a) FILTER (t >= DATE '2010-12-10'), 0), 6) m FROM o GROUP BY 1)
        SELECT customer_id, r, f, m, .3 * (max(r) OVER () - r) / (max(r) OVER () - min(r) OVER ())
          + .4 * (f - min(f) OVER ()) / (max(f) OVER () - min(f) OVER ())
          + .3 * (m - min(m) OVER ()) / (max(m) OVER () - min(m) OVER ()) FROM c""",
    )
    for customer, r, f, m, score in expected:
        row = scored[customer]
        assert (row["recency_days"], row["frequency"]) == (r, f)
        assert row["monetary"] == pytest.approx(m, abs=1e-5)
        assert row["rfm_score"] == pytest.approx(score, abs=1e-9)


def test_all_time_figures_are_the_published_ones(lines: pa.Table) -> None:
    everyone = rows(lifecycle(lines, as_of=AS_OF))
    assert (len(everyone), sum(r["orders"] for r in everyone)) == (4338, 18532)
    shares = rows(contribution(lines, as_of=AS_OF))
    assert round(sum(r["revenue"] for r in shares), 3) == 8911407.904
    assert shares_of_best(shares, 0.2) == pytest.approx(best_fifth(lines), abs=1e-9)


def shares_of_best(shares: list[dict[str, Any]], part: float) -> float:
    best = sorted(shares, key=lambda r: r["rank"])[: int(len(shares) * part)]
    return float(best[-1]["cumulative_share"])


def best_fifth(lines: pa.Table) -> float:
    ((share,),) = plain_sql(
        lines,
        """WITH c AS (SELECT customer_id, sum(amount) a FROM lines GROUP BY 1),
        ranked AS (SELECT a, row_number() OVER (ORDER BY a DESC) n FROM c)
        SELECT sum(a) FILTER (n <= 867) / sum(a) FROM ranked""",
    )
    return float(share)


def test_one_day_later_is_the_reference_other_tools_use(lines: pa.Table) -> None:
    """Most published RFM walk-throughs of this set take 2011-12-10 and get customer 12346 at R 326, F 1, 77,183.60."""
    scored = {r["customer_id"]: r for r in rows(rfm(lines, as_of="2011-12-10", window_days=730))}
    found = scored["12346"]
    assert (found["recency_days"], found["frequency"], round(found["monetary"], 2)) == (326, 1, 77183.6)
    found = scored["12347"]
    assert (found["recency_days"], found["frequency"], round(found["monetary"], 2)) == (3, 7, 4310.0)


def test_quintiles_agree_with_pandas_qcut(lines: pa.Table) -> None:
    import pandas as pd

    scored = rfm(lines, as_of=AS_OF, mode="quantile").to_pandas()
    m = pd.qcut(scored["monetary"], 5, labels=False) + 1
    r = 5 - pd.qcut(scored["recency_days"], 5, labels=False)
    assert (scored["m"] == m).all()
    assert (scored["r"] == r).all()


def test_every_stage_and_tier_is_found(lines: pa.Table) -> None:
    stages = Counter(r["stage"] for r in rows(lifecycle(lines, as_of=AS_OF)))
    assert sum(stages.values()) == 4338
    assert all(stages[s] > 100 for s in ("acquisition", "growth", "maturity", "maintenance", "churn"))
    scored = rows(rfm(lines, as_of=AS_OF))
    assert set(Counter(r["value_tier"] for r in scored)) == {"high", "potential", "at_risk"}
    assert len({r["octant"] for r in scored}) == 8


def test_one_year_of_data_cannot_tell_a_lifespan(lines: pa.Table) -> None:
    valued = rows(clv_formula(lines, as_of=AS_OF))
    assert {(r["lifespan_source"], r["lifespan_years"]) for r in valued} == {("default", 3.0)}
    scored = {r["customer_id"]: r["monetary"] for r in rows(rfm(lines, as_of=AS_OF))}
    assert all(r["clv"] == pytest.approx(3 * scored[r["customer_id"]], abs=1e-4) for r in valued)


def test_the_pareto_curve_meets_the_table(lines: pa.Table) -> None:
    table = ibis.memtable(contribution(lines, as_of=AS_OF).to_pyarrow())
    curve = rows(pareto_curve(table, points=10))
    assert [p["customers"] for p in curve] == [4338 * i // 10 for i in range(1, 11)]
    assert curve[-1]["revenue_share"] == 1.0
    assert all(a["revenue_share"] <= b["revenue_share"] for a, b in pairwise(curve))
