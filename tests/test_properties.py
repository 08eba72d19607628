"""What must hold for any orders at all: bounds, order of rows, monotony, and that the parts add up."""

from __future__ import annotations

import datetime as dt
import random
from itertools import pairwise
from typing import Any

import ibis
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zhike.lifecycle import lifecycle
from zhike.rfm import RfmSettings, rfm, score_rfm
from zhike.value.clv_formula import clv_formula
from zhike.value.contribution import contribution

AS_OF = dt.date(2025, 12, 31)
# Each example is a query; a few dozen of them find what there is to find.
some = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
few = settings(some, max_examples=10)  # several models an example

amounts = st.one_of(
    st.integers(-100, 1000).map(float),
    st.integers(-(10**7), 10**9).map(lambda cents: cents / 100),
    st.sampled_from([0.0, 0.1, 0.2, 0.3, float("nan"), float("inf"), float("-inf"), None]),
)
order_rows = st.lists(st.tuples(st.integers(0, 8), st.integers(-30, 1200), amounts), min_size=1, max_size=40)
customers = st.lists(
    st.tuples(st.integers(0, 1000), st.integers(0, 50), st.floats(-100, 1e6, allow_nan=False)), min_size=1, max_size=25
)
modes = st.sampled_from(
    [
        RfmSettings(),
        RfmSettings(weights=(0.2, 0.5, 0.3), thresholds=(0.7, 0.4, 0.2)),
        RfmSettings(mode="quantile"),
        RfmSettings(mode="fixed", cuts={"r": (30, 60, 90), "f": (2, 5), "m": (100, 1000, 5000, 20000)}),
    ]
)


def orders(rows: list[tuple[int, int, float | None]]) -> Any:
    at = [dt.datetime.combine(AS_OF, dt.time(12)) - dt.timedelta(days=days) for _, days, _ in rows]
    table = pa.table(
        {
            "customer_id": [customer for customer, *_ in rows],
            "order_id": list(range(len(rows))),
            "ordered_at": pa.array(at, pa.timestamp("us")),
            "amount": pa.array([amount for *_, amount in rows], pa.float64()),
        }
    )
    return ibis.memtable(table)


def summary(rows: list[tuple[int, int, float]]) -> Any:
    return ibis.memtable(
        pa.table(
            {
                "customer_id": list(range(len(rows))),
                "recency_days": [r for r, *_ in rows],
                "frequency": [f for _, f, _ in rows],
                "monetary": pa.array([m for *_, m in rows], pa.float64()),
            }
        )
    )


def answers(table: Any) -> list[dict[str, Any]]:
    return list(table.order_by("customer_id").to_pyarrow().to_pylist())


def buyers(rows: list[tuple[int, int, float | None]]) -> set[int]:
    """Who has a purchase (not only refunds) up to the day, in plain Python."""
    return {c for c, days, amount in rows if days >= 0 and (amount is None or not amount <= 0)}


@some
@given(order_rows, modes)
def test_scores_lie_between_0_and_1_for_exactly_the_buyers(rows: Any, chosen: RfmSettings) -> None:
    scored = answers(
        rfm(
            orders(rows),
            as_of=AS_OF,
            weights=chosen.weights,
            thresholds=chosen.thresholds,
            mode=chosen.mode,
            cuts=chosen.cuts,
        )
    )
    assert {row["customer_id"] for row in scored} == buyers(rows)
    assert all(0 <= row["rfm_score"] <= 1 for row in scored)
    if chosen.mode == "minmax":
        assert all(0 <= row[x] <= 1 for row in scored for x in "rfm")
    else:
        assert all(row[x] in range(1, 6) for row in scored for x in "rfm")
    assert all(row[name] is not None for row in scored for name in row)


@some
@given(customers, modes)
def test_better_in_everything_is_never_worse(rows: Any, chosen: RfmSettings) -> None:
    scored = answers(score_rfm(summary(rows), chosen))
    for one, (r1, f1, m1) in zip(scored, rows, strict=True):
        for other, (r2, f2, m2) in zip(scored, rows, strict=True):
            assert one["r"] >= other["r"] or r1 > r2
            assert one["f"] >= other["f"] or f1 < f2
            assert one["m"] >= other["m"] or m1 < m2
            if r1 <= r2 and f1 >= f2 and m1 >= m2:
                assert one["rfm_score"] >= other["rfm_score"]


@few
@given(order_rows, st.integers(0, 10**6))
def test_the_order_of_rows_does_not_matter(rows: Any, seed: int) -> None:
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    for model in (rfm, lifecycle, clv_formula, contribution):
        assert answers(model(orders(rows), as_of=AS_OF)) == answers(model(orders(shuffled), as_of=AS_OF))


@few
@given(order_rows, st.integers(1, 400))
def test_what_comes_later_changes_nothing_before(rows: Any, days: int) -> None:
    """As of a past day, the scores are those of a company that knew only what there was."""
    then = AS_OF - dt.timedelta(days=days)
    known = [row for row in rows if row[1] >= days]
    if known:
        for model in (rfm, lifecycle):
            assert answers(model(orders(rows), as_of=then)) == answers(model(orders(known), as_of=then))


@some
@given(order_rows)
def test_shares_add_up_and_ranks_are_whole(rows: Any) -> None:
    table = answers(contribution(orders(rows), as_of=AS_OF))
    assert sorted(row["rank"] for row in table) == list(range(1, len(table) + 1))
    ranked = sorted(table, key=lambda row: row["rank"])
    assert ranked == sorted(table, key=lambda row: (-row["revenue"], row["customer_id"]))
    if any(row["revenue"] > 0 for row in table):
        assert abs(sum(row["share"] for row in table) - 1) < 1e-6
        assert abs(ranked[-1]["cumulative_share"] - 1) < 1e-9
        shares = [row["cumulative_share"] for row in ranked]
        assert all(a <= b + 1e-9 for a, b in pairwise(shares))
        assert [row["abc"] for row in ranked] == sorted(row["abc"] for row in ranked)


@some
@given(order_rows)
def test_lifecycle_gives_everyone_one_stage(rows: Any) -> None:
    staged = answers(lifecycle(orders(rows), as_of=AS_OF))
    assert {row["customer_id"] for row in staged} == buyers(rows)
    assert all(row["stage"] and row["stage4"] and row["rhythm_days"] > 0 and row["overdue"] >= 0 for row in staged)
    assert all(row["stage"] == "churn" for row in staged if row["overdue"] >= 3)
    assert all(row["stage"] != "acquisition" for row in staged if row["purchase_days"] > 1)
