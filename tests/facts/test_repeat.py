"""Repeat purchases: what counts as one, in which unit, and what is held out."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from zhike.errors import InputError, SettingsError
from zhike.facts.repeat import holdout_summary, repeat_summary


def orders(*rows: tuple[str, str, float | None], gross: list[float] | None = None) -> pa.Table:
    columns: dict[str, Any] = {
        "customer_id": [row[0] for row in rows],
        "order_id": list(range(len(rows))),
        "ordered_at": [row[1] for row in rows],
        "amount": pa.array([row[2] for row in rows], pa.float64()),
    }
    return pa.table(columns | ({"gross_amount": gross} if gross else {}))


def only(table: Any) -> dict[str, Any]:
    (row,) = table.to_pyarrow().to_pylist()
    return dict(row)


def test_one_day_is_one_purchase_and_the_first_is_no_repeat() -> None:
    made = orders(
        ("a", "2025-01-01 08:00:00", 100),
        ("a", "2025-01-01 23:59:00", 50),
        ("a", "2025-01-08", 10),
        ("a", "2025-01-15 10:00:00", 20),
        ("a", "2025-01-15 11:00:00", 40),
        ("a", "2025-01-30", 999),
    )
    wanted = {"customer_id": "a", "frequency": 2, "recency": 2.0, "T": 3.0, "monetary": 35.0}
    assert only(repeat_summary(made, observation_end="2025-01-22")) == wanted
    days = only(repeat_summary(made, observation_end="2025-01-22", unit="day"))
    assert (days["recency"], days["T"]) == (14, 21)


def test_what_is_a_purchase() -> None:
    made = orders(
        ("a", "2025-01-01", 10),
        ("a", "2025-01-02", -10),  # a refund
        ("a", "2025-01-03", 0),  # given away
        ("a", "2025-01-04", None),  # of unknown value
        ("a", "2025-01-05", 30),
        ("a", "2025-01-06", float("nan")),
    )
    row = only(repeat_summary(made, observation_end="2025-01-10", unit="day"))
    assert (row["frequency"], row["recency"], row["monetary"]) == (4, 5, 15.0)
    assert only(repeat_summary(made.slice(3, 1), observation_end="2025-01-10"))["monetary"] == 0
    unknown = orders(("a", "2025-01-01", 5), ("a", "2025-01-02", None))
    assert only(repeat_summary(unknown, observation_end="2025-01-10"))["monetary"] is None
    taken_back = orders(("a", "2025-01-01", 5), ("a", "2025-01-02", 0), gross=[5.0, 70.0])
    assert only(repeat_summary(taken_back, observation_end="2025-01-10"))["frequency"] == 0


def test_an_unknown_first_amount_takes_nothing_from_the_rest() -> None:
    made = orders(("a", "2025-01-01", None), ("a", "2025-01-02", 7), ("a", "2025-01-03", 9))
    assert only(repeat_summary(made, observation_end="2025-01-10"))["monetary"] == 8


def test_nobody_before_the_first_purchase() -> None:
    assert repeat_summary(orders(("a", "2025-02-01", 1)), observation_end="2025-01-31").to_pyarrow().num_rows == 0


def test_held_out_and_the_period_before() -> None:
    dates = ("2025-01-01", "2025-01-11", "2025-01-20", "2025-01-21", "2025-01-22", "2025-01-30", "2025-01-31")
    made = orders(*(("a", day, 1.0) for day in dates), ("b", "2025-01-15", 1.0), ("c", "2025-01-25", 1.0))
    held = holdout_summary(made, calibration_end="2025-01-20", observation_end="2025-01-30", unit="day")
    a, b = held.order_by("customer_id").to_pyarrow().to_pylist()
    assert (a["frequency"], a["T"], a["held_out"], a["previous"]) == (2, 19, 3, 2)
    # Came within the period before: the first purchase is no repeat.
    assert (b["held_out"], b["previous"]) == (0, 0)


def test_wrong_settings_are_said() -> None:
    one = orders(("a", "2025-01-01", 1.0))
    with pytest.raises(SettingsError, match="no unit of time 'fortnight'"):
        repeat_summary(one, observation_end="2025-01-31", unit="fortnight")
    with pytest.raises(SettingsError, match="is not a date"):
        repeat_summary(one, observation_end="soon")
    with pytest.raises(SettingsError, match="not before the observation ends"):
        holdout_summary(one, calibration_end="2025-01-31", observation_end="2025-01-31")
    with pytest.raises(InputError, match="lacks the columns"):
        repeat_summary(pa.table({"customer_id": ["a"]}), observation_end="2025-01-31")
