"""Conditions on what customers did: bought this at least twice, complained in the last 90 days, never answered.

    {"event": "purchase", "test": "at_least", "value": 2, "within_days": 90,
     "where": [{"detail": "category", "test": "contains", "value": "tea"}]}

A condition is read from JSON once, which refuses what it does not know. `zhike.segments.events` answers it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from zhike.errors import InputError

MOST_OFTEN = 100_000
MOST_DAYS = 36_500
DETAILS_AT_MOST = 5
TEXT_LENGTH = 200


@dataclass(frozen=True)
class Event:
    """A kind of thing that customers do, and where it is written down.

    Args:
        table: a contract, or "purchases": orders net of what was taken back (`zhike.pipeline.purchases`).
        moment: the column that dates it; empty where a date says nothing.
        details: what one can ask about it → the columns that say so; one of them has to.
        line_details: likewise, of the lines of an order.
        amount: the column with money; empty where there is none.
    """

    table: str
    moment: str
    details: Mapping[str, tuple[str, ...]]
    line_details: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    amount: str = ""

    @property
    def tests(self) -> tuple[str, ...]:
        """How often, or for how much."""
        return ("at_least", "at_most", "none", "amount_at_least") if self.amount else ("at_least", "at_most", "none")

    @property
    def all_details(self) -> dict[str, tuple[str, ...]]:
        return {**self.line_details, **self.details}


def _same(*names: str, **others: str) -> dict[str, tuple[str, ...]]:
    return {name: (column,) for name, column in {**dict(zip(names, names, strict=True)), **others}.items()}


EVENTS: dict[str, Event] = {
    "purchase": Event(
        "purchases",
        "ordered_at",
        _same("channel", "store"),
        {"product": ("product_name", "product_id"), "category": ("category",)},
        amount="amount",
    ),
    "ticket": Event("tickets", "opened_at", _same("category", "product", "channel", "status", "priority", type="kind")),
    "feedback": Event("feedback", "given_at", _same("topic", "product", "channel", "text")),
    "interaction": Event("interactions", "occurred_at", _same("channel", "subject", type="kind")),
    "touch": Event("touches", "touched_at", _same("campaign", "channel", "offer", type="kind")),
    # What a company told about its customers is no event, but is asked for in the same way.
    "profile": Event(
        "customers", "", _same("tags", "occupation", "education", "marital_status", "language", "channel")
    ),
}
DETAIL_TESTS = ("contains", "lacks", "is", "is_not")


@dataclass(frozen=True)
class Where:
    """One thing asked about an event."""

    detail: str
    test: str
    value: str


@dataclass(frozen=True)
class Condition:
    """What somebody did, how often or for how much, and since when.

    `value` is a number of times, or money for "amount_at_least". `within_days` counts back from the day of the
    facts, that day included; None: ever.
    """

    event: str
    test: str
    value: float
    within_days: int | None = None
    where: tuple[Where, ...] = ()

    @property
    def is_about_absence(self) -> bool:
        """Whether it holds for those whom `who` does not name."""
        return self.test in ("none", "at_most")

    @property
    def reads(self) -> tuple[str, ...]:
        """The tables that `who` needs."""
        event = EVENTS[self.event]
        return (event.table, "orders", "order_lines") if event.line_details and self.where else (event.table,)


def read_condition(tree: Any) -> Condition:
    """The condition that a tree of JSON says.

    Raises:
        InputError: it knows no such event, test or detail, or a value is out of bounds.

    >>> read_condition({"event": "ticket", "test": "at_least", "value": 2, "within_days": 90}).reads
    ('tickets',)
    >>> read_condition({"event": "burglary", "test": "none"})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    zhike.errors.InputError: A condition on events knows no “burglary” here. Use one of: purchase, ticket, ...
    """
    if not isinstance(tree, Mapping):
        raise _unreadable(tree)
    name = _one_of(tuple(EVENTS), tree.get("event"))
    event = EVENTS[name]
    test = _one_of(event.tests, tree.get("test"))
    where = tree.get("where") or []
    if not isinstance(where, list):
        raise _unreadable(where)
    if len(where) > DETAILS_AT_MOST:
        raise InputError("An event can have {number} details at most.", number=DETAILS_AT_MOST)
    return Condition(
        name,
        test,
        _times(test, tree.get("value")),
        _days(event, tree.get("within_days")),
        tuple(_where(event, one) for one in where),
    )


def _where(event: Event, tree: Any) -> Where:
    if not isinstance(tree, Mapping):
        raise _unreadable(tree)
    detail = _one_of(tuple(event.all_details), tree.get("detail"))
    test = _one_of(DETAIL_TESTS, tree.get("test"))
    value = tree.get("value")
    text = str(value).strip() if isinstance(value, str | int | float) else ""
    if not text or len(text) > TEXT_LENGTH or "\0" in text:
        raise InputError("A detail is compared with 1 to {number} characters.", number=TEXT_LENGTH)
    return Where(detail, test, text)


def _times(test: str, value: Any) -> float:
    if test == "none":
        return 0
    least = 0 if test == "at_most" else 1
    try:
        number = float(value)
        if isinstance(value, bool) or not math.isfinite(number):
            raise ValueError(value)
    except (TypeError, ValueError, OverflowError) as wrong:
        raise InputError("{value} is no number.", value=str(value)[:40]) from wrong
    if test == "amount_at_least":
        if not 0 < number < 1e15:
            raise InputError("An amount is more than 0.")
        return number
    if number != int(number) or not least <= number <= MOST_OFTEN:
        raise InputError("How often is a whole number from {least} to {most}.", least=least, most=MOST_OFTEN)
    return int(number)


def _days(event: Event, value: Any) -> int | None:
    if value is None or not event.moment:
        return None
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
    if not whole or not 1 <= value <= MOST_DAYS:
        raise InputError("A period is a whole number of days from 1 to {most}.", most=MOST_DAYS)
    return int(value)


def _one_of(names: tuple[str, ...], name: Any) -> str:
    if not isinstance(name, str) or name not in names:
        raise InputError(
            "A condition on events knows no “{name}” here.",
            fix="Use one of: {known}.",
            name=str(name)[:40],
            known=", ".join(names),
        )
    return name


def _unreadable(tree: Any) -> InputError:
    return InputError("{tree} is no condition.", tree=str(tree)[:80])
