"""One customer, whole: who they are, their scores with the reasons in a sentence each, their latest purchases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis

from zhike.errors import InputError
from zhike.lake.facts_view import Facts
from zhike.lake.lake import Lake
from zhike.lake.runs import Run, scores_of
from zhike.language import _
from zhike.lifecycle import explain_lifecycle, strategy
from zhike.pipeline import orders_as_of
from zhike.rfm import explain_rfm
from zhike.value.clv_formula import explain_clv_formula
from zhike.value.contribution import explain_contribution
from zhike.value.profitability import explain_profitability

LATEST_ORDERS = 5


@dataclass(frozen=True)
class Portrait:
    """A customer as of a run. `profile` is what the company told about them, `latest` their newest orders."""

    customer_id: str
    scores: dict[str, Any]
    profile: dict[str, Any]
    latest: list[dict[str, Any]]
    window_days: int

    def reasons(self) -> dict[str, str]:
        """model → why, in the current language."""
        return explain(self.scores, self.window_days)

    def next_step(self) -> str:
        return strategy(self.scores["stage"], never_purchased=self.scores["never_purchased"])


def portrait(lake: Lake, run: Run, customer_id: str) -> Portrait:
    """The portrait of one customer: everything in it is what the run read, not what was imported or linked since.

    Raises:
        InputError: the run knows no such customer.
    """
    with lake.temporary():
        return _portrait(lake, run, customer_id)


def _portrait(lake: Lake, run: Run, customer_id: str) -> Portrait:
    facts = Facts.of(lake, run)
    customer_id = facts.customer(customer_id)
    scores = _rows(lake, scores_of(lake, run).filter(ibis._.customer_id == customer_id))
    if not scores:
        raise InputError(
            "There is no customer {customer} as of {day}.",
            fix="See who there is with: zhike customers top.",
            customer=customer_id,
            day=run.as_of.isoformat(),
        )
    people = facts.table("customers").filter(ibis._.customer_id == customer_id)
    known = _rows(lake, people.limit(1))
    orders = orders_as_of(facts).filter(ibis._.customer_id == customer_id)
    latest = _rows(lake, orders.order_by(ibis.desc("ordered_at")).limit(LATEST_ORDERS))
    profile = {name: value for name, value in (known[0] if known else {}).items() if value is not None}
    return Portrait(customer_id, scores[0], profile, latest, run.settings["window_days"])


def explain(scores: Mapping[str, Any], window_days: int) -> dict[str, str]:
    """A score row of a run with that window in sentences: model → why, in the current language."""
    if scores["never_purchased"]:
        return {"lifecycle": _("No purchase that stands so far: nothing bought, or everything returned.")}
    return {
        "rfm": explain_rfm(scores, window_days=window_days),
        "lifecycle": explain_lifecycle(scores),
        "clv_formula": explain_clv_formula(scores),
        "contribution": explain_contribution(scores),
        "profitability": explain_profitability(scores),
    }


def _rows(lake: Lake, table: Any) -> list[dict[str, Any]]:
    return list(lake.engine.to_pyarrow(table).to_pylist())
