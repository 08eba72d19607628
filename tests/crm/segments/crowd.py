"""A crowd of three kinds of customers with scores, and some who have never bought; made in the database alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np

from zhike_crm.customers.models import Customer, Score, ScoredRun
from zhike_crm.workspaces.models import Workspace

AS_OF = dt.date(2026, 6, 30)
# Name → recency, frequency, amount, how many, their tier and stage.
KINDS: dict[str, tuple[int, int, int, int, str, str]] = {
    "best": (6, 24, 2400, 40, "high", "maturity"),
    "gone": (300, 2, 600, 100, "at_risk", "churn"),
    "rest": (25, 5, 150, 80, "potential", "growth"),
}
STRANGERS = 10
VALUE = ["recency_days", "frequency", "monetary"]


def crowd(workspace: Workspace, kinds: Sequence[str] = tuple(KINDS), *, seed: int = 0) -> dict[str, list[Customer]]:
    """Kind → its customers; "strangers" have never bought."""
    found = {}
    for kind in kinds:
        recency, frequency, amount, count, tier, stage = KINDS[kind]
        rng = np.random.default_rng((seed, recency))
        people = _people(workspace, f"{kind} {seed}", count)
        scores = zip(
            people,
            (recency * rng.lognormal(0, 0.2, count)).round(),
            np.maximum(1, rng.poisson(frequency, count)),
            amount * rng.lognormal(0, 0.2, count),
            strict=True,
        )
        Score.objects.bulk_create(
            _score(workspace, person, int(days), int(often), float(money), tier, stage)
            for person, days, often, money in scores
        )
        found[kind] = people
    ScoredRun.objects.get_or_create(workspace=workspace, defaults={"run": 1})
    strangers = _people(workspace, f"stranger {seed}", STRANGERS)
    Score.objects.bulk_create(
        Score(workspace=workspace, customer=one, run=1, as_of=AS_OF, never_purchased=True) for one in strangers
    )
    return found | {"strangers": strangers}


def _people(workspace: Workspace, kind: str, count: int) -> list[Customer]:
    rows = [Customer(workspace=workspace, name=f"{kind} {number:03}", country="France") for number in range(count)]
    Customer.objects.bulk_create(rows)
    return list(Customer.objects.of(workspace).filter(name__startswith=f"{kind} ").order_by("name"))


def _score(workspace: Workspace, person: Customer, days: int, often: int, money: float, tier: str, stage: str) -> Score:
    figures: dict[str, Any] = {
        "recency_days": days,
        "frequency": often,
        "orders": often,
        "monetary": money,
        "revenue": money,
        "average_order_value": money / often,
        "residual_clv": money / 2,
        "value_tier": tier,
        "stage": stage,
    }
    return Score(workspace=workspace, customer=person, run=1, as_of=AS_OF, never_purchased=False, **figures)
