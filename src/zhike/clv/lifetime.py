"""Customer lifetime value: purchases to expect × what each is worth, discounted (`docs/models/clv.md`)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from zhike.assumptions import check_margin
from zhike.clv.bg_nbd import BGNBD
from zhike.clv.fitted import normal_quantile
from zhike.clv.gamma_gamma import GammaGamma
from zhike.clv.histories import KEYS, distinct, joined_back, settled
from zhike.clv.purchases import PurchaseModel, check_time
from zhike.errors import SettingsError
from zhike.facts.purchases import CENTS, is_number
from zhike.facts.repeat import purchase_days, summarise_days
from zhike.language import _, current_language, speaking
from zhike.tables import as_table, require

NEEDS = ("customer_id", *KEYS, "monetary")


def lifetime_value(
    orders: Any,
    *,
    observation_end: Any,
    horizon: float = 52,
    unit: str = "week",
    discount_rate: float = 0.0,
    margin: float = 1.0,
    model: PurchaseModel | None = None,
    spend: GammaGamma | None = None,
    interval: float | None = None,
) -> Any:
    """One row per customer with a purchase up to `observation_end`: what they are still worth, and in all.

    Args:
        orders: whatever `zhike.rfm` takes.
        observation_end: the last day that is looked at.
        horizon: how far ahead to look, in `unit`s.
        unit: "day", "week", "month" or "year"; a fitted `model` must have been fitted in it.
        discount_rate: per `unit`: .002 a week makes what comes in a year worth about 10 % less.
        margin: gross margin, 0–1; 1 gives revenue, not profit.
        model: a purchase model (`BGNBD()` when left out; `zhike.clv.choose` finds the best); fitted here if it is not.
        spend: a `GammaGamma`; fitted here if it is not.
        interval: a level such as .95 adds `residual_clv_low` and `residual_clv_high`.

    Returns:
        `customer_id`, `p_alive` (0–1), `expected_purchases` (in the horizon), `expected_spend` (per purchase),
        `residual_clv` (margin × spend × purchases to come, discounted), `total_clv` (`residual_clv` and margin × all
        that was spent so far). Money is NULL where the mean spend is not finite (`GammaGamma.expected_spend`).

    Raises:
        InputError: `orders` cannot be read, or hold too little to learn from.
        SettingsError: a setting outside what is allowed.
    """
    _check(horizon, discount_rate, margin)
    summary = summarise_days(purchase_days(orders, until=observation_end), until=observation_end, unit=unit)
    summary = settled(summary)
    model = BGNBD() if model is None else model
    spend = GammaGamma() if spend is None else spend
    for one in (model, spend):
        if one._fit is None:
            one.fit(summary)
    return score_lifetime_value(
        summary, model, spend, horizon=horizon, discount_rate=discount_rate, margin=margin, interval=interval
    )


def score_lifetime_value(
    summary: Any,
    model: PurchaseModel,
    spend: GammaGamma,
    *,
    horizon: float = 52,
    discount_rate: float = 0.0,
    margin: float = 1.0,
    interval: float | None = None,
) -> Any:
    """CLV of a `zhike.repeat_summary` with fitted models; `total_clv` only if the summary has a column `revenue`.

    The interval is that of the expectation: how far the uncertainty of both models' parameters moves it (delta method
    on the logarithm). What one customer will really bring in varies much more.
    """
    _check(horizon, discount_rate, margin)
    table = as_table(summary)
    require(table, NEEDS, "repeat_summary")
    keys, histories = distinct(table)
    parameters, rate = model.fit_.parameters, math.log1p(discount_rate)
    values = {
        "p_alive": model._alive(parameters, histories),
        "expected_purchases": model._expected(parameters, histories, horizon),
        "discounted": model._discounted(parameters, histories, horizon, rate),
    }
    if interval is not None:
        values["error"] = model.log_error(lambda p: model._discounted(p, histories, horizon, rate))
    joined = joined_back(table, keys, values, keep=("monetary", "frequency", "revenue"))
    expected = spend.spend(joined)
    residual = margin * expected * joined.discounted
    columns = {"expected_spend": expected.round(CENTS), "residual_clv": residual.round(CENTS)}
    if interval is not None:
        reach = normal_quantile(interval) * (joined.error**2 + spend.spend_error(joined) ** 2).sqrt()
        columns["residual_clv_low"] = (residual * (-reach).exp()).round(CENTS)
        columns["residual_clv_high"] = (residual * reach.exp()).round(CENTS)
    if "revenue" in table.columns:
        columns["total_clv"] = (residual + margin * joined.revenue).round(CENTS)
    return joined.select("customer_id", "p_alive", "expected_purchases", **columns)


def _check(horizon: Any, discount_rate: Any, margin: Any) -> None:
    check_time(horizon)
    if not (is_number(discount_rate) and discount_rate >= 0):
        raise SettingsError(
            "A discount rate of {rate} is not possible.",
            fix="Give it per unit of time as a share of 0 or more, for example 0.002 a week.",
            rate=repr(discount_rate),
        )
    check_margin(margin)


def explain_lifetime_value(
    row: Mapping[str, Any], *, horizon: float = 52, unit: str = "week", language: str | None = None
) -> str:
    """One row of `lifetime_value` (made with the same `horizon` and `unit`) in a sentence.

    >>> row = {"p_alive": 0.8, "expected_purchases": 2.5, "expected_spend": 40.0, "residual_clv": 90.0}
    >>> explain_lifetime_value(row)
    'Still a customer with a probability of 80 %; 2.5 purchases of 40.00 to expect in 52 weeks, worth 90.00 today.'
    """
    with speaking(language or current_language()):
        values = {
            "alive": f"{row['p_alive'] * 100:.0f}",
            "purchases": f"{row['expected_purchases']:,.1f}",
            "time": _time(horizon, unit),
        }
        if row["residual_clv"] is None:
            return _(
                "Still a customer with a probability of {alive} %; {purchases} purchases to expect in {time}. What "
                "they are worth cannot be said: spending differs too much between customers.",
                **values,
            )
        return _(
            "Still a customer with a probability of {alive} %; {purchases} purchases of {spend} to expect in {time}, "
            "worth {clv} today.",
            spend=f"{row['expected_spend']:,.2f}",
            clv=f"{row['residual_clv']:,.2f}",
            **values,
        )


def _time(length: float, unit: str) -> str:
    number = f"{length:g}"
    if unit == "day":
        return _("{number} days", number=number)
    if unit == "month":
        return _("{number} months", number=number)
    if unit == "year":
        return _("{number} years", number=number)
    return _("{number} weeks", number=number)
