"""A logistic regression on smooth curves of the columns: the readable default.

Each number enters as a natural cubic spline (Harrell 2015, Regression Modeling Strategies, 2.4.5: straight beyond the
outer knots), each category and each number with few values as one coefficient per value; coefficients are drawn
towards zero (ridge). What a column adds to a customer's log-odds can be read off, since columns only add up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from zhike.churn.layout import Feature, Matrix

KNOTS = (0.05, 0.275, 0.5, 0.725, 0.95)  # quantiles; Harrell's for five
OUTER = (0.005, 0.995)  # values beyond are taken for these: one absurd value must not bend the curve
FEW_VALUES = 12
# A value that so many share (a balance of nought) is let off the curve.
SPIKE = 0.2
PENALTY = 1.0
ROUNDS = 40
SETTLED = 1e-7


@dataclass(frozen=True)
class Curve:
    """How one column becomes terms: either `values` (one term each), or a spline through `knots`.

    `fill` stands for what is missing; `missing` adds a term that says so, `spike` one for that very value.
    """

    values: tuple[float, ...] = ()
    knots: tuple[float, ...] = ()
    low: float = 0.0
    high: float = 0.0
    fill: float = 0.0
    spike: float | None = None
    missing: bool = False

    @classmethod
    def of(cls, column: Matrix, feature: Feature) -> Curve:
        known = column[~np.isnan(column)]
        missing = len(known) < len(column)
        values, counts = np.unique(known, return_counts=True)
        if feature.kind == "category" or len(values) <= FEW_VALUES:
            return cls(values=tuple(float(v) for v in values), missing=missing)
        low, high = (float(v) for v in np.quantile(known, OUTER))
        if low == high:
            low, high = float(values[0]), float(values[-1])
        often = float(values[counts.argmax()]) if counts.max() >= SPIKE * len(column) else None
        smooth = known[known != often] if often is not None else known
        knots = np.unique(np.quantile(np.clip(smooth, low, high), KNOTS))
        fill = float(np.median(known))
        return cls((), tuple(float(k) for k in knots), low, high, fill, often, missing)

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Curve:
        """Raises ValueError, TypeError or KeyError for what cannot be a curve."""
        values, knots = (tuple(float(v) for v in kept[name]) for name in ("values", "knots"))
        low, high, fill = (float(kept[name]) for name in ("low", "high", "fill"))
        spike = None if kept["spike"] is None else float(kept["spike"])
        return cls(values, knots, low, high, fill, spike, bool(kept["missing"]))

    def terms(self, column: Matrix) -> Matrix:
        """The column as terms, n × terms."""
        gone = np.isnan(column)
        if self.values:
            parts = [column == value for value in self.values]
            return np.column_stack([*parts, gone] if self.missing else parts).astype(np.float64)
        x = np.clip(np.where(gone, self.fill, column), self.low, self.high)
        parts = [x, *_bends(x, np.array(self.knots))]
        if self.spike is not None:
            parts.append(column == self.spike)
        if self.missing:
            parts.append(gone)
        return np.column_stack(parts).astype(np.float64) if parts else np.zeros((len(x), 0))


def _bends(x: Matrix, knots: Matrix) -> list[Matrix]:
    """The terms of a natural cubic spline beyond the straight line; none with fewer than three knots."""
    if len(knots) < 3:
        return []
    cubes = [np.maximum(x - k, 0.0) ** 3 for k in knots]
    first, before, last = knots[0], knots[-2], knots[-1]
    return [
        (cube - cubes[-2] * (last - k) / (last - before) + cubes[-1] * (before - k) / (last - before))
        / (last - first) ** 2
        for k, cube in zip(knots[:-2], cubes[:-2], strict=True)
    ]


@dataclass(frozen=True)
class SplineLogistic:
    """A fitted regression: a curve per column, and per term its centre, scale and coefficient."""

    curves: tuple[Curve, ...]
    centre: Matrix
    scale: Matrix
    coefficients: Matrix
    intercept: float

    @classmethod
    def fit(cls, x: Matrix, left: Matrix, features: tuple[Feature, ...]) -> SplineLogistic:
        """Args: x (n × features), left (0 or 1)."""
        curves = tuple(Curve.of(x[:, j], feature) for j, feature in enumerate(features))
        terms = _terms(curves, x)
        centre, scale = terms.mean(axis=0), terms.std(axis=0)
        scale = np.where(scale > 1e-12, scale, np.inf)  # a term without variation takes no part
        intercept, coefficients = ridge((terms - centre) / scale, left)
        return cls(curves, centre, scale, coefficients, intercept)

    def logit(self, x: Matrix) -> Matrix:
        """Log-odds of leaving."""
        terms = (_terms(self.curves, x) - self.centre) / self.scale
        return np.asarray(self.intercept + terms @ self.coefficients)

    def parts(self, x: Matrix) -> Matrix:
        """What each column adds to the log-odds, against the average customer: n × features."""
        parts = np.zeros(x.shape)
        at = 0
        for j, curve in enumerate(self.curves):
            terms = curve.terms(x[:, j])
            here = slice(at, at + terms.shape[1])
            parts[:, j] = ((terms - self.centre[here]) / self.scale[here]) @ self.coefficients[here]
            at += terms.shape[1]
        return parts

    def to_dict(self) -> dict[str, Any]:
        return {
            "curves": [vars(curve) for curve in self.curves],
            "centre": self.centre.tolist(),
            "scale": [None if np.isinf(s) else s for s in self.scale.tolist()],
            "coefficients": self.coefficients.tolist(),
            "intercept": self.intercept,
        }

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> SplineLogistic:
        """Raises ValueError, TypeError or KeyError for what cannot be a fit."""
        curves = tuple(Curve.from_dict(curve) for curve in kept["curves"])
        scale = np.array([np.inf if s is None else float(s) for s in kept["scale"]], dtype=np.float64)
        centre, coefficients = (np.array(kept[n], dtype=np.float64) for n in ("centre", "coefficients"))
        found = cls(curves, centre, scale, coefficients, float(kept["intercept"]))
        one_row = np.zeros((1, len(curves)))
        if not np.isfinite(found.logit(one_row)).all():
            raise ValueError("not a fit")
        return found


def _terms(curves: tuple[Curve, ...], x: Matrix) -> Matrix:
    return np.column_stack([c.terms(x[:, j]) for j, c in enumerate(curves)]) if curves else np.zeros((len(x), 0))


def ridge(terms: Matrix, left: Matrix, penalty: float = PENALTY) -> tuple[float, Matrix]:
    """Logistic regression by Newton's method, coefficients (not the intercept) penalised: intercept, coefficients.

    >>> intercept, slope = ridge(np.array([[-1.0], [-1], [1], [1]]), np.array([0.0, 0, 1, 1]), penalty=1.0)
    >>> abs(round(intercept, 6)), round(float(slope[0]), 3)
    (0.0, 1.043)
    """
    design = np.column_stack([np.ones(len(terms)), terms])
    weight = np.full(design.shape[1], penalty)
    weight[0] = 1e-9
    rate = np.clip(left.mean(), 1e-6, 1 - 1e-6)
    beta = np.zeros(design.shape[1])
    beta[0] = np.log(rate / (1 - rate))
    loss = _loss(design, left, weight, beta)
    for _round in range(ROUNDS):
        chance = expit(design @ beta)
        gradient = design.T @ (chance - left) + weight * beta
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design
        curvature[np.diag_indices_from(curvature)] += weight + 1e-9
        step = np.linalg.solve(curvature, gradient)
        length = 1.0
        while (new := _loss(design, left, weight, beta - length * step)) > loss and length > 1e-6:
            length /= 2
        beta = beta - length * step
        if loss - new < SETTLED * max(1.0, abs(loss)):
            break
        loss = new
    return float(beta[0]), beta[1:]


def _loss(design: Matrix, left: Matrix, weight: Matrix, beta: Matrix) -> float:
    odds = design @ beta
    return float((np.logaddexp(0.0, odds) - left * odds).sum() + 0.5 * (weight * beta**2).sum())
