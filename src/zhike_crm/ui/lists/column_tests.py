"""The tests of columns, by kind: what each is called, what values it takes, and what it means.

A meaning says nothing about where the values are: `conditions` asks the database, `kept` a file of columns.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from zhike_crm.ui.lists.columns import Kind, latest_birth

TEXT_LENGTH = 200
CHOICES = 200
OLDEST = 150


@dataclass(frozen=True)
class Meets:
    """There is a value, and it meets the lookups: Django's, "exact" for equality."""

    lookups: Mapping[str, Any]


@dataclass(frozen=True)
class Lacks:
    """Not so; a row without a value lacks it too."""

    lookups: Mapping[str, Any]


@dataclass(frozen=True)
class Filled:
    """Whether there is a value at all."""

    filled: bool


Meaning = Meets | Lacks | Filled


def _has(**lookups: Any) -> Meaning:
    return Meets(lookups)


def _lacks(**lookups: Any) -> Meaning:
    return Lacks(lookups)


# -- values ------------------------------------------------------------------------------------------------------------
def _text(value: Any) -> str:
    text = str(value).strip() if isinstance(value, (str, int, float)) else ""
    if not text or len(text) > TEXT_LENGTH or "\0" in text:
        raise ValueError(value)
    # Half a character, which no database takes.
    text.encode()
    return text


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _whole(value: Any) -> int:
    number = int(value)
    if not 0 <= number <= 36_500:
        raise ValueError(value)
    return number


def _date(value: Any) -> dt.date:
    return dt.date.fromisoformat(str(value))


def _pair(value: Any, read: Callable[[Any], Any]) -> tuple[Any, Any]:
    low, high = value
    return read(low), read(high)


def _codes(value: Any) -> list[str]:
    several = value if isinstance(value, list) else [value]
    if not several or len(several) > CHOICES:
        raise ValueError(value)
    return [_text(code) for code in several]


def _ids(value: Any) -> list[int]:
    ids = [int(code) for code in _codes(value)]
    if not all(0 <= pk < 2**63 for pk in ids):
        raise ValueError(value)
    return ids


def _born(value: Any, today: dt.date, *, older: int = 0) -> dt.date:
    years = _number(value)
    if years != int(years) or not 0 <= years <= OLDEST:
        raise ValueError(value)
    return latest_birth(int(years) + older, today)


def _ages(value: Any, today: dt.date) -> tuple[dt.date, dt.date]:
    low, high = value
    return _born(high, today, older=1) + dt.timedelta(1), _born(low, today)


# -- the tests of each kind: name → (value, today) → lookup ----------------------------------------------------------
Test = Callable[[Any, dt.date], Meaning]

_PRESENCE: dict[str, Test] = {"empty": lambda _v, _t: Filled(False), "filled": lambda _v, _t: Filled(True)}

_NUMBERS: dict[str, Test] = {
    "eq": lambda v, _t: _has(exact=_number(v)),
    "lt": lambda v, _t: _has(lt=_number(v)),
    "lte": lambda v, _t: _has(lte=_number(v)),
    "gt": lambda v, _t: _has(gt=_number(v)),
    "gte": lambda v, _t: _has(gte=_number(v)),
    "between": lambda v, _t: _has(range=_pair(v, _number)),
    **_PRESENCE,
}

_DATES: dict[str, Test] = {
    "on": lambda v, _t: _has(exact=_date(v)),
    "before": lambda v, _t: _has(lt=_date(v)),
    "after": lambda v, _t: _has(gt=_date(v)),
    "between": lambda v, _t: _has(range=_pair(v, _date)),
    "last_days": lambda v, t: _has(gte=t - dt.timedelta(_whole(v)), lte=t),
    "next_days": lambda v, t: _has(gte=t, lte=t + dt.timedelta(_whole(v))),
    **_PRESENCE,
}

TESTS: dict[Kind, dict[str, Test]] = {
    Kind.TEXT: {
        "contains": lambda v, _t: _has(icontains=_text(v)),
        "lacks": lambda v, _t: _lacks(icontains=_text(v)),
        # Exactly, so that the index finds it; "contains" is for who does not know how it is written.
        "is": lambda v, _t: _has(exact=_text(v)),
        "is_not": lambda v, _t: _lacks(exact=_text(v)),
        "starts": lambda v, _t: _has(istartswith=_text(v)),
        **_PRESENCE,
    },
    Kind.NUMBER: _NUMBERS,
    Kind.MONEY: _NUMBERS,
    Kind.DATE: _DATES,
    Kind.MOMENT: {
        name: (lambda v, t, test=test: _of_days(test(v, t))) if name not in _PRESENCE else test
        for name, test in _DATES.items()
    },
    Kind.CHOICE: {
        "any_of": lambda v, _t: _has(**{"in": _codes(v)}),
        "none_of": lambda v, _t: _lacks(**{"in": _codes(v)}),
        **_PRESENCE,
    },
    Kind.YESNO: {
        "yes": lambda _v, _t: _has(exact=True),
        "no": lambda _v, _t: _lacks(exact=True),
    },
    Kind.PERSON: {
        "any_of": lambda v, _t: _has(**{"in": _ids(v)}),
        "none_of": lambda v, _t: _lacks(**{"in": _ids(v)}),
        **_PRESENCE,
    },
    Kind.LINK: {
        "any_of": lambda v, _t: _has(**{"in": _ids(v)}),
        **_PRESENCE,
    },
    Kind.GROUP: {
        "any_of": lambda v, _t: _has(**{"in": _ids(v)}),
        "none_of": lambda v, _t: _lacks(**{"in": _ids(v)}),
        **_PRESENCE,
    },
    Kind.AGE: {
        "gte": lambda v, t: _has(lte=_born(v, t)),
        "lte": lambda v, t: _has(gt=_born(v, t, older=1)),
        "between": lambda v, t: _has(range=_ages(v, t)),
        **_PRESENCE,
    },
}


def _of_days(meaning: Meaning) -> Meaning:
    """A test of days on a column of moments: between midnights of the reader's time zone, as an index finds them."""
    if not isinstance(meaning, Meets):
        return meaning
    bounds: dict[str, Any] = {}
    for lookup, value in meaning.lookups.items():
        low, high = value if lookup == "range" else (value, value)
        if lookup in ("exact", "range", "gte"):
            bounds["gte"] = _midnight(low)
        if lookup in ("exact", "range", "lte"):
            bounds["lt"] = _midnight(high, 1)
        if lookup == "lt":
            bounds["lt"] = _midnight(high)
        if lookup == "gt":
            bounds["gte"] = _midnight(low, 1)
    return Meets(bounds)


def _midnight(day: dt.date, later: int = 0) -> dt.datetime:
    # Nothing was made before the year 2 or after 9998, and at the very ends no time zone can be told.
    day = min(max(day, dt.date(2, 1, 1)), dt.date(9998, 12, 30)) + dt.timedelta(later)
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))
