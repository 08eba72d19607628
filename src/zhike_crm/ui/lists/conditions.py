"""The conditions of a list: a tree of AND, OR and NOT over columns, from JSON to a database query.

    {"all": [{"column": "value_tier", "test": "any_of", "value": ["high"]},
             {"not": {"column": "last_at", "test": "last_days", "value": 30}}]}

Only columns the list offers and tests their kind knows are let through, and values are read as that kind, so that
nothing a person writes becomes a lookup of its own. A condition on a column one may not see is refused like one that
does not exist: what is hidden cannot be found out by filtering.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _

from zhike_crm.ui.lists.columns import Column, Kind, Pairs, latest_birth

DEPTH = 5
CONDITIONS = 50
TEXT_LENGTH = 200
CHOICES = 200
OLDEST = 150

Tree = Mapping[str, Any]
# What a tree may hold besides conditions on columns: the key by which one is known → what it means.
Leaves = Mapping[str, Callable[[Tree], Q]]


class BadCondition(ValueError):
    """A condition that cannot be; the message says what to change, in the reader's language.

    `place` is its number among the conditions of the tree, from 0; None where it is not about one of them.
    """

    def __init__(self, message: str, place: int | None = None) -> None:
        super().__init__(message)
        self.place = place


def query(tree: Tree, columns: Mapping[str, Column], *, today: dt.date, leaves: Leaves | None = None) -> Q:
    """The tree as a Django condition. An empty tree lets everything through.

    Raises:
        BadCondition: an unknown column or test, a value of the wrong kind, too deep or too many.
    """
    return _Reader(columns, today, leaves or {}).read(tree, 0) if tree else Q()


class _Reader:
    def __init__(self, columns: Mapping[str, Column], today: dt.date, leaves: Leaves) -> None:
        self._columns = columns
        self._today = today
        self._leaves = leaves
        self._read = 0

    def read(self, tree: Any, depth: int) -> Q:
        if not isinstance(tree, Mapping) or depth > DEPTH:
            raise BadCondition(_("The conditions are nested too deeply or not written as they should be."))
        kind = next((kind for kind in ("column", *self._leaves) if kind in tree), None)
        if kind is not None:
            return self._leaf(kind, tree)
        if "not" in tree:
            return ~self.read(tree["not"], depth + 1)
        together, members = ("all", tree.get("all")) if "all" in tree else ("any", tree.get("any"))
        if not isinstance(members, list):
            raise BadCondition(_("The conditions are nested too deeply or not written as they should be."))
        whole = Q()
        for member in members:
            part = self.read(member, depth + 1)
            whole = whole & part if together == "all" else whole | part
        return whole

    def _leaf(self, kind: str, tree: Tree) -> Q:
        place, self._read = self._read, self._read + 1
        if place >= CONDITIONS:
            raise BadCondition(_("A list can have %(number)s conditions at most.") % {"number": CONDITIONS})
        try:
            return self._condition(tree) if kind == "column" else self._leaves[kind](tree)
        except BadCondition as wrong:
            wrong.place = place
            raise

    def _condition(self, tree: Tree) -> Q:
        column = self._columns.get(str(tree["column"]))
        if column is None:
            raise BadCondition(_("There is no column %(name)s.") % {"name": str(tree["column"])[:80]})
        test = TESTS.get(column.kind, {}).get(str(tree.get("test")))
        if test is None:
            raise BadCondition(
                _("%(column)s cannot be tested with %(test)s.")
                % {"column": column.label, "test": str(tree.get("test"))[:40]}
            )
        try:
            lookup = test(tree.get("value"), self._today)
        except (TypeError, ValueError, OverflowError) as wrong:
            raise BadCondition(
                _("%(value)s is no value for %(column)s.")
                % {"value": str(tree.get("value"))[:80], "column": column.label}
            ) from wrong
        return lookup(column)


# -- from a test's lookups to a condition on a column ----------------------------------------------------------------
Lookup = Callable[[Column], Q]


def _has(**lookups: Any) -> Lookup:
    """The value exists and meets the lookups. Suffix "" is equality."""

    def on(column: Column) -> Q:
        pairs = column.pairs
        if pairs is None:
            met = Q(**{_join(column.path, suffix): value for suffix, value in lookups.items()})
            # The indexes of the other table begin with its own workspace.
            return met & Q(**{column.scope: F("workspace")}) if column.scope else met
        return _among(pairs, **{_join(pairs.value, suffix): value for suffix, value in lookups.items()})

    return on


def _among(pairs: Pairs, **met: Any) -> Q:
    """The record is in the other table with such a value."""
    rows = pairs.rows.filter(**met)
    # PostgreSQL finds the best way either way, but takes what is NOT IN a long list row by row.
    if connection.vendor == "postgresql" or pairs.common(met.get(f"{pairs.value}__in")):
        return Q(Exists(rows.filter(**{pairs.record: OuterRef("pk")})))
    # A list of ids and not EXISTS: SQLite then begins with the index of the values, not with every record.
    return Q(pk__in=rows.values(pairs.record))


def _lacks(**lookups: Any) -> Lookup:
    """Not so; a row without a value lacks it too."""

    def on(column: Column) -> Q:
        found = _has(**lookups)(column)
        if column.pairs is not None:
            return ~found
        return ~found | Q(**{f"{column.path}__isnull": True})

    return on


def _empty(column: Column) -> Q:
    if column.pairs is not None:
        return ~_among(column.pairs)
    missing = Q(**{f"{column.path}__isnull": True})
    return missing | Q(**{column.path: ""}) if column.kind is Kind.TEXT else missing


def _filled(column: Column) -> Q:
    return ~_empty(column)


def _join(path: str, suffix: str) -> str:
    return f"{path}__{suffix}" if suffix and suffix != "exact" else path


# -- values ----------------------------------------------------------------------------------------------------------
def _text(value: Any) -> str:
    text = str(value).strip() if isinstance(value, (str, int, float)) else ""
    if not text or len(text) > TEXT_LENGTH or "\0" in text:
        raise ValueError(value)
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
Test = Callable[[Any, dt.date], Lookup]

_PRESENCE: dict[str, Test] = {"empty": lambda _v, _t: _empty, "filled": lambda _v, _t: _filled}

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


def _of_days(lookup: Lookup) -> Lookup:
    """A test of days on a column of moments: compares the day in the reader's time zone."""

    def on(column: Column) -> Q:
        return lookup(replace(column, path=f"{column.path}__date"))

    return on
