"""What the features of `zhike.churn.features` mean to a person: topics, and a sentence for each.

Several features tell one story (no order for long, none last month, twice the usual gap): a reason tells it once, by
the feature that says most.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from zhike.labels import label, names, say
from zhike.language import _

Row = Mapping[str, Any]

_BEGINNINGS = {
    "silence": ("recency_days", "overdue", "rhythm_days", "gap_"),
    "activity": ("orders_", "purchase_days"),
    "spending": ("money_", "order_value"),
    "tenure": ("tenure_days",),
    "variety": ("products_", "categories_", "basket_"),
    "returns": ("returns_", "returned_"),
    "contact": ("interactions_", "carts_", "competitor_", "interaction_"),
    "service": ("tickets_", "complaints_", "ticket_"),
    "opinion": ("nps", "csat", "feedback_"),
}
# Features that are told with others of the customer's own numbers: as a logarithm or a ratio they tell nobody anything.
STORIES = {
    "overdue": ("recency_days", "purchase_days", "rhythm_days"),
    "orders_trend": ("orders_90", "orders_180"),
    "money_trend": ("money_90", "money_180"),
    "interactions_trend": ("interactions_90", "interactions_180"),
}
# How evenly somebody buys weighs in a model, and no number of it says anything to a person.
UNSAID = frozenset({"gap_sd"})
TOPICS = tuple(_BEGINNINGS)
# The features that a rule can be read from, and a reason where it has no story.
NAMES = names(
    "churn_feature",
    recency_days="days since the last order",
    tenure_days="days since the first order",
    purchase_days="days with an order",
    rhythm_days="usual days between orders",
    overdue="times the usual pause",
    gap_longest="longest pause, days",
    orders_30="orders in 30 days",
    orders_90="orders in 90 days",
    orders_180="orders in 180 days",
    orders_365="orders in a year",
    orders_all="orders in all",
    money_30="spent in 30 days",
    money_90="spent in 90 days",
    money_180="spent in 180 days",
    money_365="spent in a year",
    money_all="spent in all",
    order_value="mean order",
    returns_365="returns in a year",
    products_all="different products",
    products_365="different products in a year",
    basket_lines="lines per order",
    interactions_30="interactions in 30 days",
    interactions_90="interactions in 90 days",
    interactions_180="interactions in 180 days",
    interactions_365="interactions in a year",
    interaction_days="days since the last interaction",
    carts_90="carts in 90 days",
    competitor_90="signs of competitors in 90 days",
    tickets_90="tickets in 90 days",
    tickets_365="tickets in a year",
    complaints_365="complaints in a year",
    ticket_csat="satisfaction with tickets",
    feedback_365="answers in a year",
    feedback_bad_365="bad answers in a year",
    nps="likelihood to recommend",
    csat="satisfaction",
)


def feature_name(feature: str) -> str:
    """What people call a feature; one that is not ours keeps its name.

    >>> feature_name("recency_days"), feature_name("MonthlyCharges")
    ('days since the last order', 'MonthlyCharges')
    """
    return say(NAMES[feature]) if feature in NAMES else feature


def risk_sentence(row: Row, *, days: int, contract: bool) -> str:
    """How likely the customer is to leave, in a sentence.

    Args:
        row: a row of scores, with `churn_risk` and `churn_probability`.
        days: the days without a purchase that count as leaving.
        contract: whether a column says who has left.
    """
    risk = label("churn_risk", row["churn_risk"])
    if row["churn_risk"] == "gone":
        if contract:
            return _("{risk}: the customers' list says so.", risk=risk)
        return _("{risk}: no purchase for {days} days or more.", risk=risk, days=days)
    if row["churn_probability"] is None:
        return _("{risk} of leaving, by their own rhythm; no probability could be tested.", risk=risk)
    percent = f"{row['churn_probability'] * 100:.0f}"
    if contract:
        return _("{risk} of leaving: {percent} %.", risk=risk, percent=percent)
    return _(
        "{risk} of leaving: {percent} % that no purchase follows in {days} days.", risk=risk, percent=percent, days=days
    )


def topic_of(feature: str) -> str | None:
    """The story a feature tells; None for one that is not ours.

    >>> topic_of("orders_90"), topic_of("MonthlyCharges")
    ('activity', None)
    """
    return next((topic for topic, starts in _BEGINNINGS.items() if feature.startswith(starts)), None)


def reason_sentence(reason: Row) -> str | None:
    """A kept reason (`zhike.churn.explained`) in words: the customer's value, and what customers with a like value did.

    None where it was kept by an older Zhike, without the feature that tells it.
    """
    by = reason.get("by")
    if by is None:
        # By the customer's own rhythm alone, where nothing is known of others.
        return _silence(reason) if all(name in reason for name in STORIES["overdue"]) else None
    if by in STORIES and all(reason.get(name) is not None for name in STORIES[by]):
        return _with_others(_TELL[by](reason), reason)
    return _plain(by, reason)


def _with_others(said: str, reason: Row) -> str:
    if reason["left"] is None:
        return said
    return _("{said} Of such customers {left} left, of all {all}.", said=said, **_shares(reason))


def _plain(by: str, reason: Row) -> str:
    value, column = reason["value"], feature_name(by)
    if by in NAMES:
        column = column[:1].upper() + column[1:]
    said = value if isinstance(value, str) else _("not known") if value is None else number(value)
    if reason["left"] is None:
        return _("{column}: {value}.", column=column, value=said)
    values = {"column": column, "value": said, **_shares(reason)}
    if isinstance(value, str) or reason["low"] == reason["high"]:
        return _("{column}: {value}. Of such customers {left} left, of all {all}.", **values)
    if reason["low"] is None:
        values["high"] = number(reason["high"])
        return _("{column}: {value}. Of customers with at most {high}, {left} left, of all {all}.", **values)
    if reason["high"] is None:
        values["low"] = number(reason["low"])
        return _("{column}: {value}. Of customers with at least {low}, {left} left, of all {all}.", **values)
    return _(
        "{column}: {value}. Of customers with {low} to {high}, {left} left, of all {all}.",
        low=number(reason["low"]),
        high=number(reason["high"]),
        **values,
    )


def _shares(reason: Row) -> dict[str, str]:
    digits = digits_of(reason["all"]) - 2
    return {name: f"{reason[name]:.{digits}%}" for name in ("left", "all")}


def digits_of(rate: float) -> int:
    """To how many digits shares beside this one are told: where few leave, a tenth of a per cent tells them apart."""
    return 2 if rate >= 0.1 else 3


def number(value: float) -> str:
    """A number as people write it: no more digits than tell something.

    >>> number(1234.5), number(0.25), number(3.0)
    ('1,234', '0.25', '3')
    """
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def _silence(row: Row) -> str:
    days = number(row["recency_days"])
    if row["purchase_days"] > 1:
        return _(
            "Days without an order: {days} (usually {rhythm}).",
            days=days,
            rhythm=number(round(row["rhythm_days"])),
        )
    return _(
        "Days without an order after one day of buying: {days} (customers here usually come back after {rhythm}).",
        days=days,
        rhythm=number(round(row["rhythm_days"])),
    )


def _orders(row: Row) -> str:
    now, before = _now_and_before(row, "orders")
    return _("Orders in the last 90 days: {now}; in the 90 before: {before}.", now=now, before=before)


def _money(row: Row) -> str:
    now, before = _now_and_before(row, "money")
    return _("Spent in the last 90 days: {now}; in the 90 before: {before}.", now=now, before=before)


def _interactions(row: Row) -> str:
    now, before = _now_and_before(row, "interactions")
    return _("{now} interactions in the last 90 days, {before} in the 90 before.", now=now, before=before)


def _now_and_before(row: Row, what: str) -> tuple[str, str]:
    return number(row[f"{what}_90"]), number(row[f"{what}_180"] - row[f"{what}_90"])


_TELL: dict[str, Callable[[Row], str]] = {
    "overdue": _silence,
    "orders_trend": _orders,
    "money_trend": _money,
    "interactions_trend": _interactions,
}
