"""Which purchase model fits a company's customers: fitted to the earlier part of their past, tested on the later.

The test is the purchases of each customer after the cut against what was expected of them (root mean squared error,
which an honest expectation makes smallest), beside two answers that need no model: everybody does what they did in the
last period of the same length, and everybody does what the average customer then did.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zhike.clv.bg_nbd import BGNBD
from zhike.clv.fitted import Vector
from zhike.clv.histories import KEYS, Histories, settled
from zhike.clv.mbg_nbd import MBGNBD
from zhike.clv.money import MoneyTest, money_test
from zhike.clv.pareto_nbd import ParetoNBD
from zhike.clv.purchases import PurchaseModel
from zhike.errors import InputError
from zhike.facts.repeat import hold_out, purchase_days, summarise_days, unit_days
from zhike.language import _, current_language, speaking
from zhike.proof import Group, in_groups
from zhike.tables import as_date

HELD_OUT = 1 / 3  # of the time there is data for
SAME_AGAIN = "same_again"
AVERAGE = "average"
MODELS: tuple[type[PurchaseModel], ...] = (BGNBD, MBGNBD, ParetoNBD)
# Errors closer than this are the same: the first in the order above is then chosen, being the simplest.
TIE = 1.001


@dataclass(frozen=True)
class Contender:
    """One model, or an answer without one, on the held-out period: `rmse` and `mae` in purchases per customer,
    `expected` purchases of all customers together. `reason` says why a model could not be fitted."""

    name: str
    rmse: float = float("nan")
    mae: float = float("nan")
    expected: float = float("nan")
    reason: str = ""


@dataclass(frozen=True)
class Choice:
    """The model chosen, fitted to all the data, with what it was chosen by: the errors of all `contenders`, and of the
    model chosen what it expected and what came of each tenth of the customers (`groups`), also in `money` (None where
    what a purchase is worth cannot be learnt). `tested` is the same model as it was tested: fitted up to the cut.
    """

    model: PurchaseModel
    tested: PurchaseModel
    contenders: tuple[Contender, ...]
    calibration_end: dt.date
    observation_end: dt.date
    customers: int
    actual: float
    groups: tuple[Group, ...]
    money: MoneyTest | None = None

    @property
    def chosen(self) -> Contender:
        return self._named(self.model.title)

    @property
    def baseline(self) -> Contender:
        """The better of the two answers without a model."""
        return min((self._named(SAME_AGAIN), self._named(AVERAGE)), key=lambda c: c.rmse)

    @property
    def beats_baseline(self) -> bool:
        """Whether the model was nearer than both answers without one. If not, its scores are not to be trusted."""
        return self.chosen.rmse < self.baseline.rmse

    @property
    def holds(self) -> bool:
        """The same, in purchases and, where it can be tested, in money."""
        return self.beats_baseline and (self.money is None or self.money.holds)

    def _named(self, name: str) -> Contender:
        return next(c for c in self.contenders if c.name == name)

    def why(self, language: str | None = None) -> str:
        """The choice in a few sentences: what was tried, on what, and how it compares with using no model."""
        with speaking(language or current_language()):
            return " ".join(part for part in (self._test(), self._others(), self._verdict()) if part)

    def _test(self) -> str:
        return _(
            "{model} was chosen: fitted up to {cut} and tested on the {days} days after it, its expectation for each "
            "of {customers} customers was off by {error} purchases (root mean square); it expected {expected} in all, "
            "and there were {actual}.",
            model=self.chosen.name,
            cut=self.calibration_end.isoformat(),
            days=(self.observation_end - self.calibration_end).days,
            customers=f"{self.customers:,}",
            error=f"{self.chosen.rmse:.3f}",
            expected=f"{self.chosen.expected:,.0f}",
            actual=f"{self.actual:,.0f}",
        )

    def _others(self) -> str:
        baselines = (SAME_AGAIN, AVERAGE)
        others = [c for c in self.contenders if c.name not in (*baselines, self.chosen.name)]
        said = [
            f"{c.name} {c.rmse:.3f}" if not c.reason else _("{model} could not be fitted", model=c.name) for c in others
        ]
        return _("The others: {others}.", others=", ".join(said)) if said else ""

    def _verdict(self) -> str:
        values = {"error": f"{self.baseline.rmse:.3f}", "baseline": _baseline_name(self.baseline.name)}
        if self.holds:
            return _("Without a model ({baseline}) the error is {error}.", **values)
        if self.beats_baseline:
            return _(
                "Without a model ({baseline}) the error is {error}. In money the model is not nearer: do not rely on "
                "the amounts it says of single customers.",
                **values,
            )
        return _(
            "Without a model ({baseline}) the error is {error}, no larger: do not rely on what this model says of "
            "single customers.",
            **values,
        )


def _baseline_name(name: str) -> str:
    if name == SAME_AGAIN:
        return _("everybody buys as often as in the last period of that length")
    return _("everybody buys as often as the average customer did")


def choose(
    orders: Any,
    *,
    observation_end: Any,
    calibration_end: Any = None,
    unit: str = "week",
    models: Sequence[type[PurchaseModel]] = MODELS,
) -> Choice:
    """The model whose expectations came nearest to what customers did in a period it had not seen.

    Args:
        orders: whatever `zhike.rfm` takes.
        observation_end: the last day that is looked at.
        calibration_end: the last day the models are shown; when left out, the last third of the time is held out.
        unit: of time: "day", "week", "month" or "year".
        models: which to try; of those that do equally well the first is taken.

    Raises:
        InputError: `orders` cannot be read, or hold too little for any of the models.
        SettingsError: no dates, or not in order.
    """
    days = purchase_days(orders, until=observation_end)
    return choose_by_days(
        days, observation_end=observation_end, calibration_end=calibration_end, unit=unit, models=models
    )


def choose_by_days(
    days: Any,
    *,
    observation_end: Any,
    calibration_end: Any = None,
    unit: str = "week",
    models: Sequence[type[PurchaseModel]] = MODELS,
) -> Choice:
    """`choose` for who has the `purchase_days` up to `observation_end` already."""
    end = as_date(observation_end)
    cut = _cut(days, end) if calibration_end is None else as_date(calibration_end)
    held = settled(hold_out(days, calibration_end=cut, observation_end=end, unit=unit))
    kinds = held.group_by(*KEYS, "held_out", "previous").aggregate(customers=held.count()).to_pyarrow()
    columns = [np.asarray(kinds[name].to_numpy(), dtype=np.float64) for name in kinds.column_names]
    histories, actual, previous = Histories(columns[0], columns[1], columns[2], columns[5]), columns[3], columns[4]
    length = (end - cut).days / unit_days(unit)
    tried = [_tried(model, histories, length, actual) for model in models]
    fitted = [one for one in tried if isinstance(one, _Tested)]
    contenders = [one.contender if isinstance(one, _Tested) else one for one in tried]
    if not fitted:
        raise InputError(
            "None of the models can be fitted to the customers up to {cut}: {reason}",
            fix="Give a later calibration end, or more data.",
            cut=cut.isoformat(),
            reason=contenders[0].reason,
        )
    best = min(one.contender.rmse for one in fitted)
    chosen = next(one for one in fitted if one.contender.rmse <= best * TIE)
    weights = histories.customers
    average = np.full(len(actual), np.average(previous, weights=weights))
    contenders += [_judged(SAME_AGAIN, previous, histories, actual), _judged(AVERAGE, average, histories, actual)]
    return Choice(
        model=type(chosen.model)().fit(summarise_days(days, until=end, unit=unit)),
        tested=chosen.model,
        contenders=tuple(contenders),
        calibration_end=cut,
        observation_end=end,
        customers=int(weights.sum()),
        actual=float(weights @ actual),
        groups=in_groups(chosen.expected, actual, weights),
        money=money_test(held, chosen.model, length),
    )


def _cut(days: Any, end: dt.date) -> dt.date:
    """The day that leaves the last third of the time held out."""
    first = days.day.min().to_pyarrow().as_py()
    length = 0 if first is None else (end - first).days
    if length < 3:
        raise InputError(
            "There are {days} days of orders up to {end}: too few to hold some out for a test.",
            fix="Give a later day, or more data.",
            days=max(length, 0),
            end=end.isoformat(),
        )
    return end - dt.timedelta(days=max(1, round(length * HELD_OUT)))


@dataclass(frozen=True)
class _Tested:
    """A contender with the model that was fitted up to the cut, and what it expects of each history."""

    contender: Contender
    model: PurchaseModel
    expected: Vector


def _tried(model: type[PurchaseModel], histories: Histories, length: float, actual: Vector) -> _Tested | Contender:
    try:
        fitted = model()._fit_to(histories)
    except InputError as error:
        return Contender(model.title, reason=str(error))
    expected = fitted._expected(fitted.fit_.parameters, histories, length)
    return _Tested(_judged(model.title, expected, histories, actual), fitted, expected)


def _judged(name: str, expected: Vector, histories: Histories, actual: Vector) -> Contender:
    weights, missed = histories.customers, expected - actual
    rmse = float(np.sqrt(np.average(missed**2, weights=weights)))
    return Contender(name, rmse, float(np.average(np.abs(missed), weights=weights)), float(weights @ expected))
