"""What the portrait page shows of a customer from the lake: scores with their reasons, trend, and what happened."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from zhike.lake.facts_view import Facts
from zhike.lake.lake import Lake
from zhike.lake.runs import SCORES, Run, runs, scores_of
from zhike.lifecycle import strategy
from zhike.pipeline import orders_as_of
from zhike.portrait import explain
from zhike_crm.customers.models import Customer
from zhike_crm.customers.timeline import Event, facts_of, reach
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace

TREND = 12


@dataclass(frozen=True)
class Portrait:
    """As of the current run.

    `reasons`: model → why, in a sentence. `average`: r, f, m of everybody. `trend`: a row per day that was computed,
    oldest first. `events`: the newest things that happened to the customer, from the lake.
    """

    scores: dict[str, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    next_step: str = ""
    average: dict[str, float] = field(default_factory=dict)
    trend: list[dict[str, Any]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    as_of: dt.date | None = None


def read_portrait(workspace: Workspace, customer: Customer) -> Portrait:
    """The portrait of one customer; empty when nothing was computed yet."""
    identities = [identity.identity for identity in customer.identities.all()]
    score = getattr(customer, "score", None)
    if score is None or not identities:
        return Portrait()
    with lake_of(workspace) as lake, lake.temporary():
        known = runs(lake)
        run = next((r for r in known if r.run == score.run), None)
        return _portrait(lake, run, known, identities) if run else Portrait()


def read_events(workspace: Workspace, customer: Customer, limit: int) -> list[Event]:
    """What happened to a customer according to the lake, so many events of each kind."""
    identities = [identity.identity for identity in customer.identities.all()]
    score = getattr(customer, "score", None)
    if score is None or not identities:
        return []
    with lake_of(workspace) as lake, lake.temporary():
        run = next((r for r in runs(lake) if r.run == score.run), None)
        if run is None:
            return []
        facts = Facts.of(lake, run)
        return facts_of(facts, orders_as_of(facts), _ids(facts, identities), limit)


def _portrait(lake: Lake, run: Run, known: list[Run], identities: list[str]) -> Portrait:
    facts = Facts.of(lake, run)
    ids = _ids(facts, identities)
    scores = lake.scan(SCORES)
    scored = _rows(lake, scores.filter(scores.customer_id.isin(ids)))
    now = next((row for row in scored if row["run"] == run.run), {})
    of_day = {other.as_of: other.run for other in known if other.as_of <= run.as_of}
    trend = [row for row in scored if of_day.get(row["as_of"]) == row["run"] and not row["never_purchased"]]
    return Portrait(
        scores=now,
        reasons=explain(now, run.settings["window_days"]) if now else {},
        next_step=strategy(now["stage"]) if now else "",
        average=_average(lake, run),
        trend=sorted(trend, key=lambda row: row["as_of"])[-TREND:],
        events=facts_of(facts, orders_as_of(facts), ids, reach(1)),
        as_of=run.as_of,
    )


def _ids(facts: Facts, identities: list[str]) -> list[str]:
    """The customers of the lake that these identities are; more than one between a merge and the next refresh."""
    return sorted({facts.customer(identity) for identity in identities} | set(identities))


def _average(lake: Lake, run: Run) -> dict[str, float]:
    scores = scores_of(lake, run)
    return _rows(lake, scores.aggregate(r=scores.r.mean(), f=scores.f.mean(), m=scores.m.mean()))[0]


def _rows(lake: Lake, table: Any) -> list[dict[str, Any]]:
    return list(lake.engine.to_pyarrow(table).to_pylist())
