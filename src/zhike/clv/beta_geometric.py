"""What BG/NBD and MBG/NBD share: gamma rates, beta chances to leave after a purchase.

They differ in whether the first purchase too is followed by the toss of whether to stay: m, the tosses survived, is x
in BG/NBD and x + 1 in MBG/NBD. With B the beta function, n = r + x and A = 1 if m > 0 else 0,

  L = Γ(n)/Γ(r) · α^r (α+T)^−n · B(a, b+m)/B(a, b) · (1 + A e^u),   e^u = a/(b+m−1) · ((α+T)/(α+t_x))^n

and P(alive) = 1/(1 + A e^u). All in logarithms. Γ(c+x)/Γ(c) for whole x is a product of x terms, so its logarithm and
derivatives are running sums: exact for customers with thousands of purchases and for parameters without bound.
"""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from scipy.special import betaln, expit, hyp2f1

from zhike.clv.fitted import Vector
from zhike.clv.histories import Histories
from zhike.clv.newton import Evaluation, Objective, summed
from zhike.clv.purchases import PurchaseModel

# Within this distance of a = 1 the closed form divides nought by nought.
NEAR_ONE = 1e-4
# Where it is integrated instead: points, for a relative 1e-7.
POINTS = 160
# Histories worked on at a time: what fits a core's cache.
BLOCK = 1 << 13


def log_rising(start: float, up_to: int) -> Vector:
    """ln Γ(start + x)/Γ(start) for x = 0 … up_to: a row of values, of first and of second derivatives by `start`.

    >>> np.exp(log_rising(1.0, 4)[0]).round(6).tolist()
    [1.0, 1.0, 2.0, 6.0, 24.0]
    """
    terms = start + np.arange(up_to)
    sums = np.zeros((3, up_to + 1))
    np.cumsum([np.log(terms), 1 / terms, -1 / terms**2], axis=1, out=sums[:, 1:])
    return sums


class BetaGeometric(PurchaseModel):
    """Common mathematics; parameters r, alpha, a, b."""

    names = ("r", "alpha", "a", "b")
    pairs = (("r", "alpha"), ("a", "b"))
    times = ("alpha",)

    @staticmethod
    @abstractmethod
    def _survived(frequency: Vector) -> Vector:
        """m: how often the customer has tossed and stayed, if still alive."""

    def _objective(self, histories: Histories) -> Objective:
        survived = self._survived(histories.frequency)
        stayed, may_have_left = _Stayed(histories, survived), histories.part(survived > 0)
        parts = [(part, self._survived(part.frequency)) for part in may_have_left.blocks(BLOCK)]

        def objective(parameters: Vector) -> Evaluation:
            one, other = stayed(parameters), summed(lambda part: _left(parameters, *part), parts)
            return one[0] + other[0], one[1] + other[1], one[2] + other[2]

        return objective

    def _alive(self, parameters: Vector, histories: Histories) -> Vector:
        survived = self._survived(histories.frequency)
        return np.where(survived > 0, expit(-_odds_left(parameters, histories, np.maximum(survived, 1.0))), 1.0)

    def _expected_if_alive(self, parameters: Vector, frequency: Vector, age: Vector, t: float) -> Vector:
        """(c/(a−1)) · (1 − (1−z)^(a−1) ₂F₁(c−n, a−1; c; z)), c = a+b+m−1, n = r+x, z = t/(α+T+t).

        The published form (Fader, Hardie & Lee 2005, eq. 10) after Euler's transformation, which cancels the two
        factors that overflow for customers with hundreds of purchases. What it cannot do is integrated instead.
        """
        r, alpha, a, b = parameters
        n, m, away = r + frequency, self._survived(frequency), a - 1
        z, c = t / (alpha + age + t), a + b + m - 1
        with np.errstate(all="ignore"):
            closed = c / away * -np.expm1(away * np.log1p(-z) + np.log(hyp2f1(c - n, away, c, z)))
        ahead = n * t / (alpha + age)  # if nobody left
        failed = ~np.isfinite(closed) | (closed < 0) | (closed > ahead) | (abs(away) < NEAR_ONE)
        if failed.any():
            closed[failed] = _integrated(n[failed], a, b + m[failed], (ahead / n)[failed])
        return np.asarray(closed)


