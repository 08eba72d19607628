"""The value to come as the refresh scores it: the model that held out, its test, and no number where there is none."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest

from zhike.clv.scores import COLUMNS, score_expectations
from zhike.facts.purchases import purchase_summary
from zhike.proof import Proof

END = dt.date(2025, 12, 28)
HOW = {"as_of": END, "horizon_days": 365, "discount_rate": 0.1, "margin": 1.0}


def shoppers(customers: int, seed: int = 7) -> pa.Table:
    """Purchases at each customer's own rate until they leave: what the models suppose."""
    chance = np.random.default_rng(seed)
    rows: list[tuple[str, dt.date, float]] = []
    for number in range(customers):
        day, rate = float(chance.integers(0, 200)), chance.gamma(1.0, 1 / 30)
        while day < 720:
            when = dt.date(2024, 1, 8) + dt.timedelta(days=int(day))
            rows.append((f"c{number}", when, float(np.round(chance.gamma(6.0, 8.0), 2))))
            if chance.random() < 0.12:
                break
            day += 1 + chance.exponential(1 / rate)
    names, days, amounts = zip(*rows, strict=True)
    columns = {"customer_id": names, "order_id": range(len(rows)), "ordered_at": days, "amount": amounts}
    return pa.table({name: list(values) for name, values in columns.items()})


def scored(orders: pa.Table, **changes: Any) -> tuple[pa.Table, Proof]:
    table = ibis.memtable(orders)
    scores, proof = score_expectations(table, purchase_summary(table, as_of=END), **(HOW | changes))
    return scores.to_pyarrow(), proof


def test_everybody_who_bought_has_a_value_and_the_test_is_told() -> None:
    orders = shoppers(2500, seed=1)
    rows, proof = scored(orders)
    assert rows.column_names == ["customer_id", *COLUMNS]
    assert rows.num_rows == len(set(orders["customer_id"].to_pylist()))
    assert all(0 <= p <= 1 for p in rows["p_alive"].to_pylist())
    assert min(rows["residual_clv"].to_pylist()) >= 0
    assert proof.holds
    assert proof.expected == pytest.approx(proof.actual, rel=0.1)
    assert proof.lift is not None
    assert proof.lift > 1.5
    assert proof.model in proof.reasons["en"]
    assert proof.reasons["en"] != proof.reasons["zh"]


def test_discount_and_margin_make_it_less() -> None:
    orders = shoppers(300)

    def total(**changes: float) -> float:
        return float(sum(scored(orders, **changes)[0]["residual_clv"].to_pylist()))

    whole = total(discount_rate=0.0)
    assert total(discount_rate=0.0, margin=0.4) == pytest.approx(0.4 * whole, rel=1e-6)
    # Half a year on average at ten per cent.
    assert 0.93 < total() / whole < 0.99


@pytest.mark.parametrize("rows", [1, 2, 100])
def test_too_little_is_said_and_not_scored(rows: int) -> None:
    few = shoppers(40).slice(0, rows)
    scores, proof = scored(few)
    assert scores.num_rows == len(set(few["customer_id"].to_pylist()))
    assert {value for name in COLUMNS for value in scores[name].to_pylist()} == {None}
    assert not proof.holds
    assert proof.model == ""
    assert set(proof.reasons) == {"en", "zh"}
    assert all(proof.reasons.values())
