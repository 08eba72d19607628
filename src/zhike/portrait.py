"""One customer, whole: who they are, their scores with the reasons in a sentence each, their latest purchases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import ibis
import pyarrow as pa

from zhike.errors import InputError
from zhike.lake.facts_view import Facts
from zhike.lake.identities import resolved
from zhike.lake.lake import Lake
from zhike.lake.runs import Run, scores_of
from zhike.language import _
from zhike.lifecycle import explain_lifecycle
from zhike.next_action import NextAction, next_action
from zhike.pipeline import orders_as_of
from zhike.proof import Proof
from zhike.rfm import explain_rfm
from zhike.schema import ATTRIBUTES, contract
from zhike.value.clv_formula import explain_clv_formula
from zhike.value.contribution import explain_contribution
from zhike.value.profitability import explain_profitability

LATEST_ORDERS = 5
CHURN = "churn"


@dataclass(frozen=True)
class Portrait:
    """A customer as of a run. `profile` is what the company told about them, `latest` their newest orders."""

    customer_id: str
    scores: dict[str, Any]
    profile: dict[str, Any]
    latest: list[dict[str, Any]]
    run: Run

    def reasons(self) -> dict[str, str]:
        """model → why, in the current language."""
        return explain(self.scores, self.run)

    def next_step(self) -> NextAction:
        return next_step(self.scores, self.run)


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
    known = _rows(lake, profiles(facts).filter(ibis._.customer_id == customer_id))
    orders = orders_as_of(facts).filter(ibis._.customer_id == customer_id)
    latest = _rows(lake, orders.order_by(ibis.desc("ordered_at")).limit(LATEST_ORDERS))
    profile = {name: value for name, value in (known[0] if known else {}).items() if value is not None}
    return Portrait(customer_id, scores[0], profile, latest, run)


def profiles(facts: Facts) -> Any:
    """What the company told about its customers: one row each, the columns of the contract `customers` and attributes.

    A customer under several identities has in each column what was told under their own, else the newest of the rest.
    """
    columns = [*contract("customers").names, ATTRIBUTES]
    told = replace(facts, links={}).table("customers")
    told = told.filter(told.customer_id.notnull())
    if not facts.links:
        return told.select(*columns)
    told = resolved(facts.lake, told.mutate(identity=told.customer_id), facts.links)
    linked = facts.lake.small(pa.table({"customer_id": sorted(set(facts.links.values()))}))
    merged, alone = told.semi_join(linked, "customer_id"), told.anti_join(linked, "customer_id")
    order = [(merged.identity == merged.customer_id).desc(), merged.batch.desc(), merged.identity]
    merged = merged.mutate(place=ibis.row_number().over(ibis.window(group_by="customer_id", order_by=order)))
    best = {name: merged[name].argmin(merged.place, where=merged[name].notnull()) for name in columns[1:]}
    merged = merged.group_by("customer_id").aggregate(**best)
    return alone.select(*columns).union(merged.select(*columns))


def explain(scores: Mapping[str, Any], run: Run) -> dict[str, str]:
    """A score row of that run in sentences: model → why, in the current language."""
    if scores["never_purchased"]:
        never = _("No purchase that stands so far: nothing bought, or everything returned.")
        return {"lifecycle": never, **_churn(scores, run)}
    return {
        "rfm": explain_rfm(scores, window_days=run.settings["window_days"]),
        "lifecycle": explain_lifecycle(scores),
        **_churn(scores, run),
        **_expectations(scores, run),
        "clv_formula": explain_clv_formula(scores),
        "contribution": explain_contribution(scores),
        "profitability": explain_profitability(scores),
    }


def _expectations(scores: Mapping[str, Any], run: Run) -> dict[str, str]:
    """What is still to come, where a model says so; where it failed its test, that too."""
    if scores.get("p_alive") is None:
        return {}
    # SciPy takes longer to load than everything else: only who has such a score waits for it.
    from zhike.clv.lifetime import explain_lifetime_value

    sentence = explain_lifetime_value(scores, horizon=run.settings["value"]["horizon_days"], unit="day")
    if not holds(run, "clv"):
        sentence += " " + _("Do not rely on it: on held-out purchases the model was no better than none.")
    return {"clv": sentence}


def _churn(scores: Mapping[str, Any], run: Run) -> dict[str, str]:
    """How likely the customer leaves, what speaks for it, and which early warnings fire."""
    risk = scores.get("churn_risk")
    if risk is None:
        return {}
    # As above: a tenth of a second for who has no use for it.
    from zhike.churn.wording import risk_sentence

    details = run.proofs[CHURN]["details"]
    said = risk_sentence(scores, days=details["days"], contract=details["method"] == "contract")
    if scores.get("churn_probability") is not None and not holds(run, CHURN):
        said += " " + _("Do not rely on it: on a later time the model was no better than none.")
    return {"churn": said}


def churn_reasons(scores: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """What the risk goes by, the heaviest first: the sentence, and whether it speaks for leaving. Then the warnings."""
    if scores.get("churn_risk") in (None, "gone"):
        return []
    from zhike.churn.explained import told_reasons
    from zhike.churn.indicators import explain_indicators

    reasons = [(reason.sentence, reason.raises) for reason in told_reasons(scores["churn_reasons"])]
    said = {sentence for sentence, _raises in reasons}
    return reasons + [(one, True) for one in explain_indicators(scores).values() if one not in said]


def next_step(scores: Mapping[str, Any], run: Run) -> NextAction:
    """What to do next for a customer of that run, and why."""
    if not holds(run, "clv"):
        scores = {**scores, "residual_clv": None}
    return next_action(scores, proven=CHURN not in run.proofs or holds(run, CHURN) or _untested(run))


def holds(run: Run, subject: str) -> bool:
    """Whether the model behind these scores held its test."""
    return subject in run.proofs and Proof.from_dict(run.proofs[subject]).holds


def _untested(run: Run) -> bool:
    """No model was fitted: the risk goes by a rule that claims no probability."""
    return not run.proofs[CHURN]["model"]


def _rows(lake: Lake, table: Any) -> list[dict[str, Any]]:
    return list(lake.engine.to_pyarrow(table).to_pylist())
