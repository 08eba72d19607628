"""Lifetime value, contribution and profitability against tables computed by hand, on every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
import pytest

from tests.test_rfm import orders_table
from zhike.errors import InputError, SettingsError
from zhike.value.clv_formula import clv_formula, explain_clv_formula, score_clv_formula
from zhike.value.contribution import contribution, explain_contribution, pareto_curve, score_contribution
from zhike.value.profitability import explain_profitability, profitability

if TYPE_CHECKING:
    from tests.engines.engine import Engine

pytest_plugins = ("tests.engines.engine",)  # the fixture `engine`


def pylist(table: Any) -> list[dict[str, Any]]:
    return list(table.to_pyarrow().to_pylist())


# --- contribution of equals -------------------------------------------------------------------------------------


def test_equal_customers_have_equal_shares_and_a_stated_order(engine: Engine) -> None:
    """A subscription with one price: the share is the same for all, the border of a class runs through them by id."""
    ids = [f"c{i:02d}" for i in range(20)]
    summaries = [[{"customer_id": i, "revenue": 9.99} for i in order] for order in (ids, ids[::-1], ids[7:] + ids[:7])]
    found = [engine.rows(score_contribution(engine.table(rows)), "customer_id") for rows in summaries]
    assert found[0] == found[1] == found[2]
    assert [row["share"] for row in found[0]] == [0.05] * 20
    assert [row["rank"] for row in found[0]] == list(range(1, 21))
    assert [row["cumulative_share"] for row in found[0]] == pytest.approx([i / 20 for i in range(1, 21)], abs=1e-12)
    assert "".join(row["abc"] for row in found[0]) == "A" * 16 + "B" * 3 + "C"
    curve = engine.rows(pareto_curve(score_contribution(engine.table(summaries[1])), points=4), "customers")
    assert [(p["customer_share"], p["revenue_share"]) for p in curve] == [(i / 4, i / 4) for i in range(1, 5)]


# --- lifetime value by formula ---------------------------------------------------------------------------------


def test_clv_by_hand(engine: Engine) -> None:
    table = engine.table(orders_table())
    rows = engine.by_customer(clv_formula(table, as_of="2025-12-31", margin=0.4, lifespan_years=5))
    # a: 500/3 per order × 3 a year × 5 years × .4 = 1000; b: 200/2 × 2 × 5 × .4 = 400; d: 500 × 1 × 5 × .4 = 1000
    assert {k: v["clv"] for k, v in rows.items()} == pytest.approx({"a": 1000, "b": 400, "c": 0, "d": 1000})
    assert rows["a"]["average_order_value"] == pytest.approx(500 / 3, abs=1e-6)
    assert rows["c"]["average_order_value"] is None
    assert {v["lifespan_source"] for v in rows.values()} == {"given"}


def test_half_a_year_counts_double() -> None:
    (row,) = [
        r
        for r in pylist(clv_formula(orders_table(), as_of="2025-12-31", window_days=73, lifespan_years=1))
        if r["customer_id"] == "d"
    ]
    # 1 purchase of 500 in 73 days, a fifth of a year: 5 a year.
    assert (row["purchases_per_year"], row["clv"]) == (5.0, 2500.0)


def summary(were: int, stayed: int, oldest: int) -> Any:
    return ibis.memtable(
        [
            {"customer_id": i, "frequency": int(i < stayed), "monetary": 10.0 * (i < stayed), "prior_frequency": 1}
            | {"tenure_days": oldest - i}
            for i in range(were)
        ]
    )


@pytest.mark.parametrize(
    ("were", "stayed", "oldest", "years", "source", "retention"),
    [
        (40, 30, 730, 4.0, "retention", 0.75),  # 1/(1 − .75)
        (40, 0, 730, 1.0, "retention", 0.0),  # nobody stays: one window
        (40, 40, 730, 10.0, "retention", 1.0),  # everybody does: the bound, not infinity
        (40, 39, 730, 10.0, "retention", 0.975),  # 40 years is more than anyone can promise
        (29, 20, 730, 3.0, "default", None),  # too few to tell
        (40, 30, 693, 3.0, "default", None),  # less than nine tenths of the earlier window (1.9 · 365 = 693.5)
    ],
)
def test_lifespan(were: int, stayed: int, oldest: int, years: float, source: str, retention: float | None) -> None:
    row = pylist(score_clv_formula(summary(were, stayed, oldest)))[0]
    assert (row["lifespan_years"], row["lifespan_source"], row["retention"]) == (years, source, retention)


def test_refunds_beyond_purchases_are_worth_nothing_not_less() -> None:
    orders = orders_table([("a", 1, "2024-06-01", 50.0), ("a", 2, "2025-06-01", 10.0), ("a", 3, "2025-06-02", -50.0)])
    (row,) = pylist(clv_formula(orders, as_of="2025-12-31"))
    assert (row["average_order_value"], row["clv"]) == (-40.0, 0.0)


@pytest.mark.parametrize("settings", [{"margin": -0.1}, {"margin": 1.2}, {"lifespan_years": 0}, {"lifespan_years": -1}])
def test_clv_settings_out_of_range(settings: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="Give "):
        clv_formula(orders_table(), as_of="2025-12-31", **settings)


# --- contribution ----------------------------------------------------------------------------------------------


def revenues(**by_customer: float) -> list[dict[str, Any]]:
    return [{"customer_id": c, "revenue": float(r)} for c, r in by_customer.items()]


def test_contribution_by_hand(engine: Engine) -> None:
    # 1000 in all (the −20 is nobody's gain): 50 30 15 4 1 % → 50 80 95 99 100 %.
    table = engine.table(revenues(a=150, b=500, c=10, d=300, e=40, f=0, g=-20))
    result = score_contribution(table)
    rows = engine.rows(result, "rank")
    assert [(r["customer_id"], r["share"], r["cumulative_share"], r["abc"]) for r in rows] == [
        ("b", 0.5, 0.5, "A"),
        ("d", 0.3, 0.8, "A"),
        ("a", 0.15, 0.95, "B"),
        ("e", 0.04, 0.99, "C"),
        ("c", 0.01, 1.0, "C"),
        ("f", 0.0, 1.0, "C"),
        ("g", 0.0, 1.0, "C"),
    ]
    assert [r["rank"] for r in rows] == [1, 2, 3, 4, 5, 6, 7]
    assert rows[-1]["revenue"] == -20.0
    # Of 7 customers the best 3 are (just below) the first half: they bring 95 %.
    assert engine.rows(pareto_curve(result, points=2)) == [
        {"customers": 3, "customer_share": round(3 / 7, 12), "revenue_share": 0.95},
        {"customers": 7, "customer_share": 1.0, "revenue_share": 1.0},
    ]


def test_equal_revenue_is_ranked_by_customer(engine: Engine) -> None:
    rows = engine.rows(score_contribution(engine.table(revenues(b=5, a=5, d=5, c=5))), "rank")
    assert [(r["rank"], r["customer_id"], r["cumulative_share"]) for r in rows] == [
        (1, "a", 0.25),
        (2, "b", 0.5),
        (3, "c", 0.75),
        (4, "d", 1.0),
    ]
    # d starts at 75 %, before the line of 80 %.
    assert [r["abc"] for r in rows] == ["A", "A", "A", "A"]


def test_the_slices_do_not_show() -> None:
    """Rank and running total equal a plain sort, over nine orders of magnitude with ties."""
    values = [round(1.37**i * 0.01, 2) for i in range(70)] * 3 + [0.0, -1.0]
    rows = pylist(
        score_contribution(ibis.memtable([{"customer_id": i, "revenue": v} for i, v in enumerate(values)])).order_by(
            "rank"
        )
    )
    expected = sorted(range(len(values)), key=lambda i: (-values[i], i))
    assert [r["customer_id"] for r in rows] == expected
    total, running = sum(v for v in values if v > 0), 0.0
    for row, i in zip(rows, expected, strict=True):
        running += max(values[i], 0.0)
        assert row["cumulative_share"] == pytest.approx(running / total, abs=1e-9)


def test_nobody_brought_in_anything() -> None:
    rows = pylist(score_contribution(ibis.memtable(revenues(a=0, b=-1))).order_by("rank"))
    assert [(r["customer_id"], r["share"], r["cumulative_share"], r["abc"]) for r in rows] == [
        ("a", None, None, "C"),
        ("b", None, None, "C"),
    ]


def test_contribution_of_all_time_and_of_a_window() -> None:
    everything = {r["customer_id"]: r["revenue"] for r in pylist(contribution(orders_table(), as_of="2025-12-31"))}
    assert everything == {"a": 500.0, "b": 200.0, "c": 1000.0, "d": 500.0}
    window = pylist(contribution(orders_table(), as_of="2025-12-31", window_days=365))
    assert {r["customer_id"]: r["revenue"] for r in window} == {"a": 500.0, "b": 200.0, "c": 0.0, "d": 500.0}


# --- profitability ---------------------------------------------------------------------------------------------


def costed_orders(**columns: list[Any]) -> pa.Table:
    n = len(columns["customer_id"])
    at = pa.array(columns.pop("ordered_at", ["2025-06-01"] * n)).cast(pa.timestamp("us"))
    return pa.table({"order_id": list(range(n)), "ordered_at": at, **columns})


def side(time: str, rows: list[tuple[Any, ...]], **extra: list[Any]) -> pa.Table:
    ids, days, costs = zip(*rows, strict=True)
    at = pa.array(days).cast(pa.timestamp("us"))
    return pa.table({"customer_id": ids, time: at, "cost": pa.array(costs, pa.float64()), **extra})


def test_profit_by_hand(engine: Engine) -> None:
    orders = engine.table(
        costed_orders(
            customer_id=["a", "a", "b", "c"],
            amount=[90.0, 100.0, 200.0, 50.0],
            discount=[10.0, None, None, 5.0],
            cost=[55.0, 60.0, None, 20.0],
            ordered_at=["2025-06-01", "2025-07-01", "2025-08-01", "2024-06-01"],  # c: before the window
        )
    )
    tickets = engine.table(
        side("opened_at", [("a", "2025-07-02", 7.0), ("a", "2025-07-03", None), ("a", "2023-01-01", 9.0)])
    )
    touches = engine.table(
        side("touched_at", [("b", "2025-01-01", 3.0), ("b", "2025-01-02", 4.0)], hold_out=[False, True])
    )
    rows = engine.by_customer(
        profitability(orders, as_of="2025-12-31", margin=0.3, tickets=tickets, touches=touches, cost_per_ticket=5.0)
    )
    assert sorted(rows) == ["a", "b"]
    # a: 190 paid (after a discount of 10) − 115 for goods − 7 − 5 for tickets = 63; 63/190
    assert rows["a"] == {
        "customer_id": "a",
        "revenue": 190.0,
        "discounts": 10.0,
        "cost_of_goods": 115.0,
        "cost_basis": "orders",
        "cost_to_serve": 12.0,
        "campaign_cost": 0.0,
        "profit": 63.0,
        "profit_margin": round(63 / 190, 6),
    }
    # b: 200 − (1 − .3)·200 − 3 for the touch that was sent = 57
    assert (rows["b"]["cost_basis"], rows["b"]["cost_of_goods"], rows["b"]["discounts"]) == ("margin", 140.0, None)
    assert (rows["b"]["cost_to_serve"], rows["b"]["campaign_cost"], rows["b"]["profit"]) == (0.0, 3.0, 57.0)


def test_a_margin_is_the_same_share_of_revenue_in_every_model() -> None:
    orders = costed_orders(customer_id=["a"], amount=[90.0], discount=[10.0])
    (row,) = pylist(profitability(orders, as_of="2025-12-31", margin=0.3))
    # 30 % of the 90 paid; the discount is off them already.
    assert (row["cost_of_goods"], row["profit"], row["profit_margin"]) == (63.0, 27.0, 0.3)
    (worth,) = pylist(clv_formula(orders, as_of="2025-12-31", margin=0.3, lifespan_years=1))
    assert worth["clv"] == row["profit"]


def test_what_is_not_known_is_not_made_up() -> None:
    orders = costed_orders(customer_id=["a", "a", "b"], amount=[90.0, 10.0, 5.0], cost=[50.0, None, 2.0])
    rows = {r["customer_id"]: r for r in pylist(profitability(orders, as_of="2025-12-31"))}
    assert (rows["a"]["cost_basis"], rows["a"]["cost_of_goods"], rows["a"]["profit"]) == ("unknown", None, None)
    assert (rows["b"]["cost_to_serve"], rows["b"]["campaign_cost"], rows["b"]["profit"]) == (None, None, 3.0)
    rows = {r["customer_id"]: r for r in pylist(profitability(orders, as_of="2025-12-31", margin=0.4))}
    assert (rows["a"]["cost_basis"], rows["a"]["cost_of_goods"]) == ("mixed", 56.0)  # 50 + .6·10


def test_tickets_without_a_price_are_unknown() -> None:
    orders = costed_orders(customer_id=["a", "b"], amount=[9.0, 9.0], cost=[1.0, 1.0])
    tickets = side("opened_at", [("a", "2025-07-02", None)])
    rows = {r["customer_id"]: r for r in pylist(profitability(orders, as_of="2025-12-31", tickets=tickets))}
    assert (rows["a"]["cost_to_serve"], rows["b"]["cost_to_serve"]) == (None, 0.0)
    nothing = tickets.slice(0, 0)
    rows = {r["customer_id"]: r for r in pylist(profitability(orders, as_of="2025-12-31", tickets=nothing))}
    assert (rows["a"]["cost_to_serve"], rows["b"]["cost_to_serve"]) == (None, None)


def test_profitability_needs_what_it_needs() -> None:
    orders = costed_orders(customer_id=["a"], amount=[1.0])
    with pytest.raises(SettingsError, match="0 to 1"):
        profitability(orders, as_of="2025-12-31", margin=40)
    with pytest.raises(SettingsError, match="0 or more"):
        profitability(orders, as_of="2025-12-31", cost_per_ticket=-1)
    with pytest.raises(InputError, match="tickets lacks the columns opened_at"):
        profitability(orders, as_of="2025-12-31", tickets=pa.table({"customer_id": ["a"]}))


# --- in words --------------------------------------------------------------------------------------------------


def test_explanations() -> None:
    rows = {r["customer_id"]: r for r in pylist(clv_formula(orders_table(), as_of="2025-12-31", margin=0.4))}
    assert explain_clv_formula(rows["d"], language="en") == (
        "Worth 600.00: 500.00 per order × 1.0 orders a year × 3.0 years (a default, because the data is too short or "
        "too small to tell) × a gross margin of 40.0 %."
    )
    assert explain_clv_formula(rows["c"], language="en") == "Worth 0 by the formula: no purchase in the window."
    assert "毛利率" in explain_clv_formula(rows["d"], language="zh")

    row = {"revenue": 1234.5, "share": 0.0123, "rank": 7, "abc": "A"}
    assert explain_contribution(row, customers=900, language="en") == (
        "Brought in 1,234.50, 1.23 % of the revenue; number 7 of 900 customers; class A: the first 80 % of revenue."
    )
    assert "第 7" in explain_contribution(row, language="zh")

    known = {"revenue": 190.0, "discounts": 10.0, "cost_of_goods": 115.0, "cost_basis": "orders"}
    known |= {"cost_to_serve": 12.0, "campaign_cost": None, "profit": 63.0}
    assert explain_profitability(known, language="en") == (
        "Leaves 63.00 of 190.00 after 115.00 for goods (from the cost on the orders), 12.00 for service; discounts of "
        "10.00 are already off the revenue; not counted because unknown: cost of campaigns."
    )
    assert "unknown" in explain_profitability(known | {"profit": None}, language="en")
    assert "未知而未计入" in explain_profitability(known, language="zh")


ONE = pa.table({"customer_id": [17], "order_id": [1], "ordered_at": ["2025-12-01"], "amount": [9.0], "cost": [4.0]})


def test_tickets_after_the_day_say_nothing_about_it() -> None:
    tickets = pa.table({"customer_id": [17], "opened_at": ["2026-02-01"], "cost": [3.0]})
    (row,) = pylist(profitability(ONE, as_of="2025-12-31", tickets=tickets))
    assert row["cost_to_serve"] is None


def test_a_number_and_its_digits_are_one_customer() -> None:
    tickets = pa.table({"customer_id": ["17"], "opened_at": ["2025-12-02"], "cost": [3.0]})
    (row,) = pylist(profitability(ONE, as_of="2025-12-31", tickets=tickets))
    assert (row["customer_id"], row["cost_to_serve"]) == (17, 3.0)


def test_a_hold_out_is_true_or_false() -> None:
    touches = {"customer_id": [17], "touched_at": ["2025-12-02"], "cost": [3.0]}
    with pytest.raises(InputError, match="hold_out holds string"):
        profitability(ONE, as_of="2025-12-31", touches=pa.table(touches | {"hold_out": ["yes"]}))
    (row,) = pylist(profitability(ONE, as_of="2025-12-31", touches=pa.table(touches | {"hold_out": [None]})))
    assert row["campaign_cost"] == 3.0


def test_windows_and_points_have_bounds() -> None:
    for window in (0, 10**20, True):
        with pytest.raises(SettingsError, match="A window of"):
            contribution(ONE, as_of="2025-12-31", window_days=window)
    for points in (2.5, 0, 10**24, True):
        with pytest.raises(SettingsError, match="A curve of"):
            pareto_curve(contribution(ONE, as_of="2025-12-31"), points=points)
