"""Answers of a survey as the scores read them: numbers, what cannot be one set apart, and the groups they fall into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from zhike.errors import InputError, SettingsError
from zhike.tables import as_table, require

# What `by` may name beside columns: the period an answer was given in.
PERIODS = {"day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}


class Answer(NamedTuple):
    """Two expressions of one column: the number, NULL where there is none on the scale; and whether something was
    answered that is no number on the scale."""

    value: Any
    outside: Any


def answer(table: Any, column: str, lowest: float, highest: float) -> Answer:
    """What a column answers on a scale. Blank text, NULL and NaN are no answer; nothing is ever clipped.

    TRUE and FALSE are the answers of a scale from 0 to 1.

    Raises:
        InputError: the column holds nothing that could be an answer.
    """
    given, kind = table[column], table[column].type()
    if kind.is_string():
        answered, number = given.strip() != "", given.try_cast("float64")
    elif (kind.is_numeric() and not kind.is_boolean()) or kind.is_null():
        number = given.cast("float64")
        answered = given.notnull()
    elif kind.is_boolean() and (lowest, highest) == (0, 1):
        number = given.cast("int64").cast("float64")
        answered = given.notnull()
    else:
        raise InputError(
            "{column} holds {value}, which cannot be used as {column}.",
            fix="Clean the column first, or import the file into a lake, which sets such rows aside.",
            column=column,
            value=str(kind),
        )
    answered = answered.fill_null(False) & ~number.isnan().fill_null(False)
    fits = answered & number.between(lowest, highest).fill_null(False)
    return Answer(fits.ifelse(number, None), answered & ~fits)


def grouped(feedback: Any, columns: Sequence[str], by: str | Sequence[str] | None, customers: Any) -> Any:
    """The feedback with the columns to count by, and their names.

    Args:
        by: columns of the feedback, periods ("month", of `given_at`), or columns of `customers`.
        customers: anything with one row per `customer_id`, such as scores; joined where `by` needs it.

    Raises:
        InputError: a column is missing; the message lists what was found.
        SettingsError: something of `by` is nowhere to be found.
    """
    table = as_table(feedback)
    require(table, columns, "feedback")
    names = [] if by is None else [by] if isinstance(by, str) else list(by)
    elsewhere = [name for name in names if name not in table.columns and name not in PERIODS]
    if elsewhere and customers is None:
        raise SettingsError(
            "The feedback has no column {name}.",
            fix="Use one of {known}, or pass customers= with the tables that have it.",
            name=", ".join(map(str, elsewhere)),
            known=", ".join([*PERIODS, *table.columns]),
        )
    if elsewhere:
        table = _with(table, customers, elsewhere)
    periods = {name: _period(table, name) for name in names if name not in table.columns}
    return table.mutate(**periods) if periods else table, names


def _period(table: Any, name: str) -> Any:
    """The first day of the period; NULL where no date is known."""
    require(table, ("given_at",), "feedback")
    given = table.given_at
    at = given.try_cast("timestamp") if given.type().is_string() else given.cast("timestamp")
    return at.truncate(PERIODS[name]).date()


def _with(table: Any, customers: Any, names: list[str]) -> Any:
    """The customers' columns beside their feedback. Ids are compared as text, since one side may have numbers."""
    people = as_table(customers)
    require(people, ("customer_id", *names), "customers")
    require(table, ("customer_id",), "feedback")
    people = people.group_by(of_customer=people.customer_id.cast("string")).aggregate(
        **{name: people[name].max() for name in names}
    )
    joined = table.left_join(people, table.customer_id.cast("string") == people.of_customer)
    return joined.drop("of_customer")
