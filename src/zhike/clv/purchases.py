"""The frame of the purchase models: fit to distinct histories, predict per history, join back to customers.

A model of this kind brings its mathematics only: the log-likelihood with its derivatives, the probability to be alive,
and the purchases to expect of somebody alive.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import expit, logit

from zhike.clv.fitted import Fit, FittedModel, Vector, normal_quantile
from zhike.clv.histories import MANY, Histories, distinct, joined_back
from zhike.clv.newton import Objective, maximise
from zhike.errors import InputError, SettingsError

# Relative step of the derivatives that carry the parameters' uncertainty over to a prediction.
NUDGE = 1e-4


class PurchaseModel(FittedModel):
    """A model of repeat purchases until a customer silently leaves."""

    # What the literature calls it.
    title: ClassVar[str]
    # Parameters that are times; the others have no unit.
    times: ClassVar[tuple[str, ...]]

    # --- what a model brings, with parameters in the order of `names` and all times in one unit ---

    @abstractmethod
    def _objective(self, histories: Histories) -> Objective:
        """The log-likelihood of the histories with its first and second derivatives by the parameters."""

    @abstractmethod
    def _alive(self, parameters: Vector, histories: Histories) -> Vector:
        """P(alive at T | history)."""

    @abstractmethod
    def _expected_if_alive(self, parameters: Vector, frequency: Vector, age: Vector, t: float) -> Vector:
        """Purchases to expect in (T, T + t] of a customer who is alive at T, after so many repeat purchases."""

    # --- what it gets ---

    def fit(self, summary: Any) -> Self:
        """Fit by maximum likelihood to a summary of repeat purchases (`zhike.repeat_summary`).

        Args:
            summary: `frequency, recency, T` per customer: an Ibis, pandas, Polars or Arrow table, or a path.

        Raises:
            InputError: the summary is unusable, or holds too little to learn from.
        """
        return self._fit_to(distinct(summary)[1])

    def _fit_to(self, histories: Histories) -> Self:
        repeaters = int(histories.customers[histories.frequency > 0].sum())
        if repeaters < len(self.names):
            raise InputError(
                "Only {repeaters} of {customers} customers ever bought again: too few to learn from "
                "(at least {needed} are needed).",
                fix="Observe for longer, or use zhike.clv_formula.",
                repeaters=f"{repeaters:,}",
                customers=f"{int(histories.customers.sum()):,}",
                needed=len(self.names),
            )
        # With times in units of the mean age every parameter is near 1 and the answer does not depend on the unit.
        unit = float(np.average(histories.age, weights=histories.customers))
        scaled = histories.scaled(unit)
        start = self._start(scaled)
        if len(scaled) > MANY:
            start = maximise(self._objective(scaled.condensed()), start).parameters
        optimum = maximise(self._objective(scaled), start)
        scale = np.array([unit if name in self.times else 1.0 for name in self.names])
        purchases = float(histories.customers @ histories.frequency)
        loglik = optimum.value - purchases * math.log(unit)
        self._fit = Fit.of(optimum, scale=scale, loglik=loglik, customers=int(histories.customers.sum()))
        return self

    def _start(self, histories: Histories) -> Vector:
        """A first guess: the mean rate of purchases for the clock, 1 for what has no unit."""
        per_time = (histories.customers @ histories.frequency) / (histories.customers @ histories.age)
        return np.clip([1 / per_time if name == "alpha" else 1.0 for name in self.names], 1e-3, 1e3)

    def p_alive(self, summary: Any, *, interval: float | None = None) -> Any:
        """The probability that a customer is still one: `customer_id, p_alive` (0–1), as an Ibis table.

        Args:
            summary: `customer_id, frequency, recency, T`, in the unit of time of the fit.
            interval: a level such as .95 adds `p_alive_low` and `p_alive_high`: how far the parameters' uncertainty
                moves it (delta method on the logit).

        Raises:
            InputError: the summary is unusable.
            SettingsError: not fitted, or an impossible level.
        """
        keys, histories = distinct(summary)
        values = self._with_interval("p_alive", lambda p: self._alive(p, histories), interval, logit, expit)
        return joined_back(summary, keys, values)

    def expected_purchases(self, summary: Any, t: float, *, interval: float | None = None) -> Any:
        """Days with a purchase to expect in the next `t`: `customer_id, expected_purchases`, as an Ibis table.

        Args:
            summary: `customer_id, frequency, recency, T`, in the unit of time of the fit.
            t: how far ahead, in that unit.
            interval: a level such as .95 adds `expected_purchases_low` and `…_high`: how far the parameters'
                uncertainty moves the expectation (delta method on the logarithm). What one customer really does
                varies much more.

        Raises:
            InputError: the summary is unusable.
            SettingsError: not fitted, `t` below 0, or an impossible level.
        """
        check_time(t)
        keys, histories = distinct(summary)
        values = self._with_interval("expected_purchases", lambda p: self._expected(p, histories, t), interval)
        return joined_back(summary, keys, values)

    def expected_from_start(self, t: float) -> float:
        """Repeat purchases to expect of a new customer in the first `t` after the first purchase.

        Raises:
            SettingsError: not fitted, or `t` below 0.
        """
        check_time(t)
        zero = np.zeros(1)
        return float(self._expected(self.fit_.parameters, Histories(zero, zero, zero, zero + 1), t)[0])

    def _expected(self, parameters: Vector, histories: Histories, t: float) -> Vector:
        if_alive, which = self._if_alive(parameters, histories)
        return np.asarray(self._alive(parameters, histories) * if_alive(t)[which])

    def _if_alive(self, parameters: Vector, histories: Histories) -> tuple[Callable[[float], Vector], Any]:
        """Purchases to expect in the next t of who is alive, once per (frequency, T), and which of these each has:
        recency says whether somebody is alive, not what they then do."""
        frequency, age, which = histories.standings
        return lambda t: self._expected_if_alive(parameters, frequency, age, t), which

    def _discounted(self, parameters: Vector, histories: Histories, horizon: float, rate: float) -> Vector:
        """Purchases to expect in the next `horizon`, each counted e^(−rate × when it happens).

        ∫ e^(−δt) dE(t) = e^(−δH) E(H) + δ ∫ e^(−δt) E(t) dt over 0 … H.
        """
        if_alive, which = self._if_alive(parameters, histories)
        total = math.exp(-rate * horizon) * if_alive(horizon)
        if rate > 0:
            nodes, weights = np.polynomial.legendre.leggauss(8)
            for at, weight in zip((nodes + 1) * horizon / 2, weights * horizon / 2, strict=True):
                total = total + rate * weight * math.exp(-rate * at) * if_alive(at)
        return np.asarray(total[which] * self._alive(parameters, histories))

    def _with_interval(
        self,
        name: str,
        prediction: Callable[[Vector], Vector],
        level: float | None,
        link: Callable[[Vector], Vector] = np.log,
        back: Callable[[Vector], Vector] = np.exp,
    ) -> dict[str, Vector]:
        value = prediction(self.fit_.parameters)
        if level is None:
            return {name: value}
        reach = normal_quantile(level) * self._spread(lambda p: link(prediction(p)))
        with np.errstate(divide="ignore"):  # the link of 0 or 1 is infinite, and comes back as 0 or 1
            middle = link(value)
        return {name: value, f"{name}_low": back(middle - reach), f"{name}_high": back(middle + reach)}

    def log_error(self, prediction: Callable[[Vector], Vector]) -> Vector:
        """Standard error of the logarithm of a prediction, by the uncertainty of the parameters."""
        return self._spread(lambda p: np.log(prediction(p)))

    def _spread(self, function: Callable[[Vector], Vector]) -> Vector:
        """Standard error of a function of the parameters, by the delta method on their logarithms."""
        parameters = self.fit_.parameters
        slopes = []
        with np.errstate(divide="ignore", invalid="ignore"):
            for place in range(len(parameters)):
                nudge = np.where(np.arange(len(parameters)) == place, NUDGE, 0.0)
                above, below = function(parameters * np.exp(nudge)), function(parameters * np.exp(-nudge))
                slopes.append(np.nan_to_num((above - below) / (2 * NUDGE), nan=0.0))
        gradient = np.array(slopes)
        variance = np.einsum("ik,ij,jk->k", gradient, self.fit_.log_covariance, gradient)
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)))


def check_time(t: Any) -> None:
    """A time ahead.

    Raises:
        SettingsError: not a number of 0 or more.
    """
    number = isinstance(t, int | float | np.integer | np.floating) and not isinstance(t, bool)
    if not (number and math.isfinite(t) and t >= 0):
        raise SettingsError(
            "A time ahead of {t} is not possible.",
            fix="Give a number of 0 or more, in the unit of time of the summary.",
            t=repr(t),
        )
