"""From a model's log-odds to probabilities that come true, when they do not already.

Learnt from log-odds of rows the model had not seen. Three ways: leave them; a straight line (Platt 1999); a rising
staircase (isotonic regression). Which one helps is asked of rows the calibration had not seen either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.special import expit

from zhike.churn.layout import Matrix
from zhike.churn.logistic import ridge
from zhike.churn.measures import LOWEST, losses

Way = Literal["none", "platt", "isotonic"]
# A staircase has a step where it likes: it takes this many of the rarer outcome to draw one.
ENOUGH_FOR_STAIRS = 500
PARTS = 5
# Another way must be better by so many standard errors of the difference.
SURE = 1.0


@dataclass(frozen=True)
class Calibration:
    """`at` and `to`: for "platt" intercept and slope in `to`; for "isotonic" log-odds and their probabilities."""

    way: Way = "none"
    at: tuple[float, ...] = ()
    to: tuple[float, ...] = ()

    def probability(self, logit: Matrix) -> Matrix:
        if self.way == "platt":
            return np.asarray(expit(self.to[0] + self.to[1] * logit))
        if self.way == "isotonic":
            return np.asarray(np.interp(logit, self.at, self.to))
        return np.asarray(expit(logit))

    @classmethod
    def fit(cls, way: Way, logit: Matrix, left: Matrix) -> Calibration:
        if way == "platt":
            intercept, slope = ridge(logit[:, None], left, penalty=1e-6)
            return cls(way, (), (intercept, float(slope[0])))
        if way == "isotonic":
            from scipy.optimize import isotonic_regression

            order = np.argsort(logit, kind="stable")
            steps = np.clip(isotonic_regression(left[order]).x, LOWEST, 1 - LOWEST)
            # A straight line between the middles of the steps: customers who differ do not get one probability.
            heights, first = np.unique(steps, return_index=True)
            last = np.append(first[1:], len(steps))
            middle = [float(np.mean(logit[order][a:b])) for a, b in zip(first, last, strict=True)]
            return cls(way, tuple(middle), tuple(float(h) for h in heights))
        return cls()

    def to_dict(self) -> dict[str, Any]:
        return {"way": self.way, "at": list(self.at), "to": list(self.to)}

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Calibration:
        """Raises ValueError, TypeError or KeyError for what cannot be a calibration."""
        at, to = (tuple(float(v) for v in kept[name]) for name in ("at", "to"))
        sizes = {"none": (0, 0), "platt": (0, 2), "isotonic": (len(to), len(at))}[kept["way"]]
        if (len(at), len(to)) != sizes or not np.isfinite([*at, *to]).all():
            raise ValueError("not a calibration")
        return cls(kept["way"], at, to)


def choose_calibration(logit: Matrix, left: Matrix) -> Calibration:
    """The way that says probabilities nearest to what happens on rows it had not seen; none unless surely better."""
    part = np.random.default_rng(7).permutation(len(left)) % PARTS
    ways: list[Way] = ["platt"]
    if min(left.sum(), (1 - left).sum()) >= ENOUGH_FOR_STAIRS:
        ways.append("isotonic")
    best, chosen = losses(left, np.asarray(expit(logit))), "none"
    for way in ways:
        tried = _cross_fitted(way, logit, left, part)
        gain = best - tried
        if gain.mean() > SURE * gain.std() / np.sqrt(len(gain)):
            best, chosen = tried, way
    return Calibration.fit(chosen, logit, left)  # type: ignore[arg-type]


def _cross_fitted(way: Way, logit: Matrix, left: Matrix, part: Any) -> Matrix:
    found = np.empty(len(left))
    for k in range(PARTS):
        here = part == k
        fitted = Calibration.fit(way, logit[~here], left[~here])
        found[here] = losses(left[here], fitted.probability(logit[here]))
    return found
