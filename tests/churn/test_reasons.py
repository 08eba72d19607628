"""A reason says what is borne out: where it speaks for leaving, more of the customers like that left."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from zhike.churn.context import Context, Kind
from zhike.churn.explained import kept_reasons, told_reasons
from zhike.churn.layout import Feature, Layout

RATE = 0.3


def kinds(*left: float, customers: int = 100) -> tuple[Kind, ...]:
    """Customers with 0, with 1, …, and the share of them that left."""
    return tuple(Kind(float(at), float(at), customers, share) for at, share in enumerate(left))


def reasons(columns: dict[str, tuple[float, float, tuple[Kind, ...]]], **own: Any) -> list[dict[str, Any]]:
    """Of one customer; name → their value, what the model adds for it, what others did."""
    layout = Layout(tuple(Feature(name, "number") for name in columns))
    values, parts, like = zip(*columns.values(), strict=True)
    rows = pa.table({name: [value] for name, value in {**dict(zip(columns, values, strict=True)), **own}.items()})
    kept = kept_reasons(rows, np.array([values]), np.array([parts]), layout, Context(RATE, like)).to_pylist()[0]
    return list(json.loads(kept or "[]"))


def test_what_others_contradict_is_not_told_however_heavy() -> None:
    found = reasons({"Calls": (1.0, 0.9, kinds(0.4, 0.2)), "Plan": (0.0, 0.3, kinds(0.5, 0.1))})
    assert [reason["topic"] for reason in found] == ["Plan"]


@pytest.mark.parametrize(("effect", "left"), [(0.9, 0.2), (-0.9, 0.4), (0.9, 0.304), (-0.9, 0.296)])
def test_a_reason_against_what_happened_or_beside_it_is_none(effect: float, left: float) -> None:
    assert reasons({"Calls": (0.0, effect, kinds(left, 0.3))}) == []


def test_a_topic_is_told_by_a_feature_that_agrees_with_it() -> None:
    """Four orders lately, after two: as a sentence that would speak for staying, and the model says the contrary."""
    found = reasons(
        {
            "orders_90": (4.0, 0.5, kinds(0.6, 0.4, 0.3, 0.2, 0.1)),
            "orders_all": (1.0, 0.2, kinds(0.5, 0.45, 0.2)),
            "orders_trend": (1.0, -0.1, kinds(0.4, 0.2)),
        },
        orders_180=6,
    )
    assert [(reason["topic"], reason["by"], reason["effect"]) for reason in found] == [("activity", "orders_all", 0.6)]
    said = [reason.sentence for reason in told_reasons(json.dumps(found), language="en")]
    assert said == ["Orders in all: 1. Of such customers 45% left, of all 30%."]


def test_a_trend_is_told_with_both_its_numbers() -> None:
    rows = {"orders_trend": (0.0, 0.5, kinds(0.52, 0.2))}
    (reason,) = told_reasons(json.dumps(reasons(rows, orders_90=1, orders_180=6)), language="en")
    assert reason.sentence == (
        "Orders in the last 90 days: 1; in the 90 before: 5. Of such customers 52% left, of all 30%."
    )
    assert (reason.by, reason.raises) == ("orders_trend", True)


def test_too_few_others_are_no_evidence() -> None:
    """Of a list of somebody's own the value is told without it; what we have made ourselves is not told."""
    few = kinds(0.1, 0.1, customers=3)
    found = reasons({"Calls": (0.0, 0.9, few), "returns_365": (0.0, 0.8, few), "gap_sd": (0.0, 0.7, kinds(0.9))})
    assert [(reason["topic"], reason["left"]) for reason in found] == [("Calls", None)]
    assert told_reasons(json.dumps(found), language="en")[0].sentence == "Calls: 0."


def test_where_few_leave_a_tenth_of_a_per_cent_is_told() -> None:
    kept = {
        "topic": "Calls",
        "by": "Calls",
        "effect": 0.4,
        "value": 2,
        "low": 1,
        "high": 3,
        "left": 0.021,
        "all": 0.012,
    }
    (reason,) = told_reasons(json.dumps([kept]), language="en")
    assert reason.sentence == "Calls: 2. Of customers with 1 to 3, 2.1% left, of all 1.2%."


def test_what_the_least_and_the_greatest_have_is_no_border() -> None:
    """Five kinds of customers: who has little, or much, is told with the one border that means something."""
    spent = tuple(Kind(at * 100.0 - 451, at * 100.0 - 352, 100, 0.5 - at / 10) for at in range(5))
    told = [reasons({"Spent": (value, effect, spent)}) for value, effect in ((-400.0, 0.5), (40.0, -0.5))]
    (low,), (high,) = (told_reasons(json.dumps(one), language="en") for one in told)
    assert low.sentence == "Spent: -400. Of customers with at most -352, 50% left, of all 30%."
    assert high.sentence == "Spent: 40. Of customers with at least -51, 10% left, of all 30%."


def test_what_was_kept_without_the_feature_that_tells_it_is_left_out() -> None:
    old = [{"topic": "activity", "effect": 0.4, "orders_90": 4, "orders_180": 6, "orders_all": 6}]
    assert told_reasons(json.dumps(old)) == []
