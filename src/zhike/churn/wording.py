"""What the features of `zhike.churn.features` mean to a person: topics, and a sentence for each.

Several features tell one story (no order for long, none last month, twice the usual gap): a reason tells it once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

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
            "No order for {days} days (usually one every {rhythm}).",
            days=days,
            rhythm=number(round(row["rhythm_days"])),
        )
    return _(
        "No order for {days} days, after buying on one day only (customers here usually come back after {rhythm}).",
        days=days,
        rhythm=number(round(row["rhythm_days"])),
    )


def _activity(row: Row) -> str:
    now, before = row["orders_90"], row["orders_180"] - row["orders_90"]
    return _("{now} orders in the last 90 days, {before} in the 90 before.", now=number(now), before=number(before))


def _spending(row: Row) -> str:
    now, before = row["money_90"], row["money_180"] - row["money_90"]
    return _("{now} spent in the last 90 days, {before} in the 90 before.", now=number(now), before=number(before))


def _tenure(row: Row) -> str:
    return _("A customer for {days} days.", days=number(row["tenure_days"]))


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