def _integrated(n: Vector, a: float, b: Vector, ahead: Vector) -> Vector:
    """E[(1 − (1+pτ)^−n)/p], p ~ Beta(a, b): purchases to come of one who leaves with p after each, τ ahead.

    As nτ (1 − E[D]), where D ~ p near 0, so that it is smooth in logit(p). Points are even in u, logit(p) = middle +
    width · sinh(u): close together where the weight is, far apart in the long tail that a small b has.
    """
    middle, width = np.log((a + 1) / b), np.sqrt(1 / (a + 1) + 1 / b)
    width = np.minimum(width, 2.0)
    low, high = np.arcsinh(-9 - 40 / (a + 1) / width), np.arcsinh(9 + 40 / b / width)
    u = np.linspace(low, high, POINTS)
    y, spacing = middle + width * np.sinh(u), width * np.cosh(u) * (high - low) / (POINTS - 1)
    log_p, log_q = -np.logaddexp(0.0, -y), -np.logaddexp(0.0, y)
    step = np.exp(log_p) * ahead
    small = n * step < 1e-4
    safe = np.where(small, 1.0, step)
    exact = 1 + np.expm1(-n * np.log1p(safe)) / (n * safe)
    stopped = np.where(small, (n + 1) * step / 2 - (n + 1) * (n + 2) * step**2 / 6, exact)
    weight = np.exp(a * log_p + b * log_q - betaln(a, b)) * spacing
    return np.asarray(n * ahead * (1 - (weight * stopped).sum(axis=0)))


def _odds_left(parameters: Vector, histories: Histories, survived: Vector) -> Vector:
    """u: the logarithm of the odds that the customer left right after the last purchase."""
    r, alpha, a, b = parameters
    silence = np.log((alpha + histories.age) / (alpha + histories.recency))
    return np.asarray(np.log(a / (b + survived - 1)) + (r + histories.frequency) * silence)


class _Stayed:
    """ln of the likelihood of somebody still there: it needs the histories only through sums by x, by m and by T."""

    def __init__(self, histories: Histories, survived: Vector) -> None:
        self.age, which = histories.ages
        self.count = np.bincount(which, weights=histories.customers)
        self.purchases = np.bincount(which, weights=histories.customers * histories.frequency)
        self.with_x = np.bincount(histories.frequency.astype(np.int64), weights=histories.customers)
        self.with_m = np.bincount(survived.astype(np.int64), weights=histories.customers)

    def __call__(self, parameters: Vector) -> Evaluation:
        r, alpha, a, b = parameters
        rate = log_rising(r, len(self.with_x) - 1) @ self.with_x
        stay, all_ = (log_rising(start, len(self.with_m) - 1) @ self.with_m for start in (b, a + b))
        waited, end = np.log1p(self.age / alpha), 1 / (alpha + self.age)
        share = self.age * end / alpha
        of_share, of_waited = self.count @ share, self.count @ waited
        value = rate[0] + stay[0] - all_[0] - r * of_waited + self.purchases @ np.log(end)
        gradient = np.array(
            [rate[1] - of_waited, r * of_share - self.purchases @ end, -all_[1], stay[1] - all_[1]],
        )
        curve = self.purchases @ end**2 - r * (self.count @ (share * (1 / alpha + end)))
        hessian = np.zeros((4, 4))
        hessian[:2, :2] = [[rate[2], of_share], [of_share, curve]]
        hessian[2:, 2:] = [[-all_[2], -all_[2]], [-all_[2], stay[2] - all_[2]]]
        return float(value), gradient, hessian


def _left(parameters: Vector, histories: Histories, survived: Vector) -> Evaluation:
    """ln(1 + e^u), for those who may have left."""
    r, alpha, a, b = parameters
    n = r + histories.frequency
    last, now, toss = 1 / (alpha + histories.recency), 1 / (alpha + histories.age), 1 / (b + survived - 1)
    silence, clock = np.log(last / now), now - last
    u = np.log(a * toss) + n * silence
    chance = expit(u)  # of having left
    slopes = np.array([silence, n * clock, np.full(len(u), 1 / a), -toss])
    weighed = histories.customers * chance
    value = float(histories.customers @ np.maximum(u, 0.0) + histories.customers @ np.log1p(np.exp(-np.abs(u))))
    hessian = (slopes * (weighed * (1 - chance))) @ slopes.T
    hessian[0, 1] += weighed @ clock
    hessian[1, 0] = hessian[0, 1]
    hessian[1, 1] += (weighed * n) @ (last**2 - now**2)
    hessian[2, 2] -= weighed.sum() / a**2
    hessian[3, 3] += weighed @ toss**2
    return value, slopes @ weighed, hessian
