"""Phrases that several sections share: counted things, and what to do for each kind of customer."""

from __future__ import annotations

from zhike.language import _
from zhike.report.figures import ReportFigures
from zhike.report.numbers import count, money


def amount(figures: ReportFigures, value: float | None) -> str:
    """Money, in the company's currency where it is known."""
    return money(value, figures.currency)


def customers(number: int) -> str:
    """
    >>> customers(1), customers(4338)
    ('1 customer', '4,338 customers')
    """
    return _("{n} customer", n=count(number)) if number == 1 else _("{n} customers", n=count(number))


def rows(number: int) -> str:
    """
    >>> rows(1), rows(2000)
    ('1 row', '2,000 rows')
    """
    return _("{n} row", n=count(number)) if number == 1 else _("{n} rows", n=count(number))


def days(number: int) -> str:
    """
    >>> days(1), days(365)
    ('1 day', '365 days')
    """
    return _("{n} day", n=count(number)) if number == 1 else _("{n} days", n=count(number))


def tier_advice(tier: str) -> str:
    """What to do for the customers of a value tier; a tier of another name has no advice."""
    return {
        "high": lambda: _(
            "Keep them: a named contact, first in line for service and new products. No discounts needed."
        ),
        "potential": lambda: _("Raise them: recommend what goes with their last order, reward the next one."),
        "general": lambda: _("Stay in touch cheaply: newsletter and seasonal offers."),
        "at_risk": lambda: _("Sort them: win back those who once spent much, keep the others on low-cost mailings."),
    }.get(tier, lambda: "")()


def grade_advice(grade: str) -> str:
    """What to do for the customers of a grade."""
    return {
        "vip": lambda: _("Exclusive offers, early access, a personal call every quarter."),
        "new": lambda: _("Welcome mails and a coupon for the second order, while the first is fresh."),
        "regular": lambda: _("Regular promotions; watch for those who are growing."),
        "dormant": lambda: _("A win-back call or discount: few people, but each has spent much."),
    }.get(grade, lambda: "")()
