"""The probability of no purchase in the next N days from when customers bought, by a purchase model of `zhike.clv`.

For a company too young or too small to learn from who left. Given that a customer is still there after x repeat
purchases in T, their rate is Gamma(r + x, α + T) (Fader, Hardie & Lee 2005, equation 7's numerator: leaving happens
right after a purchase, so it does not bear on the rate), and

  P(no purchase in t) = 1 − P(alive) · (1 − ((α + T)/(α + T + t))^(r + x)).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np

from zhike.churn.candidates import BASE_RATE, PURCHASES
from zhike.churn.definition import left_after
from zhike.churn.evaluation import Evaluation, evaluate
from zhike.churn.sources import Sources
from zhike.churn.validation import rarer
from zhike.clv.bg_nbd import BGNBD
from zhike.clv.mbg_nbd import MBGNBD
from zhike.errors import InputError
from zhike.facts.repeat import repeat_summary

UNIT, UNIT_DAYS = "week", 7
# Fewer customers who left (or stayed) prove nothing either way.
ENOUGH = 20
Model = BGNBD | MBGNBD


@dataclass(frozen=True)
class Silent:
    """A purchase model fitted to everything, and what one fitted to the past got on the `days` after it."""

    model: Model
    evaluation: Evaluation
    cut: dt.date


def learn_silence(orders: Any, as_of: dt.date, days: int) -> Silent:
    """A purchase model for "no purchase in `days` days", tested on the last `days` days.

    Args:
        orders: whatever `zhike.rfm` takes.

    Raises:
        InputError: `orders` hold too little to fit a model, or too few left or stayed to test one.
    """
    sources = Sources.of(orders, as_of)
    cut = as_of - dt.timedelta(days=days)
    past = sources.until(cut).orders
    fitted = _best(repeat_summary(past, observation_end=cut, unit=UNIT))
    asked = silence(fitted, past, cut, days, within=days)
    answers = asked.inner_join(left_after(sources, cut, days), "customer_id").order_by("customer_id").to_pyarrow()
    left = np.asarray(answers["left"].cast("float64").to_numpy(), dtype=np.float64)
    if rarer(left) < ENOUGH:
        raise InputError(
            "In the last {days} days {left} of {customers} customers left: too few of one kind to test a model on.",
            fix="Until then go by each customer's own rhythm.",
            days=days,
            left=f"{int(left.sum()):,}",
            customers=f"{len(left):,}",
        )
    p = np.asarray(answers["churn_probability"].to_numpy(), dtype=np.float64)
    evaluation = evaluate(
        chosen=PURCHASES,
        calibration="none",
        how="time",
        left=left,
        p=p,
        # In hindsight: a harder rival than any that could have been asked on the day.
        by_candidate={BASE_RATE: np.full(len(left), left.mean()), PURCHASES: p},
        rarer=rarer(left),
    )
    return Silent(_best(repeat_summary(sources.orders, observation_end=as_of, unit=UNIT)), evaluation, cut)


def silence(model: Model, orders: Any, as_of: dt.date, days: int, *, within: int) -> Any:
    """`customer_id, churn_probability` of those who bought within the last `within` days: that no purchase follows in
    the next `days` days."""
    summary = repeat_summary(orders, observation_end=as_of, unit=UNIT)
    summary = summary.filter((summary["T"] - summary.recency) * UNIT_DAYS < within - 0.5)
    alive = model.p_alive(summary)
    joined = summary.inner_join(alive, "customer_id")
    rate, shape = joined["T"] + model.params_["alpha"], joined.frequency + model.params_["r"]
    waits = (rate / (rate + days / UNIT_DAYS)) ** shape
    return joined.select("customer_id", churn_probability=1 - joined.p_alive * (1 - waits))


def _best(summary: Any) -> Model:
    """Of the models that leave an answer in closed form the one under which the past is likelier."""
    fitted: list[Model] = [model().fit(summary) for model in (BGNBD, MBGNBD)]
    return max(fitted, key=lambda model: model.loglik_)
