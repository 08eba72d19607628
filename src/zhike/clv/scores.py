"""The value to come of every customer, as the refresh scores it, with the test of the model it comes from."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis

from zhike.clv.choose import Choice, choose
from zhike.clv.lifetime import lifetime_value
from zhike.errors import InputError
from zhike.language import speaking
from zhike.proof import LANGUAGES, Proof

SUBJECT = "clv"
UNIT, UNIT_DAYS = "week", 7
YEAR_WEEKS = 365 / UNIT_DAYS
# Fewer customers who came back than this tell one model from another by chance.
ENOUGH_RETURNING = 50
COLUMNS = ("p_alive", "expected_purchases", "expected_spend", "residual_clv")


def score_expectations(
    orders: Any, summary: Any, *, as_of: dt.date, horizon_days: int, discount_rate: float, margin: float
) -> tuple[Any, Proof]:
    """One row per customer with the columns `COLUMNS`, by the model that did best on held-out purchases, and its test.

    Args:
        orders: net of refunds, as `zhike.rfm` takes them.
        summary: their `purchase_summary`.
        as_of: the last day that is looked at.
        horizon_days: how far ahead to look.
        discount_rate: per year, as a share.
        margin: gross margin; 1 gives revenue.

    Where no model can be fitted the columns are NULL, and the proof says why: CLV by formula is then what there is.
    """
    returning = summary.count(where=summary.purchase_days > 1).to_pyarrow().as_py()
    try:
        if returning < ENOUGH_RETURNING:
            raise InputError(
                "{n} customers bought on more than one day; to expect purchases of single customers takes {enough}.",
                fix="Until then go by the value by formula.",
                n=returning,
                enough=ENOUGH_RETURNING,
            )
        choice = choose(orders, observation_end=as_of, unit=UNIT)
        scores = lifetime_value(
            orders,
            observation_end=as_of,
            horizon=horizon_days / UNIT_DAYS,
            unit=UNIT,
            discount_rate=(1 + discount_rate) ** (1 / YEAR_WEEKS) - 1,
            margin=margin,
            model=choice.model,
        )
    except InputError as wrong:
        nothing = summary.select("customer_id", **{name: ibis.null("float64") for name in COLUMNS})
        return nothing, Proof(SUBJECT, model="", measure="rmse", reasons=_said(wrong))
    return scores.select("customer_id", *COLUMNS), _proof(choice)


def _proof(choice: Choice) -> Proof:
    chosen = choice.chosen
    return Proof(
        SUBJECT,
        model=chosen.name,
        measure="rmse",
        error=chosen.rmse,
        baseline=choice.baseline.rmse,
        cut=choice.calibration_end,
        end=choice.observation_end,
        customers=choice.customers,
        expected=chosen.expected,
        actual=choice.actual,
        groups=choice.groups,
        reasons={language: choice.why(language) for language in LANGUAGES},
        details={
            "parameters": dict(choice.model.params_),
            "contenders": {c.name: c.rmse for c in choice.contenders if not c.reason},
        },
    )


def _said(wrong: InputError) -> dict[str, str]:
    said = {}
    for language in LANGUAGES:
        with speaking(language):
            said[language] = str(wrong)
    return said
