"""What customers say of us: from the lake into the figures of the satisfaction page, and whose answers they are."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any

import ibis
import pyarrow as pa

from zhike.facts.purchases import window_start
from zhike.lake.facts_view import Facts
from zhike.lake.lake import Lake
from zhike.lake.runs import Run, scores_of
from zhike.satisfaction import (
    Score,
    SentimentModel,
    csat,
    csi,
    drivers,
    fit_sentiment,
    good_review_rate,
    nps,
    topics,
)
from zhike.satisfaction.scores import DETRACTOR, PROMOTER, SATISFIED, SCALES
from zhike.satisfaction.text.drivers import Drivers
from zhike.schema import ATTRIBUTES

METRICS = {"nps": nps, "csat": csat, "positive": good_review_rate}
# What the scores are split by: a column of the feedback, and codes of the models.
CODES = ("value_tier", "grade", "stage")
SPLITS = ("channel", *CODES)
MOST_GROUPS = 12
MONTHS = 24
# The newest texts that topics and sentiment are found in: as many as a refresh can read in seconds.
TEXTS = 20_000
MOST_DRIVERS = 10
# Ratings of single aspects (CSI) are columns of the survey that the contract does not know: whole numbers from 1 to 5.
MOST_ASPECTS = 12
# What is no lake's is asked of the engine that a process has one of, and it answers one question at a time.
_ONE_AT_A_TIME = threading.Lock()
LEAST_RATED = 20
LOOKED_AT = 1_000


def read_satisfaction(lake: Lake, run: Run) -> dict[str, Any]:
    """The figures of a run: scores of its window and of the one before, by month and group, what costs points."""
    window = int(run.settings.get("window_days", 365))
    with lake.temporary():
        rows = lake.materialised(_answers(lake, run), "answers")
        now, before = _windows(rows, run, window)
        texts = _newest_texts(lake, now)
        return {
            "answers": _count(lake, now),
            "all": _count(lake, rows),
            "undated": _count(lake, rows.filter(rows.given_at.isnull())),
            "window_days": window,
            "metrics": {name: _metric(name, now, before, rows, run, texts) for name in METRICS},
            "csi": _csi(lake, now),
            "service": _service(lake, run, window),
            "texts": _texts(texts),
        }


def _answers(lake: Lake, run: Run) -> Any:
    """Feedback as the run read it, with the codes of who gave it."""
    feedback = Facts.of(lake, run).table("feedback")
    people = scores_of(lake, run).select(of_customer="customer_id", **{code: code for code in CODES})
    return feedback.left_join(people, feedback.customer_id == people.of_customer).drop("of_customer")


def _windows(rows: Any, run: Run, window: int) -> tuple[Any, Any]:
    """The answers of the window (with those that have no date), and of the window before it."""
    begin, earlier = window_start(run.as_of, window), window_start(run.as_of, 2 * window)
    now = rows.filter(rows.given_at.isnull() | (rows.given_at >= begin))
    return now, rows.filter((rows.given_at >= earlier) & (rows.given_at < begin))


def _metric(name: str, now: Any, before: Any, rows: Any, run: Run, texts: pa.Table) -> dict[str, Any] | None:
    """One score with everything told of it; None where nobody was asked for it."""
    score = METRICS[name]
    whole = score(now)
    if not whole.n:
        return None
    lately = rows.filter(rows.given_at >= window_start(run.as_of, MONTHS * 31))
    months = [group for group in score(lately, by="month").groups if group.group["month"] is not None and group.n]
    return {
        **_plain(whole),
        "said": {language: whole.sentence(language) for language in ("en", "zh")},
        "before": _plain(score(before)),
        "months": [{"month": f"{group.group['month']:%Y-%m}", **_plain(group)} for group in months[-MONTHS:]],
        "by": {split: _groups(score(now, by=split), split) for split in SPLITS},
        "drivers": _drivers(drivers(texts, metric=name)),
    }


def _plain(score: Score) -> dict[str, Any]:
    names = ("n", "value", "low", "high", "counts", "out_of_range", "is_wide")
    return {name: getattr(score, name) for name in names}


def _groups(score: Score, split: str) -> list[dict[str, Any]]:
    """The groups with most answers; one group is no comparison."""
    groups = [group for group in score.groups if group.n]
    if len([group for group in groups if group.group[split] is not None]) < 2:
        return []
    largest = sorted(groups, key=lambda group: -group.n)[:MOST_GROUPS]
    return [{"code": group.group[split], **_plain(group)} for group in largest]


def _newest_texts(lake: Lake, rows: Any) -> pa.Table:
    written = rows.filter(rows.text.strip() != "").select("feedback_id", "customer_id", "given_at", "text", *METRICS)
    newest = written.order_by(ibis.desc("given_at", nulls_first=False), "feedback_id").limit(TEXTS)
    return lake.engine.to_pyarrow(newest)


def _drivers(found: Drivers) -> dict[str, Any]:
    return {
        "n": found.n,
        "said": {language: found.sentence(language) for language in ("en", "zh")},
        "rows": [
            {name: getattr(one, name) for name in _DRIVER} | {"quotes": list(one.quotes)}
            for one in found.drivers[:MOST_DRIVERS]
        ],
    }


_DRIVER = ("topic", "tone", "texts", "share", "cost", "cost_low", "cost_high", "is_clear")


def _texts(texts: pa.Table) -> dict[str, Any] | None:
    """How many texts praise and complain, and how sure that is."""
    if not texts.num_rows:
        return None
    try:
        model = fit_sentiment(texts)
    except ImportError:  # learning is an extra of the library
        model = SentimentModel()
    judged = model.judge(texts["text"])
    praise, complaints = int((judged > 0).sum()), int((judged < 0).sum())
    return {
        "read": texts.num_rows,
        "praise": praise,
        "complaint": complaints,
        "unclear": texts.num_rows - praise - complaints,
        "most": texts.num_rows == TEXTS,
        "why": {language: model.why(language) for language in ("en", "zh")},
    }


def _csi(lake: Lake, rows: Any) -> dict[str, Any] | None:
    """The index over the aspects that a survey had rated, all with the same weight; None where it had none."""
    names = _aspects(lake, rows)
    if len(names) < 2:
        return None
    stored = rows[ATTRIBUTES].cast("json")
    # As JSON has it, a text stands between quotation marks.
    texts = [stored[name].cast("string").replace('"', "") for name in names]
    columns = {f"aspect_{place}": text.try_cast("float64") for place, text in enumerate(texts)}
    score = csi(rows.select(**columns), weights=dict.fromkeys(columns, 1.0))
    if not score.n:
        return None
    parts = [{"aspect": name, "value": score.parts[f"aspect_{place}"]} for place, name in enumerate(names)]
    said = {language: score.sentence(language) for language in ("en", "zh")}
    known = [part for part in parts if part["value"] is not None]
    return _plain(score) | {"said": said, "parts": sorted(known, key=lambda part: part["value"])}


def _aspects(lake: Lake, rows: Any) -> list[str]:
    """The columns of the survey beside ours that hold nothing but whole numbers from 1 to 5."""
    stored = rows.filter(rows[ATTRIBUTES].notnull()).select(ATTRIBUTES).limit(LOOKED_AT)
    values: dict[str, list[Any]] = {}
    for row in lake.engine.to_pyarrow(stored)[ATTRIBUTES].to_pylist():
        for name, value in json.loads(row).items():
            if value not in (None, ""):
                values.setdefault(name, []).append(str(value).strip())
    rated = [name for name, found in values.items() if len(found) >= LEAST_RATED and set(found) <= set("12345")]
    # Of an answer of yes and no, or one that is always the same, nobody is more or less satisfied; and a name that
    # begins like a path the engine would take for one.
    return sorted(name for name in rated if len(set(values[name])) > 2 and name[:1] not in "$/")[:MOST_ASPECTS]


def _service(lake: Lake, run: Run, window: int) -> dict[str, Any] | None:
    """CSAT as it was given for tickets."""
    tickets = Facts.of(lake, run).table("tickets")
    score = csat(tickets.filter(tickets.opened_at >= window_start(run.as_of, window)))
    return _plain(score) if score.n else None


def _count(lake: Lake, rows: Any) -> int:
    return int(lake.engine.to_pyarrow(rows.count()).as_py())


@dataclass(frozen=True)
class Asked:
    """Which answers are asked for: of a `metric`, of a `kind` of it; of a group (`split`, `code`), a `month`, or with
    a `tone` about a `topic`."""

    metric: str
    kind: str = ""
    split: str = ""
    code: str = ""
    month: str = ""
    topic: str = ""
    tone: str = ""

    def rows(self, rows: Any) -> Any:
        """Those of the answers, except for what is asked about their texts."""
        value = rows[self.metric].cast("float64")
        rows = rows.filter(value.between(*SCALES[self.metric]))
        if self.kind:
            rows = rows.filter(KINDS[self.metric][self.kind](value))
        if self.split:
            rows = rows.filter(rows[self.split] == self.code if self.code else rows[self.split].isnull())
        return rows.filter(rows.given_at.strftime("%Y-%m") == self.month) if self.month else rows


KINDS: dict[str, dict[str, Any]] = {
    "nps": {
        "promoters": lambda value: value >= PROMOTER,
        "passives": lambda value: (value > DETRACTOR) & (value < PROMOTER),
        "detractors": lambda value: value <= DETRACTOR,
    },
    "csat": {"satisfied": lambda value: value >= SATISFIED, "unsatisfied": lambda value: value < SATISFIED},
    "positive": {"good": lambda value: value == 1, "bad": lambda value: value == 0},
}


def answers(lake: Lake, run: Run, asked: Asked, most: int) -> tuple[int, list[dict[str, Any]]]:
    """How many answers these are, and the newest of them."""
    with lake.temporary():
        rows = lake.materialised(_answers(lake, run), "answers")
        if not asked.month:
            rows, _before = _windows(rows, run, int(run.settings.get("window_days", 365)))
        if asked.topic:
            ids = _about(lake, rows, asked)
            rows = rows.filter(rows.feedback_id.isin(ids))
        rows = asked.rows(rows)
        newest = rows.order_by(ibis.desc("given_at", nulls_first=False), "feedback_id").limit(most)
        found = lake.engine.to_pyarrow(newest.select("customer_id", "given_at", "channel", "text", *METRICS))
        return _count(lake, rows), list(found.to_pylist())


def _about(lake: Lake, rows: Any, asked: Asked) -> list[str]:
    """The texts, of those that were read, that praise or blame the topic."""
    texts = _newest_texts(lake, rows)
    with _ONE_AT_A_TIME:
        found = topics(texts)
        wanted = found.filter((found.topic == asked.topic) & (found.tone == asked.tone)).select("feedback_id")
        return list(wanted.to_pyarrow()["feedback_id"].to_pylist())
