"""What the value models are told because it is not in the data, and what it may be: one rule for all of them."""

from __future__ import annotations

from typing import Any

from zhike.errors import SettingsError
from zhike.facts.purchases import is_number

LONGEST_YEARS = 100
LONGEST_HORIZON_DAYS = 3650


def check_margin(margin: Any) -> None:
    """A gross margin is a share of revenue, 0–1.

    Raises:
        SettingsError: anything else.
    """
    if not (is_number(margin) and 0 <= margin <= 1):
        raise SettingsError(
            "{name} cannot be {value}.",
            fix="Give the gross margin as a share from 0 to 1, for example 0.35.",
            name="margin",
            value=repr(margin),
        )


def check_lifespan(years: Any) -> None:
    """How long a customer stays, years.

    Raises:
        SettingsError: not above 0, or above `LONGEST_YEARS`.
    """
    if not (is_number(years) and 0 < years <= LONGEST_YEARS):
        raise SettingsError(
            "{name} cannot be {value}.",
            fix="Give years above 0 and up to 100, or leave it out to have it estimated.",
            name="lifespan_years",
            value=repr(years),
        )


def check_cost_per_ticket(cost: Any) -> None:
    """What a ticket costs, in the currency of the orders.

    Raises:
        SettingsError: below 0.
    """
    if not (is_number(cost) and cost >= 0):
        raise SettingsError(
            "{name} cannot be {value}.",
            fix="Give 0 or more, in the currency of the orders.",
            name="cost_per_ticket",
            value=repr(cost),
        )


def check_horizon(days: Any) -> None:
    """How far ahead the value to come looks, days.

    Raises:
        SettingsError: not a whole number from 1 to `LONGEST_HORIZON_DAYS`.
    """
    if not (isinstance(days, int) and is_number(days) and 1 <= days <= LONGEST_HORIZON_DAYS):
        raise SettingsError(
            "{name} cannot be {value}.",
            fix="Give a whole number of days from 1 to 3650; the default is 365.",
            name="horizon_days",
            value=repr(days),
        )


def check_discount_rate(rate: Any) -> None:
    """What money that comes a year later is worth less, as a share.

    Raises:
        SettingsError: not from 0 to 1.
    """
    if not (is_number(rate) and 0 <= rate <= 1):
        raise SettingsError(
            "{name} cannot be {value}.",
            fix="Give the rate per year as a share from 0 to 1, for example 0.1.",
            name="discount_rate",
            value=repr(rate),
        )
