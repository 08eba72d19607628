"""The models that are tried, from the simplest up, and how much data each of them needs.

They are kept apart by what they can get wrong: with few customers who left, the simpler is also the better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logit as to_logit

from zhike.churn.layout import Feature, Layout, Matrix
from zhike.churn.logistic import SplineLogistic
from zhike.churn.trees import ROUNDS, Trees, installed

BASE_RATE, RECENCY, LOGISTIC, TREES, BLEND = "base_rate", "recency", "logistic", "trees", "blend"
# Not learnt from who left, so not among those that are tried here (`zhike.churn.silent`).
PURCHASES = "purchases"
# The simplest first. `rarer` is how many there must be of whichever is fewer: those who left, or those who stayed.
NEEDS = {BASE_RATE: 0, RECENCY: 20, LOGISTIC: 50, TREES: 200, BLEND: 200}
RECENCY_COLUMN = "recency_days"


@dataclass(frozen=True)
class BaseRate:
    """Everybody leaves with the same probability. With half a customer added to each side, none is certain."""

    odds: float

    @classmethod
    def fit(cls, left: Matrix) -> BaseRate:
        return cls(float(to_logit((left.sum() + 0.5) / (len(left) + 1))))

    def logit(self, x: Matrix) -> Matrix:
        return np.full(len(x), self.odds)

    def parts(self, x: Matrix) -> Matrix:
        return np.zeros(x.shape)


@dataclass(frozen=True)
class Recency:
    """Only how long ago the last purchase was."""

    column: int
    curve: SplineLogistic

    @classmethod
    def fit(cls, x: Matrix, left: Matrix, layout: Layout) -> Recency:
        at = layout.names.index(RECENCY_COLUMN)
        return cls(at, SplineLogistic.fit(x[:, [at]], left, (Feature(RECENCY_COLUMN, "number"),)))

    def logit(self, x: Matrix) -> Matrix:
        return self.curve.logit(x[:, [self.column]])

    def parts(self, x: Matrix) -> Matrix:
        parts = np.zeros(x.shape)
        parts[:, [self.column]] = self.curve.parts(x[:, [self.column]])
        return parts


@dataclass(frozen=True)
class Blend:
    """The mean of the log-odds of the regression and the trees: each is wrong in its own way."""

    logistic: SplineLogistic
    trees: Trees

    def logit(self, x: Matrix) -> Matrix:
        return (self.logistic.logit(x) + self.trees.logit(x)) / 2

    def parts(self, x: Matrix) -> Matrix:
        """As the trees see it: of columns that say nearly the same, a regression gives one a large plus and another a
        large minus, which adds up to the right answer and tells a person nonsense."""
        return self.trees.parts(x)


Learner = BaseRate | Recency | SplineLogistic | Trees | Blend


def possible(layout: Layout, rarer: int) -> tuple[str, ...]:
    """The candidates there is enough data for; the first is always the naive one."""
    names = [name for name, needed in NEEDS.items() if rarer >= needed]
    if RECENCY_COLUMN not in layout.names:
        names = [name for name in names if name != RECENCY]
    if not layout.names:
        return (BASE_RATE,)
    if not installed():
        names = [name for name in names if name not in (TREES, BLEND)]
    return tuple(names)


class Learners:
    """All candidates fitted to the same rows; the trees only once, though two candidates use them."""

    def __init__(self, names: tuple[str, ...], x: Matrix, left: Matrix, layout: Layout, rounds: int = ROUNDS[-1]):
        self.fitted: dict[str, Any] = {BASE_RATE: BaseRate.fit(left)}
        if RECENCY in names:
            self.fitted[RECENCY] = Recency.fit(x, left, layout)
        if LOGISTIC in names or BLEND in names:
            self.fitted[LOGISTIC] = SplineLogistic.fit(x, left, layout.features)
        if TREES in names or BLEND in names:
            self.fitted[TREES] = Trees.fit(x, left, layout.features, rounds)
        if BLEND in names:
            self.fitted[BLEND] = Blend(self.fitted[LOGISTIC], self.fitted[TREES])

    def logits(self, x: Matrix) -> dict[tuple[str, int], Matrix]:
        """(candidate, number of trees) → log-odds; 0 trees where there are none."""
        found = {(name, 0): one.logit(x) for name, one in self.fitted.items() if name not in (TREES, BLEND)}
        if TREES in self.fitted:
            for rounds in ROUNDS:
                found[TREES, rounds] = self.fitted[TREES].logit(x, rounds)
                if BLEND in self.fitted:
                    found[BLEND, rounds] = (found[LOGISTIC, 0] + found[TREES, rounds]) / 2
        return found


def to_dict(learner: Learner) -> dict[str, Any]:
    if isinstance(learner, BaseRate):
        return {"odds": learner.odds}
    if isinstance(learner, Recency):
        return {"column": learner.column, "curve": learner.curve.to_dict()}
    if isinstance(learner, Blend):
        return {"logistic": learner.logistic.to_dict(), "trees": learner.trees.to_dict()}
    return learner.to_dict()


def from_dict(name: str, kept: dict[str, Any]) -> Learner:
    """Raises ValueError, TypeError or KeyError for what cannot be a fit."""
    if name == BASE_RATE:
        return BaseRate(float(kept["odds"]))
    if name == RECENCY:
        return Recency(int(kept["column"]), SplineLogistic.from_dict(kept["curve"]))
    if name == BLEND:
        return Blend(SplineLogistic.from_dict(kept["logistic"]), Trees.from_dict(kept["trees"]))
    return Trees.from_dict(kept) if name == TREES else SplineLogistic.from_dict(kept)
