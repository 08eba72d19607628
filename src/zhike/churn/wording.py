"""What the features of `zhike.churn.features` mean to a person: topics, and a sentence for each.

Several features tell one story (no order for long, none last month, twice the usual gap): a reason tells it once.
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
# What a topic is told with.
TOLD_WITH = {
    "silence": ("recency_days", "purchase_days", "rhythm_days"),
    "activity": ("orders_90", "orders_180", "orders_all"),
    "spending": ("money_90", "money_180", "money_all"),
    "tenure": ("tenure_days",),
    "variety": ("products_365",),
    "returns": ("returns_365",),
    "contact": ("interactions_90", "interactions_180"),
    "service": ("tickets_365", "complaints_365"),
    "opinion": ("nps", "csat"),
}
# The features that a rule can be read from; the others (logarithms, deviations) tell a person nothing.
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


def topic_sentence(topic: str, row: Row) -> str | None:
    """The story with this customer's numbers; None when the row does not have what it takes to tell it."""
    try:
        return _SENTENCES[topic](row)
    except (KeyError, TypeError):
        return None


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


def _activity(row: Row) -> str:
    now, before = row["orders_90"], row["orders_180"] - row["orders_90"]
    return _(
        "Orders so far: {all}; in the last 90 days {now}, in the 90 before {before}.",
        all=number(row["orders_all"]),
        now=number(now),
        before=number(before),
    )


def _spending(row: Row) -> str:
    now, before = row["money_90"], row["money_180"] - row["money_90"]
    return _(
        "{all} spent so far: {now} in the last 90 days, {before} in the 90 before.",
        all=number(row["money_all"]),
        now=number(now),
        before=number(before),
    )


def _tenure(row: Row) -> str:
    return _("Days as a customer: {days}.", days=number(row["tenure_days"]))


def _variety(row: Row) -> str:
    return _("{products} different products bought in the last year.", products=number(row["products_365"]))


def _returns(row: Row) -> str:
    return _("{returns} returns in the last year.", returns=number(row["returns_365"]))


def _contact(row: Row) -> str:
    now, before = row["interactions_90"], row["interactions_180"] - row["interactions_90"]
    return _(
        "{now} interactions in the last 90 days, {before} in the 90 before.", now=number(now), before=number(before)
    )


def _service(row: Row) -> str:
    return _(
        "{tickets} tickets in the last year, {complaints} of them complaints.",
        tickets=number(row["tickets_365"]),
        complaints=number(row["complaints_365"]),
    )


def _opinion(row: Row) -> str:
    if row.get("nps") is not None:
        return _("Likelihood to recommend of {score} out of 10 in the last year.", score=number(row["nps"]))
    return _("Satisfaction of {score} out of 5 in the last year.", score=number(row["csat"]))


_SENTENCES: dict[str, Callable[[Row], str]] = {
    "silence": _silence,
    "activity": _activity,
    "spending": _spending,
    "tenure": _tenure,
    "variety": _variety,
    "returns": _returns,
    "contact": _contact,
    "service": _service,
    "opinion": _opinion,
}
