"""Who may leave, of everybody, as the refresh scores it: by the best way whose test holds, with that test.

1. learnt from who left in the company's own past (`learnt`), or from the column that says who has (`contract`);
2. else a model of when customers buy (`silent`);
3. else each customer's own rhythm: then there is a risk but no probability, because nothing could be tested.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import ibis
import pyarrow as pa
from ibis import _ as this

from zhike.churn.definition import DEFAULT_DAYS, propose_days
from zhike.churn.evaluation import TOO_GOOD, Evaluation
from zhike.churn.flags import found_flag
from zhike.churn.indicators import indicators, warning_counts
from zhike.churn.learnt import Past
from zhike.churn.leavers import staying
from zhike.churn.sources import OTHERS
from zhike.churn.ways import (
    CONTRACT,
    LATE,
    RHYTHM,
    TOLD,
    VERY_LATE,
    Answer,
    Question,
    by_rhythm,
    flagged,
    learnt,
    silent,
)
from zhike.churn_settings import RULES, ChurnSettings
from zhike.errors import InputError
from zhike.language import _, speaking
from zhike.lifecycle import score_lifecycle
from zhike.proof import LANGUAGES, Group, Proof
from zhike.workbench import Workbench

SUBJECT = "churn"
HIGH, MIDDLE, LOW, GONE = "high", "middle", "low", "gone"
_SAID = ("purchases_now", "purchases_before", "interactions_now", "interactions_before", "carts_left", "complaints",
         "complaint_rate", "competitor_events")  # fmt: skip
FLAGS = tuple(f"warn_{rule}" for rule in RULES)
COLUMNS = ("churn_probability", "churn_risk", "churn_reasons", "warnings", *FLAGS, *_SAID)
Say = Callable[[], str]
# With fewer customers than this the rarer outcome never comes often enough to test anything; not even tried.
ENOUGH = 100


def score_churn(
    tables: Mapping[str, Any],
    orders: Any,
    summary: Any,
    *,
    as_of: dt.date,
    settings: ChurnSettings,
    bench: Workbench,
) -> tuple[Any, Proof]:
    """One row per customer, and the test.

    Args:
        tables: the recorded facts by the contracts' names: orders (not net) or order lines, and what else there is.
        orders: net of refunds, as `zhike.rfm` takes them.
        summary: their `purchase_summary`.
        as_of: the last day that counts.
        bench: the lake.

    Returns:
        `customer_id`; `churn_probability` (0–1, of no purchase in the days ahead, or of leaving where a column says who
        left; NULL: gone already, or nothing could be tested); `churn_risk` ("high", "middle", "low", "gone");
        `churn_reasons` (JSON text, `zhike.churn.explained.told_reasons`); `warnings` (how many fire) and the columns
        of `zhike.churn.indicators`, of those still there. And the proof, subject "churn".
    """
    # What the answer is found with is several times as large as the answer.
    with bench.temporary():
        past = Past.of(tables, summary, as_of, bench)
        days, why_days = _definition(past, as_of, settings)
        question = Question(tables, orders, summary, as_of, days, settings, bench)
        answer, gone, notes = _of_contract(question) if settings.flag else _of_orders(question, past)
    risks = bench.materialised(_risks(question, answer, gone), "churn_risks")
    warned = bench.materialised(_warned(question, risks), "churn_warnings")
    scores = risks.left_join(warned, "customer_id", rname="{name}_again").select("customer_id", *COLUMNS)
    details = {
        "method": answer.method,
        "days": days,
        "proposed": settings.days is None,
        "why_days": why_days,
        "warnings": warning_counts(warned),
        "staying": None if settings.flag else staying(summary, days),
        "flag_found": "" if settings.flag or "customers" not in tables else found_flag(tables["customers"]),
        **answer.details,
    }
    return scores, _proof(answer, as_of, details, notes)


def _definition(past: Past, as_of: dt.date, settings: ChurnSettings) -> tuple[int, dict[str, str]]:
    """After how many days somebody counts as gone, and what that rests on."""
    if settings.days is not None:
        return settings.days, _in_each(
            lambda: _("A customer counts as gone after {days} days without a purchase: as set.", days=settings.days)
        )
    try:
        proposal = propose_days(past.some, as_of)
    except InputError as nobody:
        return DEFAULT_DAYS, _in_each(_sentence(nobody))
    if proposal.case == "unknown":
        # Nothing can be tested then, so the days need not fit into the little time there is data for.
        proposal = replace(proposal, days=DEFAULT_DAYS)
    return proposal.days, {language: proposal.why(language) for language in LANGUAGES}


def _of_orders(question: Question, past: Past) -> tuple[Answer, Any, list[Say]]:
    """The best way whose test holds; if none does, the best there is."""
    customers = int(question.summary.count().to_pyarrow().as_py())
    notes: list[Say] = [] if customers >= ENOUGH else [lambda: _too_few(customers)]
    tried: list[Answer] = []
    for way in (learnt, silent) if customers >= ENOUGH else ():
        try:
            tried.append(way(question, past))
        except InputError as wrong:
            notes.append(_sentence(wrong))
            continue
        if tried[-1].holds:
            break
    held = [answer for answer in tried if answer.holds]
    chosen = (held or tried or [by_rhythm(question)])[0]
    return chosen, question.summary.filter(this.recency_days >= question.days).select("customer_id"), notes


def _of_contract(question: Question) -> tuple[Answer, Any, list[Say]]:
    """As the customers' list says; nobody is scored where it does not."""
    try:
        answer, gone = flagged(question)
    except InputError as wrong:
        nothing = TOLD.empty_table()
        return Answer(CONTRACT, nothing), nothing.select(["customer_id"]), [_sentence(wrong)]
    columns = answer.details["left_out"]
    return answer, gone, [lambda: _left_out(columns)] if columns else []


