"""The value to come of every customer, as the refresh scores it, with the test of the model it comes from."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

import ibis

from zhike.clv.choose import Choice, choose_by_days
from zhike.clv.gamma_gamma import GammaGamma
from zhike.clv.histories import settled
from zhike.clv.lifetime import score_lifetime_value
from zhike.clv.tracking import track_days
from zhike.errors import InputError
from zhike.facts.repeat import purchase_days, summarise_days
from zhike.language import speaking
from zhike.proof import LANGUAGES, Proof
from zhike.workbench import Workbench

SUBJECT = "clv"
UNIT, UNIT_DAYS = "week", 7
YEAR_WEEKS = 365 / UNIT_DAYS
# Fewer customers who came back than this tell one model from another by chance.
ENOUGH_RETURNING = 50
COLUMNS = ("p_alive", "expected_purchases", "expected_spend", "residual_clv")


def score_expectations(
    orders: Any,
    summary: Any,
    *,
    as_of: dt.date,
    horizon_days: int,
    discount_rate: float,
    margin: float,
    bench: Workbench | None = None,
) -> tuple[Any, Proof]:
    """One row per customer with the columns `COLUMNS`, by the model that did best on held-out purchases, and its test.

    Args:
        orders: net of refunds, as `zhike.rfm` takes them.
        summary: their `purchase_summary`.
        as_of: the last day that is looked at.
        horizon_days: how far ahead to look.
        discount_rate: per year, as a share.
        margin: gross margin; 1 gives revenue.
        bench: where to keep what is read several times.

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
        days = purchase_days(orders, until=as_of)
        # Four fits, a test and a plot read them.
        days = days if bench is None else bench.materialised(days, "purchase_days")
        choice = choose_by_days(days, observation_end=as_of, unit=UNIT)
        histories = settled(summarise_days(days, until=as_of, unit=UNIT))
        scores = score_lifetime_value(
            histories,
            choice.model,
            GammaGamma().fit(histories),
            horizon=horizon_days / UNIT_DAYS,
            discount_rate=(1 + discount_rate) ** (1 / YEAR_WEEKS) - 1,
            margin=margin,
        )
    except InputError as wrong:
        nothing = summary.select("customer_id", **{name: ibis.null("float64") for name in COLUMNS})
        return nothing, Proof(SUBJECT, model="", measure="rmse", reasons=_said(wrong))
    return scores.select("customer_id", *COLUMNS), _proof(choice, days)


def _proof(choice: Choice, days: Any) -> Proof:
    chosen, money = choice.chosen, choice.money
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
        # What is told is money: it must hold there too.
        sure=None if money is None else money.holds,
        reasons={language: choice.why(language) for language in LANGUAGES},
        details={
            "parameters": dict(choice.model.params_),
            "contenders": {c.name: c.rmse for c in choice.contenders if not c.reason},
            "money": None if money is None else asdict(money),
            "tracking": _tracked(choice, days),
        },
    )


def _tracked(choice: Choice, days: Any) -> dict[str, list[Any]]:
    """Purchases of all customers together since the first day, as they came and as they were expected."""
    ends = {"calibration_end": choice.calibration_end, "observation_end": choice.observation_end}
    told = track_days(days, choice.tested, **ends, unit=UNIT, step=None).to_pydict()
    return {
        "until": [day.isoformat() for day in told["until"]],
        "actual": told["actual"],
        "expected": [round(value, 1) for value in told["expected"]],
    }


def _said(wrong: InputError) -> dict[str, str]:
    said = {}
    for language in LANGUAGES:
        with speaking(language):
            said[language] = str(wrong)
    return said
