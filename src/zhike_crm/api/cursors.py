"""Pages that stay right while others write: a cursor says after which row to go on, not how many rows to skip.

Rows with a value in the sort column come in its order, then those without one; equal values by id. A cursor is what
the caller sends back, so it is read like any other input: the place in it is a value of the sort column's own kind.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from zhike_crm.api.problems import Problem
from zhike_crm.api.schemas import BIGGEST
from zhike_crm.ui.lists.columns import Column, Kind

ID = Column("id", "id", Kind.NUMBER, "pk")


@dataclass(frozen=True)
class Order:
    """What a list is sorted by. A column of another table is found along that table's index of one workspace."""

    column: Column = ID
    descending: bool = False
    workspace: int | None = None

    @property
    def name(self) -> str:
        return f"{'-' if self.descending else ''}{self.column.name}"

    @property
    def is_id(self) -> bool:
        return self.column is ID


@dataclass(frozen=True)
class Place:
    """The last row of a page. `value` is None among the rows without one."""

    value: Any
    pk: int


def page(
    rows: QuerySet, order: Order, cursor: str, limit: int, value: Callable[[Any, str], Any] = getattr
) -> tuple[list[Any], str | None]:
    """One page of rows and the cursor of the next one. `value` takes what `pk` or a path names out of a row."""
    place = read(cursor, order) if cursor else None
    find = _by_id if order.is_id else _by_column
    return cut(find(rows, order, place, limit + 1), order, limit, value)


def cut(found: list[Any], order: Order, limit: int, value: Callable[[Any, str], Any]) -> tuple[list[Any], str | None]:
    """A page of what was found in this order, which is one row more if there are more."""
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], write(
        Place(None if order.is_id else value(last, order.column.path), value(last, "pk")), order
    )


def _by_id(rows: QuerySet, order: Order, place: Place | None, count: int) -> list[Any]:
    if place:
        rows = rows.filter(pk__lt=place.pk) if order.descending else rows.filter(pk__gt=place.pk)
    return list(rows.order_by("-pk" if order.descending else "pk")[:count])


def _by_column(rows: QuerySet, order: Order, place: Place | None, count: int) -> list[Any]:
    shown: list[Any] = []
    if place is None or place.value is not None:
        shown = list(with_value(rows, order, place)[:count])
    if len(shown) < count:
        missing = rows.filter(**{f"{order.column.path}__isnull": True})
        if place and place.value is None:
            missing = missing.filter(pk__gt=place.pk)
        shown += missing.order_by("pk")[: count - len(shown)]
    return shown


def with_value(rows: QuerySet, order: Order, place: Place | None = None) -> QuerySet:
    """The rows that have a value in the column, in order, from a place on."""
    column, path = order.column, str(order.column.path)
    sign, key = "-" if order.descending else "", f"{column.table}pk"
    present = rows.filter(**{f"{path}__isnull": False})
    if column.scope:
        present = present.filter(**{column.scope: order.workspace})
    if column.ranks:
        present, path = present.alias(rank_of_choice=column.key()), "rank_of_choice"
        place = place and Place(column.rank(place.value), place.pk)
    if place:
        present = present.filter(_after(path, key, place, order.descending))
    return present.order_by(f"{sign}{path}", f"{sign}{key}")


def _after(path: str, key: str, place: Place, descending: bool) -> Q:
    """Beyond the place. The first condition says nothing new, but lets the database begin in the index."""
    beyond = "lt" if descending else "gt"
    farther = Q(**{f"{path}__{beyond}": place.value})
    same = Q(**{path: place.value, f"{key}__{beyond}": place.pk})
    return Q(**{f"{path}__{beyond}e": place.value}) & (farther | same)


def write(place: Place, order: Order) -> str:
    value = place.value.isoformat() if isinstance(place.value, dt.date) else place.value
    written = json.dumps([order.name, value, place.pk], separators=(",", ":"))
    return base64.urlsafe_b64encode(written.encode()).decode().rstrip("=")


def read(cursor: str, order: Order) -> Place:
    """The place a cursor names.

    Raises:
        Problem: it is not one of ours, or of a list in another order.
    """
    try:
        name, value, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if name != order.name or type(pk) is not int or not 0 <= pk <= BIGGEST:
            raise ValueError(cursor)
        return Place(None if value is None else READERS[order.column.kind](value), pk)
    except (ValueError, TypeError, KeyError, OverflowError, binascii.Error, RecursionError) as wrong:
        raise Problem(422, _("This cursor is not of this list in this order. Begin again without a cursor.")) from wrong


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(value)
    if abs(value) > BIGGEST:
        raise ValueError(value)
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(value)
    value.encode()
    return value


READERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: _text,
    Kind.CHOICE: _text,
    Kind.NUMBER: _number,
    Kind.MONEY: _number,
    Kind.DATE: lambda value: dt.date.fromisoformat(_text(value)),
    Kind.MOMENT: lambda value: dt.datetime.fromisoformat(_text(value)).astimezone(dt.UTC),
}