def _too_few(customers: int) -> str:
    return _(
        "{customers} customers have ever bought: too few to test a prediction of who leaves (at least {needed}).",
        customers=f"{customers:,}",
        needed=ENOUGH,
    )


def _sentence(wrong: InputError) -> Say:
    return lambda: str(wrong)


def _left_out(columns: list[str]) -> str:
    return _(
        "Left out, because they look as if they were recorded when somebody left: {columns}.",
        columns=", ".join(columns),
    )


def _risks(question: Question, answer: Answer, gone: Any) -> Any:
    """Everybody the answer is about, with the risk in a word."""
    settings, p = question.settings, this.churn_probability
    told = question.bench.small(answer.table)
    if answer.method == RHYTHM:
        late = score_lifecycle(question.summary).select("customer_id", "overdue")
        told = told.join(late, "customer_id")
        bands = ((this.overdue >= VERY_LATE, HIGH), (this.overdue >= LATE, MIDDLE))
    else:
        bands = ((p >= settings.high, HIGH), (p >= settings.middle, MIDDLE))
    told = told.mutate(churn_risk=ibis.cases(*bands, else_=LOW))
    left = question.bench.small(gone) if isinstance(gone, pa.Table) else gone
    left = left.mutate(
        churn_probability=ibis.null("float64"), churn_risk=ibis.literal(GONE), churn_reasons=ibis.null("string")
    )
    columns = ("customer_id", "churn_probability", "churn_risk", "churn_reasons")
    return told.select(*columns).union(left.select(*columns))


def _warned(question: Question, risks: Any) -> Any:
    """The early warnings of those still there; of those who have gone there is nothing to warn of."""
    here = risks.filter(risks.churn_risk != GONE).select("customer_id")
    tables = {"orders": question.orders} | {n: question.tables[n] for n in OTHERS if n in question.tables}
    return indicators(
        tables, as_of=question.as_of, settings=question.settings.indicators, summary=question.summary, customers=here
    )


def _proof(answer: Answer, as_of: dt.date, details: dict[str, Any], notes: list[Say]) -> Proof:
    evaluation = answer.evaluation
    if evaluation is None:
        return Proof(
            SUBJECT, model="", measure="brier", reasons=_in_each(lambda: _no_model(answer, notes)), details=details
        )
    return Proof(
        SUBJECT,
        model=evaluation.chosen,
        measure="brier",
        error=evaluation.brier,
        baseline=evaluation.naive.brier,
        cut=answer.cut,
        end=as_of if answer.cut else None,
        customers=evaluation.rows,
        expected=sum(tenth.customers * tenth.expected for tenth in evaluation.lift),
        actual=float(evaluation.churned),
        groups=tuple(Group(t.customers, t.expected, t.left) for t in evaluation.lift),
        reasons=_in_each(lambda: " ".join((evaluation.why(), *_too_good(evaluation), *(note() for note in notes)))),
        sure=evaluation.beats_baseline,
        details=details | {"evaluation": evaluation.to_dict()},
    )


def _no_model(answer: Answer, notes: list[Say]) -> str:
    said = [note() for note in notes]
    if answer.method == RHYTHM:
        said.append(_("The risk goes by each customer's own rhythm, and there is no probability."))
    return " ".join(said)


def _too_good(evaluation: Evaluation) -> list[str]:
    if evaluation.auc < TOO_GOOD:
        return []
    return [_("That is too good to be true: look for something that is recorded only because somebody left.")]


def _in_each(say: Say) -> dict[str, str]:
    said = {}
    for language in LANGUAGES:
        with speaking(language):
            said[language] = say()
    return said
