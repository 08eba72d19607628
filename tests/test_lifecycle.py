"""Lifecycle stages against tables computed by hand, on every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import pytest

from tests.test_rfm import orders_table
from zhike.errors import SettingsError
from zhike.labels import STAGES
from zhike.lifecycle import (
    STAGE4,
    STRATEGY,
    LifecycleSettings,
    customer_moves,
    explain_lifecycle,
    lifecycle,
    score_lifecycle,
    stage_moves,
    strategy,
)

if TYPE_CHECKING:
    from tests.engines.engine import Engine

pytest_plugins = ("tests.engines.engine",)  # the fixture `engine`

# As of 2025-12-31 (the population's rhythm is the median of a 30, b 30, c 10, = 30 days):
#   a  3 purchase days, 30 days apart, last 30 days ago: rhythm (60 + 30)/3 = 30, overdue 1 → growth
#   b  2 purchase days 30 apart, last 60 days ago: rhythm (30 + 30)/2 = 30, overdue 2 → maintenance
#   c  5 purchase days (two orders on one of them), 10 apart: rhythm (40 + 30)/5 = 14; last 7 days ago → maturity
#   d  1 purchase, 60 days ago: rhythm 30, overdue 2 → acquisition
#   e  1 purchase, 90 days ago: overdue 3 → churn
ORDERS = [
    ("a", 1, "2025-10-02", 10.0),
    ("a", 2, "2025-11-01", 10.0),
    ("a", 3, "2025-12-01", 10.0),
    ("b", 4, "2025-10-02", 10.0),
    ("b", 5, "2025-11-01", 10.0),
    ("c", 6, "2025-11-14", 10.0),
    ("c", 7, "2025-11-24", 10.0),
    ("c", 8, "2025-12-04", 10.0),
    ("c", 9, "2025-12-04T12:00", 10.0),
    ("c", 10, "2025-12-14", 10.0),
    ("c", 11, "2025-12-24", 10.0),
    ("d", 12, "2025-11-01", 10.0),
    ("e", 13, "2025-10-02", 10.0),
    ("e", 14, "2025-12-30", -10.0),  # a refund is no sign of life
]


def test_stages_by_hand(engine: Engine) -> None:
    rows = engine.by_customer(lifecycle(engine.table(orders_table(ORDERS)), as_of="2025-12-31"))
    assert {k: (v["stage"], v["stage4"]) for k, v in rows.items()} == {
        "a": ("growth", "develop"),
        "b": ("maintenance", "retain"),
        "c": ("maturity", "maintain"),
        "d": ("acquisition", "acquire"),
        "e": ("churn", "retain"),
    }
    assert {k: v["rhythm_days"] for k, v in rows.items()} == {"a": 30, "b": 30, "c": 14, "d": 30, "e": 30}
    assert {k: v["overdue"] for k, v in rows.items()} == {"a": 1, "b": 2, "c": 0.5, "d": 2, "e": 3}
    assert (rows["c"]["orders"], rows["c"]["purchase_days"]) == (6, 5)
    assert rows["a"]["spend_trend"] is None


def summary_row(**changes: Any) -> dict[str, Any]:
    """Someone with 10 purchase days over 900 days (rhythm 90), on rhythm, spending as before."""
    row = {"customer_id": "x", "orders": 10, "purchase_days": 10, "recency_days": 0, "tenure_days": 900}
    return row | {"monetary": 365.0, "prior_monetary": 365.0} | changes


@pytest.mark.parametrize(
    ("changes", "stage", "trend"),
    [
        ({}, "maturity", 1.0),
        ({"monetary": 456.25}, "growth", 1.25),
        ({"monetary": 182.5}, "maintenance", 0.5),
        # First bought 547.5 days ago or later: half of the window before was not lived through.
        ({"monetary": 456.25, "tenure_days": 547}, "maturity", None),
        # First bought 585 days ago: 220 days of the window before, 110 spent: .5 a day; now .75 a day → 1.5.
        ({"monetary": 273.75, "prior_monetary": 110.0, "tenure_days": 585}, "growth", 1.5),
        ({"prior_monetary": 0.0}, "maturity", None),
        ({"purchase_days": 3}, "growth", 1.0),
    ],
)
def test_spending_moves_the_stage(changes: dict[str, Any], stage: str, trend: float | None) -> None:
    (row,) = score_lifecycle(ibis.memtable([summary_row(**changes)])).to_pyarrow().to_pylist()
    assert (row["stage"], row["spend_trend"]) == (stage, trend)


def test_without_anyone_coming_back_the_rhythm_is_a_quarter() -> None:
    rows = lifecycle(orders_table([("a", 1, "2025-12-01", 1.0)]), as_of="2025-12-31").to_pyarrow().to_pylist()
    assert (rows[0]["rhythm_days"], rows[0]["stage"]) == (90.0, "acquisition")


def test_moves_between_two_dates(engine: Engine) -> None:
    orders = engine.table(orders_table(ORDERS))
    before, after = lifecycle(orders, as_of="2025-11-10"), lifecycle(orders, as_of="2025-12-31")
    # On 2025-11-10 there are a, b (2 purchases each, rhythm 30, 9 days ago), d (1), e (1, 39 days ago); c is new.
    moves = engine.rows(stage_moves(before, after))
    assert {(m["from_stage"], m["to_stage"], m["customers"]) for m in moves} == {
        ("growth", "growth", 1),
        ("growth", "maintenance", 1),
        ("acquisition", "acquisition", 1),
        ("acquisition", "churn", 1),
        (None, "maturity", 1),
    }
    moved = engine.by_customer(customer_moves(before, after))
    assert {k: (v["from_stage"], v["to_stage"]) for k, v in moved.items()} == {
        "b": ("growth", "maintenance"),
        "c": (None, "maturity"),
        "e": ("acquisition", "churn"),
    }


@pytest.mark.parametrize(
    "settings",
    [{"slow_after": 3.0}, {"slow_after": 0}, {"settled_after": 1}, {"rise": 1.0}, {"fall": 1.0}, {"fall": -0.1}],
)
def test_settings_out_of_range(settings: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="Give "):
        LifecycleSettings(**settings)


def test_every_stage_has_its_strategy_and_its_name() -> None:
    assert set(STRATEGY) == set(STAGES) == set(STAGE4)
    assert strategy("churn", language="en").startswith("Win back")
    assert "挽回" in strategy("churn", language="zh")
    with pytest.raises(SettingsError, match="acquisition, growth"):
        strategy("asleep")


def test_who_never_bought_is_not_asked_for_a_second_purchase() -> None:
    assert "second" in strategy("acquisition", language="en")
    first = strategy("acquisition", never_purchased=True, language="en")
    assert first.startswith("Win a first purchase")
    assert "首次购买" in strategy("acquisition", never_purchased=True, language="zh")


def test_explanations() -> None:
    rows = {r["customer_id"]: r for r in lifecycle(orders_table(ORDERS), as_of="2025-12-31").to_pyarrow().to_pylist()}
    assert explain_lifecycle(rows["b"], language="en") == (
        "Maintenance: 2 purchases, usually one every 30 days; the last was 60 days ago, 2.0 times the usual gap."
    )
    assert explain_lifecycle(rows["d"], language="en").startswith("Acquisition: bought on one day so far, 60 days ago")
    (steady,) = score_lifecycle(ibis.memtable([summary_row()])).to_pyarrow().to_pylist()
    assert explain_lifecycle(steady, language="en").endswith("Spending per day is 100 % of the period before.")
    assert "成熟期" in explain_lifecycle(steady, language="zh")
