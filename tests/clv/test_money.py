"""The test in money: by hand, where nothing can be told, and on purchases made at known rates."""

from __future__ import annotations

import ibis
import numpy as np
import pyarrow as pa
import pytest

from tests.clv.test_scores import END, scored, shoppers
from zhike.clv import choose
from zhike.facts.repeat import holdout_summary


def test_the_sums_are_those_of_the_days_held_out() -> None:
    orders = shoppers(1500)
    choice = choose(orders, observation_end=END)
    held = holdout_summary(orders, calibration_end=choice.calibration_end, observation_end=END).to_pyarrow()
    money = choice.money
    assert money is not None
    actual = np.asarray(held["held_out_spent"].to_numpy(), dtype=float)
    assert money.actual == pytest.approx(actual.sum())
    assert sum(group.actual * group.customers for group in money.groups) == pytest.approx(actual.sum())
    # Nobody's purchases are worth more than others' here: what is expected is near, and nearer than the period before.
    assert money.expected == pytest.approx(money.actual, rel=0.1)
    assert money.holds
    previous = np.asarray(held["previous_spent"].to_numpy(), dtype=float)
    plain = min(float(np.sqrt(np.mean((guess - actual) ** 2))) for guess in (previous, previous.mean()))
    assert money.baseline == pytest.approx(plain)


def test_equal_amounts_teach_nothing_about_money() -> None:
    orders = shoppers(400)
    same = orders.set_column(orders.column_names.index("amount"), "amount", [[20.0] * orders.num_rows])
    choice = choose(same, observation_end=END)
    assert choice.money is None
    assert choice.holds == choice.beats_baseline


def test_the_proof_tells_money_and_the_way_over_time() -> None:
    orders = shoppers(1500, seed=3)
    _scores, proof = scored(orders)
    money, tracked = proof.details["money"], proof.details["tracking"]
    assert len(money["groups"]) == 10
    assert len(tracked["until"]) == len(tracked["actual"]) == len(tracked["expected"]) <= 80
    assert tracked["until"][-1] == END.isoformat()
    assert tracked["expected"][-1] == pytest.approx(tracked["actual"][-1], rel=0.15)
    assert proof.sure == (money["error"] < money["baseline"])


def test_what_was_spent_before_leaves_out_the_first_purchase() -> None:
    days = ["2025-01-02", "2025-01-20", "2025-02-03", "2025-02-10"]
    orders = ibis.memtable(
        {"customer_id": ["a"] * 4, "order_id": [1, 2, 3, 4], "ordered_at": days, "amount": [9.0, 2.0, 5.0, 1.5]}
    )
    held = holdout_summary(orders, calibration_end="2025-01-31", observation_end="2025-03-02").to_pyarrow().to_pylist()
    assert [(row["held_out_spent"], row["previous_spent"]) for row in held] == [(6.5, 2.0)]


def test_what_is_not_known_to_have_been_spent_is_not_nothing() -> None:
    orders = shoppers(900, seed=3)
    whole = choose(orders, observation_end=END)
    blind = [None if int(who[1:]) % 2 else spent for who, spent in zip(*_of(orders), strict=True)]
    column = orders.column_names.index("amount")
    half = choose(orders.set_column(column, "amount", pa.array(blind, pa.float64())), observation_end=END)
    assert whole.money is not None
    assert half.money is not None
    assert half.money.actual < 0.75 * whole.money.actual
    assert half.money.expected == pytest.approx(half.money.actual, rel=0.25)
    assert half.money.holds


def _of(orders: pa.Table) -> tuple[list[str], list[float]]:
    return orders["customer_id"].to_pylist(), orders["amount"].to_pylist()
