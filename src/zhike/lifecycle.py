"""Where each customer is in their life with the company (`docs/models/lifecycle.md`).

Everything is measured against the customer's own rhythm: someone who buys weekly and has been away for a month is
leaving, someone who buys once a year is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis

from zhike.errors import SettingsError
from zhike.facts.purchases import check_window, days_ago, is_number, need, purchase_summary
from zhike.labels import STAGES, label, names, say
from zhike.language import _, current_language, speaking
from zhike.tables import as_table, require

NEEDS = (
    "customer_id",
    "orders",
    "purchase_days",
    "recency_days",
    "tenure_days",
    "monetary",
    "prior_monetary",
)
# The stages of who is slowing down or gone, and of who stays.
LEAVING, STAYING = ("maintenance", "churn"), ("growth", "maturity")
DEFAULT_RHYTHM_DAYS = 90.0  # only when no customer at all has come back: a quarter, the first border of the grid

STAGE4 = {
    "acquisition": "acquire",
    "growth": "develop",
    "maturity": "maintain",
    "maintenance": "retain",
    "churn": "retain",
}

STRATEGY = names(
    "strategy",
    acquisition="Win the second purchase: welcome, first-order follow-up, help with what was bought, a coupon for "
    "next time.",
    growth="Build the habit: recommend what fits, cross-sell, invite into the membership, reward the next order.",
    maturity="Keep and reward: exclusive service and benefits, early access, ask for opinions and referrals.",
    maintenance="Care before they leave: find out what is wrong, a personal contact, a reason to come back now.",
    churn="Win back the valuable, let the rest go cheaply: one strong offer, ask why they left, then stop paying for "
    "it.",
)


@dataclass(frozen=True)
class LifecycleSettings:
    """When a customer counts as slow, gone, settled, rising or falling; checked when made.

    `slow_after`, `churn_after`: days since the last purchase, in multiples of the customer's rhythm.
    `settled_after`: purchase days from which a regular customer is mature. `rise`, `fall`: spending per day in the
    window as a multiple of the window before.
    """

    slow_after: float = 1.5
    churn_after: float = 3.0
    settled_after: int = 4
    rise: float = 1.25
    fall: float = 0.5

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not is_number(value):
                raise SettingsError(
                    "{name} cannot be {value}.",
                    fix="Give a number; the default is {default}.",
                    name=name,
                    value=repr(value),
                    default=getattr(type(self), name),
                )
        if not 0 < self.slow_after < self.churn_after:
            raise SettingsError(
                "A customer cannot be slow after {slow} and gone after {churn} times their rhythm.",
                fix="Give slow_after above 0 and churn_after above slow_after; the defaults are 1.5 and 3.",
                slow=self.slow_after,
                churn=self.churn_after,
            )
        if self.settled_after < 2 or not 0 <= self.fall < 1 < self.rise:
            raise SettingsError(
                "The limits settled_after={settled}, rise={rise}, fall={fall} are not usable.",
                fix="Give settled_after of 2 or more, rise above 1 and fall from 0 to below 1.",
                settled=self.settled_after,
                rise=self.rise,
                fall=self.fall,
            )


def lifecycle(
    orders: Any,
    *,
    as_of: Any,
    slow_after: float = 1.5,
    churn_after: float = 3.0,
    settled_after: int = 4,
    rise: float = 1.25,
    fall: float = 0.5,
    window_days: int = 365,
) -> Any:
    """One row per customer with a purchase up to `as_of`: the stage and the evidence for it.

    `customer_id`, `stage` (acquisition, growth, maturity, maintenance, churn), `stage4` (acquire, develop,
    maintain, retain), `orders`, `purchase_days`, `recency_days`, `tenure_days`, `rhythm_days` (expected days
    between purchases), `overdue` (recency / rhythm), `monetary`, `prior_monetary` (net amount in the window and in
    the one before), `spend_trend` (their ratio per day; NULL without a comparable window before).

    Raises:
        InputError: `orders` cannot be read as orders.
        SettingsError: a setting outside what is allowed; the message says what is.

    >>> import pyarrow as pa
    >>> orders = pa.table({"customer_id": ["a", "a", "a", "b"], "order_id": [1, 2, 3, 4], "amount": [9.0] * 4,
    ...                    "ordered_at": ["2025-01-01", "2025-01-11", "2025-01-21", "2025-01-25"]})
    >>> lifecycle(orders, as_of="2025-01-31").order_by("customer_id").select(
    ...     "customer_id", "stage", "rhythm_days", "overdue").to_pyarrow().to_pylist()
    [{'customer_id': 'a', 'stage': 'growth', 'rhythm_days': 10.0, 'overdue': 1.0}, \
{'customer_id': 'b', 'stage': 'acquisition', 'rhythm_days': 10.0, 'overdue': 0.6}]
    """
    settings = LifecycleSettings(slow_after, churn_after, settled_after, rise, fall)
    summary = purchase_summary(orders, as_of=as_of, window_days=window_days, columns=NEEDS)
    return score_lifecycle(summary, settings, window_days=window_days)


def score_lifecycle(summary: Any, settings: LifecycleSettings | None = None, *, window_days: int = 365) -> Any:
    """Stages from a purchase summary made with the same `window_days`."""
    settings = settings or LifecycleSettings()
    customers = need(summary, NEEDS).select(*NEEDS)
    customers = customers.cross_join(_population_rhythm(customers))
    customers = customers.mutate(rhythm_days=_rhythm(customers), spend_trend=_trend(customers, window_days))
    customers = customers.mutate(overdue=(customers.recency_days / customers.rhythm_days).round(6))
    stage = _stage(customers, settings)
    staged = customers.mutate(stage=stage)
    return staged.select(
        "customer_id",
        "stage",
        stage4=ibis.cases(*((staged.stage == s, four) for s, four in STAGE4.items())),
        **{name: staged[name] for name in NEEDS[1:5]},
        rhythm_days=staged.rhythm_days,
        overdue=staged.overdue,
        monetary=staged.monetary,
        prior_monetary=staged.prior_monetary,
        spend_trend=staged.spend_trend,
    )


def _span(customers: Any) -> Any:
    """Days from the first to the last purchase."""
    return customers.tenure_days - customers.recency_days


def _population_rhythm(customers: Any) -> Any:
    """One row: the median, over customers who came back, of their mean gap between purchase days."""
    back = customers.filter(customers.purchase_days > 1)
    gap = _span(back) / (back.purchase_days - 1)
    return back.aggregate(population_rhythm=gap.quantile(0.5).fill_null(DEFAULT_RHYTHM_DAYS).round(6))


def _rhythm(customers: Any) -> Any:
    """The customer's mean gap, drawn towards the population's as if that were one more gap.

    (n·own + population) / (n + 1) with n gaps; n·own is the span, n + 1 the purchase days.
    """
    return ((_span(customers) + customers.population_rhythm) / customers.purchase_days).round(6)


def _trend(customers: Any, window_days: int) -> Any:
    """Spending per day in the window over that in the window before, of which half must be lived through."""
    window = check_window(window_days)
    lived = ibis.least(customers.tenure_days - window, window)
    comparable = (lived * 2 >= window) & (customers.prior_monetary > 0)
    ratio = (customers.monetary / window) / (customers.prior_monetary / lived.nullif(0)).nullif(0)
    return comparable.ifelse(ratio, None).round(6)


def _stage(customers: Any, settings: LifecycleSettings) -> Any:
    overdue, days, trend = customers.overdue, customers.purchase_days, customers.spend_trend
    return ibis.cases(
        (overdue >= settings.churn_after, "churn"),
        (days == 1, "acquisition"),
        ((overdue >= settings.slow_after) | (trend <= settings.fall).fill_null(False), "maintenance"),
        ((days < settings.settled_after) | (trend >= settings.rise).fill_null(False), "growth"),
        else_="maturity",
    )


def customer_moves(before: Any, after: Any) -> Any:
    """Who changed stage between two tables of stages: `customer_id, from_stage, to_stage`, only those who moved.

    `from_stage` is NULL for customers who are new, `to_stage` for customers who are no longer there.
    """
    joined = _side_by_side(before, after)
    return joined.filter(~joined.from_stage.identical_to(joined.to_stage))


def stage_moves(before: Any, after: Any) -> Any:
    """How many went from which stage to which: `from_stage, to_stage, customers`, those who stayed included.

    `before` and `after` are tables with `customer_id` and `stage`, such as `lifecycle` of two dates; `from_stage`
    is NULL for new customers.
    """
    joined = _side_by_side(before, after)
    return joined.group_by("from_stage", "to_stage").aggregate(customers=joined.count())


def _side_by_side(before: Any, after: Any) -> Any:
    old, new = as_table(before), as_table(after)
    for table in (old, new):
        require(table, ("customer_id", "stage"), "stages")
    old = old.select(old_id=old.customer_id, from_stage=old.stage)
    new = new.select(new_id=new.customer_id, to_stage=new.stage)
    joined = old.outer_join(new, old.old_id == new.new_id)
    return joined.select(
        customer_id=ibis.coalesce(joined.new_id, joined.old_id),
        from_stage=joined.from_stage,
        to_stage=joined.to_stage,
    )


def explain_lifecycle(row: Mapping[str, Any], *, language: str | None = None) -> str:
    """One row of `lifecycle` in a sentence: the stage, and why."""
    with speaking(language or current_language()):
        stage = label("stage", row["stage"]) if row["stage"] in STAGES else row["stage"]
        values = {
            "stage": stage,
            "orders": f"{row['orders']:,}",
            "ago": days_ago(row["recency_days"]),
            "rhythm": f"{row['rhythm_days']:,.0f}",
            "overdue": f"{row['overdue']:.1f}",
        }
        if row["purchase_days"] == 1:
            said = _(
                "{stage}: bought on one day so far, {ago}; customers here usually come back after "
                "{rhythm} days, so that is {overdue} times the usual gap.",
                **values,
            )
        else:
            said = _(
                "{stage}: {orders} purchases, usually one every {rhythm} days; the last was {ago}, "
                "{overdue} times the usual gap.",
                **values,
            )
        if row.get("spend_trend") is not None:
            percent = f"{row['spend_trend'] * 100:,.0f}"
            said += _(" Spending per day is {percent} % of the period before.", percent=percent)
        return said


def strategy(stage: str, *, never_purchased: bool = False, language: str | None = None) -> str:
    """The strategy that fits the stage; `never_purchased`: of a customer who has yet to buy, or returned it all.

    Raises:
        SettingsError: there is no such stage.
    """
    if stage not in STRATEGY:
        raise SettingsError(
            "There is no lifecycle stage {stage}.",
            fix="Use one of: {known}.",
            stage=repr(stage),
            known=", ".join(STAGES),
        )
    if never_purchased:
        with speaking(language or current_language()):
            return _(
                "Win a first purchase: welcome them, help them choose, a small offer for the first order; if they "
                "returned everything, ask why first."
            )
    return say(STRATEGY[stage], language)
