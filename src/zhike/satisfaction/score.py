"""One score of satisfaction: its value, how sure it is, and the sentence that says so."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from zhike.language import _, current_language, speaking

Metric = Literal["nps", "csat", "csi", "positive"]
# An interval that reaches further than this to either side is called wide (points of the score).
WIDE: dict[Metric, float] = {"nps": 10, "csat": 5, "csi": 5, "positive": 5}


def metric_name(metric: str) -> str:
    """A score as a sentence calls it, in the current language."""
    return _("good-review rate") if metric == "positive" else metric.upper()


@dataclass(frozen=True)
class Score:
    """One score.

    `value`, `low` and `high` are points (NPS −100…100; CSAT 0–100, the share of satisfied in %; CSI 0–100; the rate of
    good reviews 0–100), None when nobody answered. `n` answers were on the scale, split in `counts`; `out_of_range`
    were not and are in none of the figures; `unanswered` rows have no answer. `parts` are the attributes of a CSI
    (0–100). `group` says whose score it is, `groups` has one score per group when `by` was given, in the order of the
    groups, which for a period is time.
    """

    metric: Metric
    n: int
    value: float | None
    low: float | None
    high: float | None
    level: float
    counts: dict[str, int]
    out_of_range: int
    unanswered: int
    scale: tuple[float, float]
    parts: dict[str, float | None] = field(default_factory=dict)
    group: dict[str, Any] = field(default_factory=dict)
    groups: tuple[Score, ...] = ()

    @property
    def is_wide(self) -> bool:
        """Whether there are too few answers to know the score well (or none)."""
        return self._reach is None or self._reach > WIDE[self.metric]

    @property
    def _reach(self) -> float | None:
        return None if self.low is None or self.high is None else (self.high - self.low) / 2

    def rows(self) -> list[dict[str, Any]]:
        """One plain row per group (or the one of all), for tables and charts."""
        scores = self.groups or (self,)
        fixed = ("n", "value", "low", "high", "out_of_range", "unanswered")
        return [{**s.group, **{name: getattr(s, name) for name in fixed}, **s.counts} for s in scores]

    def sentence(self, language: str | None = None) -> str:
        """The score in words: what it is, how sure it is, and what was left out.

        >>> import pyarrow as pa
        >>> from zhike.satisfaction.scores import nps
        >>> nps(pa.table({"nps": [10, 9, 8, 3, 11]})).sentence()
        'NPS 25, between -55 and 88 with 95 % confidence. Answers: 4; promoters 2, passives 1, detractors 1. That is a \
wide interval: about 207 answers are needed to know it to ±10 points. Left out, being outside 0–10: 1.'
        """
        with speaking(language or current_language()):
            said = [self._value(), self._wide(), self._outside()]
            return ("" if current_language() == "zh" else " ").join(part for part in said if part)

    def _value(self) -> str:
        if self.value is None:
            return _("There is no {metric}: nobody gave an answer that counts.", metric=metric_name(self.metric))
        values = {name: f"{getattr(self, name):,.0f}" for name in ("value", "low", "high")}
        values |= {"level": f"{self.level * 100:g}", "n": f"{self.n:,}"}
        counts = {name: f"{count:,}" for name, count in self.counts.items()}
        if self.metric == "nps":
            return _(
                "NPS {value}, between {low} and {high} with {level} % confidence. Answers: {n}; promoters {promoters}, "
                "passives {passives}, detractors {detractors}.",
                **values,
                **counts,
            )
        if self.metric == "csat":
            return _(
                "CSAT {value} %, between {low} % and {high} % with {level} % confidence. Answers: {n}; satisfied (4 or "
                "5) {satisfied}.",
                **values,
                satisfied=counts["satisfied"],
            )
        if self.metric == "positive":
            return _(
                "Good-review rate {value} %, between {low} % and {high} % with {level} % confidence. Reviews: {n}; "
                "good {good}, bad {bad}.",
                **values,
                **counts,
            )
        return _("CSI {value} of 100, between {low} and {high} with {level} % confidence. Answers: {n}.", **values)

    def _wide(self) -> str:
        if self._reach is None or not self.is_wide:
            return ""
        wanted = WIDE[self.metric]
        # An interval narrows with the root of the number of answers.
        needed = math.ceil(self.n * (self._reach / wanted) ** 2)
        return _(
            "That is a wide interval: about {needed} answers are needed to know it to ±{points} points.",
            needed=f"{needed:,}",
            points=f"{wanted:g}",
        )

    def _outside(self) -> str:
        if not self.out_of_range:
            return ""
        low, high = self.scale
        return _(
            "Left out, being outside {low}–{high}: {count}.",
            count=f"{self.out_of_range:,}",
            low=f"{low:g}",
            high=f"{high:g}",
        )
