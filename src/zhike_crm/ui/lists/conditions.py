"""The conditions of a list: a tree of AND, OR and NOT over columns, from JSON to a database query.

    {"all": [{"column": "value_tier", "test": "any_of", "value": ["high"]},
             {"not": {"column": "last_at", "test": "last_days", "value": 30}}]}

Only columns the list offers and tests their kind knows are let through, and values are read as that kind, so that
nothing a person writes becomes a lookup of its own. A condition on a column one may not see is refused like one that
does not exist: what is hidden cannot be found out by filtering.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from django.db import connection
from django.db.models import Exists, F, FloatField, OuterRef, Q, Value
from django.utils.translation import gettext as _

from zhike_crm.ui.lists.column_tests import TESTS, Lacks, Meaning, Meets
from zhike_crm.ui.lists.columns import Column, Kind, Pairs

DEPTH = 5
CONDITIONS = 50

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
    found: Q | None = read(tree, columns, today=today, leaves=leaves, leaf=on_database)
    return Q() if found is None else found


def read(
    tree: Tree,
    columns: Mapping[str, Column],
    *,
    today: dt.date,
    leaf: Callable[[Column, Meaning], Any],
    leaves: Leaves | None = None,
) -> Any:
    """The tree as whatever `leaf` makes of its conditions, put together with `&`, `|` and `~`; None without any.

    Raises:
        BadCondition: see `query`.
    """
    return _Reader(columns, today, leaves or {}, leaf).read(tree, 0) if tree else None


class _Reader:
    def __init__(
        self,
        columns: Mapping[str, Column],
        today: dt.date,
        leaves: Leaves,
        leaf: Callable[[Column, Meaning], Any],
    ) -> None:
        self._columns = columns
        self._today = today
        self._leaves = leaves
        self._leaf = leaf
        self._read = 0

    def read(self, tree: Any, depth: int) -> Any:
        if not isinstance(tree, Mapping) or depth > DEPTH:
            raise BadCondition(_("The conditions are nested too deeply or not written as they should be."))
        kind = next((kind for kind in ("column", *self._leaves) if kind in tree), None)
        if kind is not None:
            return self._one(kind, tree)
        if "not" in tree:
            inner = self.read(tree["not"], depth + 1)
            return None if inner is None else ~inner
        together, members = ("all", tree.get("all")) if "all" in tree else ("any", tree.get("any"))
        if not isinstance(members, list):
            raise BadCondition(_("The conditions are nested too deeply or not written as they should be."))
        whole = None
        for member in members:
            part = self.read(member, depth + 1)
            if whole is None or part is None:
                whole = part if whole is None else whole
            else:
                whole = whole & part if together == "all" else whole | part
        return whole

    def _one(self, kind: str, tree: Tree) -> Any:
        place, self._read = self._read, self._read + 1
        if place >= CONDITIONS:
            raise BadCondition(_("A list can have %(number)s conditions at most.") % {"number": CONDITIONS})
        try:
            return self._condition(tree) if kind == "column" else self._leaves[kind](tree)
        except BadCondition as wrong:
            wrong.place = place
            raise

    def _condition(self, tree: Tree) -> Any:
        column = self._columns.get(str(tree["column"]))
        if column is None:
            raise BadCondition(_("There is no column %(name)s.") % {"name": _quoted(tree["column"], 80)})
        test = TESTS.get(column.kind, {}).get(str(tree.get("test")))
        if test is None:
            raise BadCondition(
                _("%(column)s cannot be tested with %(test)s.")
                % {"column": column.label, "test": _quoted(tree.get("test"), 40)}
            )
        try:
            meaning = test(tree.get("value"), self._today)
        except (TypeError, ValueError, OverflowError) as wrong:
            raise BadCondition(
                _("%(value)s is no value for %(column)s.")
                % {"value": _quoted(tree.get("value"), 80), "column": column.label}
            ) from wrong
        return self._leaf(column, meaning)


def _quoted(value: Any, length: int) -> str:
    """What somebody wrote, as far as it can be sent back: there are halves of characters that cannot."""
    return str(value)[:length].encode(errors="replace").decode()


# -- a test of a column as a condition on the database -----------------------------------------------------------------
def on_database(column: Column, meaning: Meaning, *, one_by_one: bool = False) -> Q:
    """What Django asks the database for.

    Args:
        one_by_one: of a few records that are known already, rather than of all.
    """
    if isinstance(meaning, Meets):
        return _meets(column, meaning.lookups, one_by_one)
    if isinstance(meaning, Lacks):
        found = _meets(column, meaning.lookups, one_by_one)
        return ~found if column.pairs is not None else ~found | Q(**{f"{column.path}__isnull": True})
    empty = _empty(column, one_by_one)
    return ~empty if meaning.filled else empty


def _meets(column: Column, lookups: Mapping[str, Any], one_by_one: bool) -> Q:
    pairs = column.pairs
    if pairs is not None:
        return _among(pairs, one_by_one, **{_join(pairs.value, suffix): value for suffix, value in lookups.items()})
    met = Q(**{_join(column.path or "", suffix): _exactly(value) for suffix, value in lookups.items()})
    # The indexes of the other table begin with its own workspace.
    return met & Q(**{column.scope: F("workspace")}) if column.scope else met


def _exactly(value: Any) -> Any:
    """A number with a fraction as it is: of a column of whole numbers Django would cut it off. And one that no column
    of whole numbers has room for."""
    if isinstance(value, tuple):
        return tuple(_exactly(one) for one in value)
    fits = not isinstance(value, float) or (value.is_integer() and abs(value) < 2**53)
    return value if fits else Value(value, FloatField())


def _among(pairs: Pairs, one_by_one: bool, **met: Any) -> Q:
    """The record is in the other table with such a value."""
    rows = pairs.rows.filter(**met)
    # PostgreSQL finds the best way either way, but takes what is NOT IN a long list row by row.
    if one_by_one or connection.vendor == "postgresql" or pairs.common(met.get(f"{pairs.value}__in")):
        return Q(Exists(rows.filter(**{pairs.record: OuterRef("pk")})))
    # A list of ids and not EXISTS: SQLite then begins with the index of the values, not with every record.
    return Q(pk__in=rows.values(pairs.record))


def _empty(column: Column, one_by_one: bool) -> Q:
    if column.pairs is not None:
        return ~_among(column.pairs, one_by_one)
    missing = Q(**{f"{column.path}__isnull": True})
    return missing | Q(**{column.path or "": ""}) if column.kind is Kind.TEXT else missing


def _join(path: str, suffix: str) -> str:
    return f"{path}__{suffix}" if suffix != "exact" else path
