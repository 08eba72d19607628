"""The ways to tell who may leave, from the best down; each gives an answer with its test, or says why it cannot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import ibis
import pyarrow as pa
from ibis import _ as this

from zhike.churn.candidates import NEEDS, RECENCY
from zhike.churn.contract import learn_flagged
from zhike.churn.evaluation import Evaluation
from zhike.churn.learnt import Past, learn_past, probabilities
from zhike.churn.leavers import common, said_rules
from zhike.churn.panel import TIME
from zhike.churn.silent import learn_silence, silence
from zhike.churn_settings import ChurnSettings
from zhike.errors import InputError
from zhike.lifecycle import score_lifecycle
from zhike.workbench import Workbench

LEARNT, CONTRACT, PURCHASES, RHYTHM = "learnt", "contract", "purchases", "rhythm"
# By the rhythm alone: late from the usual pause, at high risk from one and a half of it.
LATE, VERY_LATE = 1.0, 1.5
TOLD = pa.schema([("customer_id", pa.string()), ("churn_probability", pa.float64()), ("churn_reasons", pa.string())])


@dataclass(frozen=True)
class Answer:
    """One way's answer. `table`: `customer_id, churn_probability, churn_reasons` of those still there."""

    method: str
    table: pa.Table
    evaluation: Evaluation | None = None
    cut: dt.date | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        return self.evaluation is not None and self.evaluation.beats_baseline


@dataclass(frozen=True)
class Question:
    """What all ways are asked: the facts, everybody's summary, and who is still there (`here`)."""

    tables: Mapping[str, Any]
    orders: Any
    summary: Any
    as_of: dt.date
    days: int
    settings: ChurnSettings
    bench: Workbench

    @property
    def here(self) -> Any:
        return self.summary.filter(this.recency_days < self.days).select("customer_id")


def learnt(question: Question, past: Past) -> Answer:
    as_of, bench = question.as_of, question.bench
    model, panel = learn_past(past, as_of, question.days)
    if model.evaluation.rarer < NEEDS[RECENCY]:
        raise InputError(
            "There are only {rarer} cases of the rarer outcome to learn from (at least {needed} are needed).",
            fix="Until then go by each customer's own rhythm.",
            rarer=model.evaluation.rarer,
            needed=NEEDS[RECENCY],
        )
    told = probabilities(model, past, question.here, as_of, bench, worth_explaining=question.settings.middle)
    times = sorted(set(panel[TIME].to_pylist()))
    tested = times[-min(len(times), 2) :] if model.evaluation.how == "time" else times
    details = {"rules": common(panel), "examples": panel.num_rows, "example_days": [day.isoformat() for day in times]}
    return Answer(LEARNT, told, model.evaluation, tested[0], details)


def silent(question: Question, past: Past) -> Answer:
    found = learn_silence(past.some, question.as_of, question.days)
    p = silence(found.model, past.everybody.orders, question.as_of, question.days, within=question.days)
    here = question.here.inner_join(p, "customer_id")
    told = here.select("customer_id", churn_probability=here.churn_probability.round(6))
    details = {"model": found.model.title}
    return Answer(PURCHASES, _fetched(_with_silence(told, question), question), found.evaluation, found.cut, details)


def by_rhythm(question: Question) -> Answer:
    told = question.here.mutate(churn_probability=ibis.null("float64"))
    return Answer(RHYTHM, _fetched(_with_silence(told, question), question))


def _fetched(table: Any, question: Question) -> pa.Table:
    bench = question.bench
    with bench.stream(bench.materialised(table, "churn_told")) as reader:
        return reader.read_all()


def _with_silence(told: Any, question: Question) -> Any:
    """How long it has been against what is usual, as the one reason, in the form of `zhike.churn.explained`."""
    staged = score_lifecycle(question.summary).select(
        "customer_id", "recency_days", "purchase_days", "rhythm_days", "overdue"
    )
    joined = told.join(staged, "customer_id")
    effect = (joined.overdue >= LATE).ifelse("1", "-1")
    text = ibis.literal('[{"topic":"silence","effect":') + effect
    for name in ("recency_days", "purchase_days", "rhythm_days"):
        text = text + f',"{name}":' + joined[name].cast("string")
    return joined.select("customer_id", "churn_probability", churn_reasons=text + "}]")


def flagged(question: Question) -> tuple[Answer, pa.Table]:
    """By the column that says who has left; and who that is (`customer_id`).

    Raises:
        InputError: there is no such column, or it cannot be learnt from.
    """
    flag, customers = question.settings.flag, question.tables.get("customers")
    if customers is None:
        raise InputError("There is no list of customers to read {column} from.", fix="Import it.", column=flag)
    with question.bench.stream(customers) as reader:
        found = learn_flagged(reader.read_all(), flag)
    details = {
        "rules": said_rules(found.table.drop_columns(["customer_id"]), flag),
        "left_out": list(found.left_out),
        "leaks": [leak.column for leak in found.leaks],
    }
    answer = Answer(CONTRACT, found.scores.cast(TOLD), found.model.evaluation, None, details)
    return answer, pa.table({"customer_id": found.gone.cast(pa.string())})
