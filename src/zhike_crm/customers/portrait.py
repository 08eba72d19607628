"""What the portrait page shows of a customer from the lake: scores with their reasons, trend, and what happened."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from zhike.history import History
from zhike.lake.runs import Run
from zhike.next_action import NextAction
from zhike.portrait import churn_reasons, explain, next_step
from zhike.proof import Proof
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.models import Customer
from zhike_crm.customers.opinion import Opinion, opinion
from zhike_crm.customers.personal import open_columns, open_reasons
from zhike_crm.customers.timeline import Event, as_events, facts_of, reach
from zhike_crm.workspaces.lakes import history_of
from zhike_crm.workspaces.models import Workspace

TREND = 12
# Of earlier days nothing else is shown, and a file of scores has many columns.
TRENDED = ("as_of", "never_purchased", "rfm_score")


@dataclass(frozen=True)
class Portrait:
    """As of the current run.

    `reasons`: model → why, in a sentence. `risk_reasons`: what the risk of leaving goes by, and whether it speaks for
    leaving. `average`: r, f, m of everybody. `trend`: a row per day that was computed,
    oldest first. `events`: the newest things that happened to the customer, from the lake. `doubtful`: the models that
    did no better than none. `stamp` is another one whenever anything of this is, but for the events.
    """

    scores: dict[str, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    risk_reasons: list[tuple[str, bool]] = field(default_factory=list)
    next_step: NextAction | None = None
    average: dict[str, float] = field(default_factory=dict)
    trend: list[dict[str, Any]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    as_of: dt.date | None = None
    doubtful: frozenset[str] = frozenset()
    opinion: Opinion | None = None
    # Whether r, f and m are points from 1 to 5 instead of shares from 0 to 1.
    in_points: bool = False
    stamp: str = ""


def read_portrait(member: Membership, customer: Customer) -> Portrait:
    """The portrait of one customer as a member may see it; empty when nothing was computed yet."""
    history, ids = _history(member.workspace, customer)
    if history is None:
        return Portrait()
    run = history.run
    now = next(iter(history.scores(ids, [run.run])), {})
    rows = history.scores(ids, list(history.days.values())[-TREND:], TRENDED)
    facts = facts_of(history, ids, reach(1))
    risk_reasons = _risk_reasons(now, run, member)
    return Portrait(
        scores=now,
        reasons=explain(now, run) if now else {},
        risk_reasons=risk_reasons,
        next_step=next_step(now, run) if now else None,
        average=history.averages(("r", "f", "m")),
        trend=sorted((row for row in rows if not row["never_purchased"]), key=lambda row: row["as_of"]),
        events=as_events(facts),
        as_of=run.as_of,
        doubtful=frozenset(_doubtful(run)),
        opinion=opinion(facts["feedback"]),
        in_points=run.settings["rfm"]["mode"] != "minmax",
        # A run never changes; which reasons a reader may see does.
        stamp=repr((run.run, ids, risk_reasons)),
    )


def _risk_reasons(scores: dict[str, Any], run: Run, member: Membership) -> list[tuple[str, bool]]:
    kept = scores.get("churn_reasons")
    if not kept:
        return churn_reasons(scores)
    return churn_reasons(scores | {"churn_reasons": open_reasons(kept, open_columns(member, run.settings))})


def _doubtful(run: Run) -> list[str]:
    """The models that were fitted and failed their test."""
    return [name for name, told in run.proofs.items() if told["model"] and not Proof.from_dict(told).holds]


def read_events(workspace: Workspace, customer: Customer, limit: int) -> list[Event]:
    """What happened to a customer according to the lake, so many events of each kind."""
    history, ids = _history(workspace, customer)
    return as_events(facts_of(history, ids, limit)) if history else []


def _history(workspace: Workspace, customer: Customer) -> tuple[History | None, list[str]]:
    """The run that lists show, and the customers of the lake that this one is."""
    identities = [identity.identity for identity in customer.identities.all()]
    score = getattr(customer, "score", None)
    if score is None or not identities:
        return None, []
    history = history_of(workspace, score.run)
    return history, history.ids(identities) if history else []
