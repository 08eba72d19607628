"""Features know nothing of what came after their day, are what they say, and are the same on both engines."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.churn.shop import tables
from tests.engines.engine import Engine, duckdb_engine
from zhike.churn import at_risk, features, learn, left_after, propose_days, training_panel
from zhike.errors import InputError, SettingsError

pytest_plugins = ("tests.engines.engine",)

CUT = dt.date(2025, 3, 31)
TIMES = {
    "orders": "ordered_at",
    "order_lines": "ordered_at",
    "interactions": "occurred_at",
    "tickets": "opened_at",
    "feedback": "given_at",
}


def rows_of(table: Any) -> dict[str, dict[str, Any]]:
    return {row["customer_id"]: row for row in table.to_pyarrow().to_pylist()}


def assert_same(one: dict[str, dict[str, Any]], other: dict[str, dict[str, Any]]) -> None:
    assert one.keys() == other.keys()
    for who, row in other.items():
        assert numbers(one[who]) == pytest.approx(numbers(row), rel=1e-9, abs=1e-9, nan_ok=True), who


def numbers(row: dict[str, Any]) -> dict[str, float]:
    return {n: float("nan") if v is None else float(v) for n, v in row.items() if n != "customer_id"}


def test_by_hand() -> None:
    orders = pa.table(
        {
            "customer_id": ["a"] * 5 + ["b"],
            "order_id": [1, 2, 3, 4, 5, 6],
            "ordered_at": ["2024-05-01", "2024-12-01", "2025-02-01", "2025-03-20", "2025-04-01", "2025-03-31 23:59:00"],
            "amount": [10.0, 20.0, 40.0, -15.0, 99.0, 5.0],
        }
    )
    visits = {"customer_id": ["a", "a"], "occurred_at": ["2025-03-01", "2025-04-02"], "kind": ["view", "cart"]}
    tickets = {
        "customer_id": ["a", "a"],
        "ticket_id": [1, 2],
        "opened_at": ["2025-03-01", "2025-03-30"],
        "closed_at": ["2025-03-02", "2025-04-05"],
        "csat": [4.0, 1.0],
        "kind": ["Complaint", "how to"],
    }
    found = rows_of(features({"orders": orders, "interactions": pa.table(visits), "tickets": pa.table(tickets)}, CUT))
    a = found["a"]
    assert (a["recency_days"], a["tenure_days"], a["purchase_days"], a["gap_longest"]) == (58, 334, 3, 214)
    assert [a[f"orders_{days}"] for days in (30, 90, 180, 365, "all")] == [0, 1, 2, 3, 3]
    assert [a[f"money_{days}"] for days in (30, 90, 180, 365, "all")] == [-15, 25, 45, 55, 55]
    assert (a["returns_365"], a["order_value"]) == (1, pytest.approx(55 / 3))
    assert (a["interactions_30"], a["interactions_90"], a["interaction_days"], a["carts_90"]) == (0, 1, 30, 0)
    # The second ticket is closed after the day: its score is not known yet.
    assert (a["tickets_90"], a["complaints_365"], a["ticket_csat"]) == (2, 1, 4.0)
    b = found["b"]
    assert (b["recency_days"], b["orders_30"], b["gap_sd"], b["tickets_365"], b["ticket_csat"]) == (0, 1, None, 0, None)


def test_nothing_after_the_day_changes_them() -> None:
    shop = tables()
    known = rows_of(features(shop, CUT))
    assert len(known) > 50
    until = {n: t.filter(pc.less(t[TIMES[n]], pa.scalar(dt.datetime(2025, 4, 1)))) for n, t in shop.items()}
    assert_same(rows_of(features(until, CUT)), known)
    # What comes later: doubled, for other customers, at other times, with other values.
    later = {n: t.filter(pc.greater_equal(t[TIMES[n]], pa.scalar(dt.datetime(2025, 4, 1)))) for n, t in shop.items()}
    assert all(t.num_rows > 5 for t in later.values())
    moved = {}
    for name, t in later.items():
        at = t.column_names.index(TIMES[name])
        shifted = t.set_column(at, TIMES[name], pc.add(t[TIMES[name]], pa.scalar(dt.timedelta(days=11))))
        who = t.column_names.index("customer_id")
        moved[name] = shifted.set_column(
            who, "customer_id", shifted["customer_id"].take(pa.array(range(t.num_rows))[::-1])
        )
    together = {n: pa.concat_tables([until[n], later[n], moved[n]]) for n in shop}
    # Order ids of the future may be used again: they are not looked at either.
    assert_same(rows_of(features(together, CUT)), known)
    assert rows_of(features(together, "2025-06-30")) != known


def test_same_on_both_engines(engine: Engine) -> None:
    shop = tables(60)
    wanted = duckdb_engine().by_customer(features({n: duckdb_engine().table(t) for n, t in shop.items()}, CUT))
    found = engine.by_customer(features({n: engine.table(t) for n, t in shop.items()}, CUT))
    assert len(wanted) > 30
    assert_same(found, wanted)


def test_orders_of_both_tables_count_once() -> None:
    shop = tables(40)
    both = rows_of(features({"orders": shop["orders"], "order_lines": shop["order_lines"]}, CUT))
    alone = rows_of(features(shop["orders"], CUT))
    assert {who: row["orders_all"] for who, row in both.items()} == {who: r["orders_all"] for who, r in alone.items()}
    assert all(row["products_all"] >= row["products_365"] for row in both.values())
    of_lines = rows_of(features({"order_lines": shop["order_lines"]}, CUT))
    assert {who: row["orders_all"] for who, row in of_lines.items()} == {
        who: r["orders_all"] for who, r in alone.items()
    }


def test_who_left() -> None:
    orders = pa.table(
        {
            "customer_id": ["a", "a", "b", "c"],
            "order_id": [1, 2, 3, 4],
            "ordered_at": ["2025-01-01", "2025-01-31", "2025-01-01", "2025-01-12"],
            "amount": [1.0, 1.0, 1.0, 1.0],
        }
    )
    gone = left_after(orders, "2025-01-01", 30)
    assert {who: row["left"] for who, row in rows_of(gone).items()} == {"a": False, "b": True}
    assert {who: row["left"] for who, row in rows_of(left_after(orders, "2025-01-01", 29)).items()} == {
        "a": True,
        "b": True,
    }
    with pytest.raises(SettingsError, match="gone after 0 days"):
        left_after(orders, "2025-01-01", 0)


def test_panel_has_no_row_of_those_already_gone_and_a_known_outcome() -> None:
    shop = tables()
    panel = training_panel(shop, "2025-12-31", days=60)
    days = sorted(set(panel["as_of"].to_pylist()))
    assert days[-1] == dt.date(2025, 11, 1)
    assert len(days) == 6
    assert pc.max(panel["recency_days"]).as_py() < 60
    day = days[2]
    expected = rows_of(at_risk(features(shop, day), 60))
    outcome = rows_of(left_after(shop, day, 60))
    there = {r["customer_id"]: r for r in panel.to_pylist() if r["as_of"] == day}
    assert there.keys() == expected.keys()
    assert all(row["left"] == outcome[who]["left"] for who, row in there.items())
    with pytest.raises(InputError, match="too few to see who leaves within 400 days"):
        training_panel(shop, "2025-12-31", days=400)


def test_days_are_proposed_from_the_rhythm() -> None:
    weekly = [dt.date(2024, 1, 1) + dt.timedelta(days=7 * k) for k in range(100)]
    orders = pa.table({"customer_id": ["a"] * 100, "order_id": range(100), "ordered_at": weekly, "amount": [1.0] * 100})
    found = propose_days(orders, "2025-12-31")
    assert (found.days, found.within, found.case) == (7, 1.0, "rhythm")
    assert "7 days" in found.why("en")
    few = propose_days(orders.slice(0, 10), "2025-12-31")
    assert (few.days, few.case) == (90, "unknown")
    # Twenty-one pauses of 30 days in 61 days of data: a third of them is the most that can be tested.
    days = [dt.date(2025, 1, 1) + dt.timedelta(days=30 * k) for k in range(3)]
    rows = {"customer_id": [f"c{n // 3}" for n in range(33)], "order_id": range(33), "amount": [1.0] * 33}
    short = propose_days(pa.table({**rows, "ordered_at": days * 11}), "2025-03-02")
    assert (short.days, short.case, short.within) == (20, "short", 0.0)
    assert "cannot be tested" in short.why("en")
    with pytest.raises(InputError, match="Nobody bought"):
        propose_days(orders, "2020-01-01")
    with pytest.raises(SettingsError):
        propose_days(orders, "2025-01-01", within=1.5)


@pytest.mark.parametrize("given", [{}, {"customers": pa.table({"customer_id": ["a"]})}])
def test_without_orders(given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="no orders"):
        features(given, CUT)


def test_no_purchase_by_then_gives_no_row() -> None:
    orders = ibis.memtable(
        {"customer_id": ["a"], "order_id": ["1"], "ordered_at": [dt.datetime(2025, 5, 1)], "amount": [1.0]}
    )
    assert rows_of(features(orders, CUT)) == {}


@pytest.mark.parametrize(
    ("orders", "said"),
    [
        ([("a", 0)], "cover 1 days up to 2024-01-01: too few"),
        ([("a", 0), ("b", 100), ("c", 200)], "All 2 customers left"),
        ([(f"c{n}", n % 7) for n in range(9)] + [("z", 400)], "had anybody bought within the 30 days before"),
        ([(f"c{n}", day) for n in range(9) for day in range(0, 150, 10)], "None of the"),
    ],
    ids=["one customer", "no repeats", "all gone", "none gone"],
)
def test_companies_with_nothing_to_learn_from(orders: list[tuple[str, int]], said: str) -> None:
    rows = [{"customer_id": who, "ordered_at": dt.date(2024, 1, 1) + dt.timedelta(days=day)} for who, day in orders]
    table = pa.Table.from_pylist([row | {"order_id": n, "amount": 5.0} for n, row in enumerate(rows)])
    with pytest.raises(InputError, match=said):
        learn(table, max(row["ordered_at"] for row in rows), days=30)


def test_one_customer_has_features() -> None:
    one = pa.table({"customer_id": ["a"], "order_id": [1], "ordered_at": ["2025-01-01"], "amount": [5.0]})
    (row,) = rows_of(features(one, CUT)).values()
    assert (row["recency_days"], row["orders_all"], row["gap_sd"], row["orders_trend"]) == (
        89,
        1,
        None,
        pytest.approx(1.0986, abs=1e-4),
    )
