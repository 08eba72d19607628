"""Pareto/NBD (`docs/models/clv.md`): customers buy at gamma-distributed rates and leave at gamma-distributed rates.

With n = r + x, S(τ) = ((α+τ)/α)^−r (α+τ)^−x ((β+τ)/β)^−s and Γ the gamma function,

  L = Γ(n)/Γ(r) · ( S(T) + ∫ s/(β+τ) S(τ) dτ over t_x … T )

The first term is a customer still alive at T, the integral one who left at τ. Textbooks write the integral as a
difference of hypergeometric functions, which overflow for some histories and cancel for others; here it is integrated
numerically (Gauss–Legendre, to a relative 1e-10), with every term positive. Its derivatives are integrals too.

Source: Schmittlein, Morrison & Colombo (1987), Counting Your Customers: Who Are They and What Will They Do Next?,
Management Science 33 (1), 1–24; Fader & Hardie (2005), A Note on Deriving the Pareto/NBD Model.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import exprel

from zhike.clv.beta_geometric import log_rising
from zhike.clv.fitted import Vector
from zhike.clv.histories import Histories
from zhike.clv.newton import Evaluation, Objective, summed
from zhike.clv.purchases import PurchaseModel

Rows = NDArray[np.intp]
# Beyond the τ where S has fallen by e^−36 nothing is added that a double could hold.
REACH = 36.0
# Nodes that integrate a fall by e^−K over the interval to 1e-10 and better, by K.
NODES = ((4.0, 8), (12.0, 14), (24.0, 20), (np.inf, 32))
# Numbers worked on at a time: what fits a processor's cache.
BLOCK = 1 << 14


class ParetoNBD(PurchaseModel):
    """Purchase rates λ ~ Gamma(r, alpha), leaving rates μ ~ Gamma(s, beta).

    `params_` is {r, alpha, s, beta}; alpha and beta are in the unit of time of the summary.

    >>> import pyarrow as pa
    >>> summary = pa.table({"customer_id": list("abcdefgh"), "frequency": [2, 1, 0, 0, 0, 7, 1, 4],
    ...     "recency": [30.4, 1.7, 0, 0, 0, 29.4, 5.0, 37.0], "T": [38.9, 38.9, 38.9, 30.0, 12.0, 38.9, 30.0, 38.0]})
    >>> sorted(ParetoNBD().fit(summary).params_)
    ['alpha', 'beta', 'r', 's']
    """

    title = "Pareto/NBD"
    names = ("r", "alpha", "s", "beta")
    pairs = (("r", "alpha"), ("s", "beta"))
    times = ("alpha", "beta")

    def _objective(self, histories: Histories) -> Objective:
        with_x = np.bincount(histories.frequency.astype(np.int64), weights=histories.customers)

        def objective(parameters: Vector) -> Evaluation:
            rate = log_rising(parameters[0], len(with_x) - 1) @ with_x
            value, gradient, hessian = _survivors(parameters, histories)
            gradient[0] += rate[1]
            hessian[0, 0] += rate[2]
            return value + float(rate[0]), gradient, hessian

        return objective

    def _alive(self, parameters: Vector, histories: Histories) -> Vector:
        alive = np.empty(len(histories))
        for rows, nodes in _blocks(parameters, histories):
            logs, _slopes, _curves = _terms(parameters, histories.part(rows), nodes, slopes=False)
            alive[rows] = _shares(logs)[0][0]
        return alive

    def _expected_if_alive(self, parameters: Vector, frequency: Vector, age: Vector, t: float) -> Vector:
        """(r+x)(β+T)/(α+T) · (1 − ((β+T)/(β+T+t))^(s−1))/(s−1), which is no division by nought at s = 1."""
        r, alpha, s, beta = parameters
        length = np.log1p(t / (beta + age))
        return np.asarray((r + frequency) * (beta + age) / (alpha + age) * length * exprel((1 - s) * length))


def _survivors(parameters: Vector, histories: Histories) -> Evaluation:
    """The logarithm of the bracket in L, summed over customers, with its derivatives."""

    def block(work: tuple[Rows, int]) -> Evaluation:
        rows, nodes = work
        part = histories.part(rows)
        logs, slopes, curves = _terms(parameters, part, nodes, slopes=True)
        shares, total = _shares(logs)
        mean = (slopes * shares).sum(axis=1)
        weighed = shares * part.customers
        flat = slopes.reshape(4, -1)
        hessian = (flat * weighed.ravel()) @ flat.T - (mean * part.customers) @ mean.T
        for (i, j), curve in curves.items():
            bend = float((weighed * curve).sum())
            hessian[i, j] += bend
            if i != j:
                hessian[j, i] += bend
        return float(part.customers @ total), mean @ part.customers, hessian

    return summed(block, list(_blocks(parameters, histories)))


def _blocks(parameters: Vector, histories: Histories) -> Iterator[tuple[Rows, int]]:
    """Rows that can be worked on together, with the nodes their integrals need."""
    start, end = _span(parameters, histories)
    r, alpha, s, beta = parameters
    fall = (r + histories.frequency) * np.log((alpha + end) / (alpha + start))
    fall = fall + (s + 1) * np.log((beta + end) / (beta + start))
    done = -np.inf
    for up_to, nodes in NODES:
        rows = np.flatnonzero((fall > done) & (fall <= up_to))
        size = BLOCK // nodes
        yield from ((rows[at : at + size], nodes) for at in range(0, len(rows), size))
        done = up_to


def _span(parameters: Vector, histories: Histories) -> tuple[Vector, Vector]:
    """Where the integral begins and ends."""
    r, alpha, _s, _beta = parameters
    start = histories.recency
    with np.errstate(over="ignore"):
        enough = (alpha + start) * np.exp(REACH / (r + histories.frequency)) - alpha
    return start, np.minimum(histories.age, enough)


def _terms(
    parameters: Vector, histories: Histories, nodes: int, *, slopes: bool
) -> tuple[Vector, Vector, dict[tuple[int, int], Vector]]:
    """Logarithms of the terms that add up to the bracket (terms × histories: being alive first, then the nodes), their
    first derivatives (4 × terms × histories), and the second ones that are not 0.

    Nodes lie evenly in ln(m + τ), m the smaller of α and β: so both factors are smooth from one to the next, and one
    of the two logarithms is known.
    """
    r, alpha, s, beta = parameters
    m = min(alpha, beta)
    start, end = _span(parameters, histories)
    points, weights = _gauss(nodes)
    length = np.log((m + end) / (m + start))
    near = np.empty((nodes + 1, len(histories)))
    near[0] = np.log(m + histories.age)
    near[1:] = np.log(m + start) + length * ((points + 1) / 2)[:, None]
    tau = np.exp(near) - m
    far = np.log(max(alpha, beta) + tau)
    bought, left = (near, far) if alpha < beta else (far, near)
    x = histories.frequency
    logs = (r * np.log(alpha) + s * np.log(beta)) - (r + x) * bought - s * left
    with np.errstate(divide="ignore"):  # somebody who bought on the last day has no time to have left in
        logs[1:] += np.log(length * s / 2) + np.log(weights)[:, None] + near[1:] - left[1:]
    if not slopes:
        return logs, np.empty(0), {}
    clock, exit_ = 1 / (alpha + tau), 1 / (beta + tau)
    gone = np.ones((nodes + 1, 1))
    gone[0] = 0.0
    by_alpha, by_beta = tau * clock / alpha, tau * exit_ / beta
    by_r, by_s = np.log(alpha) - bought, gone / s + np.log(beta) - left
    slope = np.stack([by_r, r * by_alpha - x * clock, by_s, s * by_beta - gone * exit_])
    second = {
        (0, 1): by_alpha,
        (1, 1): x * clock**2 - r * by_alpha * (1 / alpha + clock),
        (2, 2): -gone / s**2,
        (2, 3): by_beta,
        (3, 3): gone * exit_**2 - s * by_beta * (1 / beta + exit_),
    }
    return logs, slope, second


@cache
def _gauss(nodes: int) -> tuple[Vector, Vector]:
    """Gauss–Legendre points and weights: finding them takes longer than a block of histories."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    return points, weights


def _shares(logs: Vector) -> tuple[Vector, Vector]:
    """What each term is of its history's sum, and the logarithm of that sum, from the terms' logarithms."""
    top = logs.max(axis=0)
    terms = np.exp(logs - top)
    total = terms.sum(axis=0)
    return terms / total, top + np.log(total)
