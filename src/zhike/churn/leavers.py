"""What the company's own leavers tell: what they had in common, and how long customers stay."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _ as this

from zhike.churn.panel import LABEL, TIME
from zhike.churn.rules import LeaverRule, rules
from zhike.churn.survival import kaplan_meier, median_survival
from zhike.churn.wording import NAMES, topic_of
from zhike.clv.fitted import normal_quantile
from zhike.errors import InputError
from zhike.proof import LANGUAGES

MONTH_DAYS = 365.2425 / 12
# A curve ends where fewer are left to look at: beyond, one who leaves is a step.
FEWEST = 20
LONGEST_MONTHS = 120
MOST_RULES = 6
LEVEL = 0.95


def common(panel: pa.Table) -> list[dict[str, Any]]:
    """What those had in common who left after the newest day of a training panel; none when too few did.

    One day only, so that nobody is among those a rule was found on and those it is proven on.
    """
    newest = panel.filter(pc.equal(panel[TIME], pc.max(panel[TIME])))
    hidden = [name for name in newest.column_names if topic_of(name) and name not in NAMES]
    return said_rules(newest.drop_columns([TIME, "customer_id", *hidden]), LABEL)


def said_rules(table: pa.Table, label: str) -> list[dict[str, Any]]:
    """`zhike.churn.rules` as they are kept: numbers, the columns a rule is about, and the sentence in each language."""
    try:
        found = rules(table, label, most=MOST_RULES)
    except InputError:
        return []
    return [_kept(rule) for rule in found]


def _kept(rule: LeaverRule) -> dict[str, Any]:
    numbers = ("customers", "support", "confidence", "lift", "proven_customers", "proven_confidence", "p_value")
    kept: dict[str, Any] = {name: getattr(rule, name) for name in numbers}
    return kept | {
        "columns": [condition.column for condition in rule.conditions],
        "sentences": {language: rule.sentence(language) for language in LANGUAGES},
        "conditions": {language: rule.conditions_said(language) for language in LANGUAGES},
    }


def staying(summary: Any, days: int) -> dict[str, Any] | None:
    """How many are still customers so many months after their first purchase (Kaplan–Meier); None when nobody left.

    Somebody has left with their last purchase once `days` days have gone by since. Of the others it is known that they
    were there until their last purchase.

    Args:
        summary: of `zhike.purchase_summary`.
    """
    span = (this.tenure_days - this.recency_days) / MONTH_DAYS
    months = summary.mutate(months=span.floor().cast("int64"), gone=this.recency_days >= days)
    kinds = months.group_by("months", "gone").aggregate(customers=this.count()).order_by("months", "gone").to_pyarrow()
    lasted, gone, customers = (
        np.asarray(kinds[name].cast(pa.float64()).to_numpy(), dtype=np.float64)
        for name in ("months", "gone", "customers")
    )
    curve = kaplan_meier(lasted, gone, customers, normal_quantile(LEVEL))
    shown = [row for row in curve.to_pylist() if row["at_risk"] >= FEWEST and row["duration"] < LONGEST_MONTHS]
    if not shown:
        return None
    # Who left within the first month was there at its beginning: the step lies at its end.
    points = [
        {"month": row["duration"] + 1} | {n: _plain(row[n]) for n in ("survival", "low", "high")} for row in shown
    ]
    half = median_survival(curve)
    return {"points": points, "half": None if half is None or half >= points[-1]["month"] else half + 1}


def _plain(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else round(value, 4)
