"""The rows of one page and how many rows match, in bounded time whatever is filtered and sorted by.

Of a list with a file of its columns, the file says who matches and in which order (`finding`). Of any other, the
database does, by one of two plans, chosen by how many rows match (counted only up to a bound). Few matches: find them
all by their conditions, then sort those. Many: walk the index of the sort column and keep what matches, which soon
fills a page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import F, Func, QuerySet

from zhike_crm.fields.models import FieldValue
from zhike_crm.ui.lists import kept as files
from zhike_crm.ui.lists.choice_order import along
from zhike_crm.ui.lists.columns import Column
from zhike_crm.ui.lists.conditions import Leaves
from zhike_crm.ui.lists.finding import Finder, Found
from zhike_crm.ui.lists.kept import Kept

if TYPE_CHECKING:
    from zhike_crm.ui.lists.listing import Question, RecordList

PAGE = 50
# Beyond this many matches the number is shown as "10,000+".
COUNTED = 10_000
# So many who are known already the database sorts; more are met along its index.
SORTED = 2_000
# How far the index of a custom field is followed, and in which steps.
STEP, STEPS = 2_000, 20


def paged(
    records: RecordList, question: Question, today: dt.date, columns: Sequence[Column], leaves: Leaves | None = None
) -> tuple[list[Any], int, bool]:
    """The rows of a page, how many match as far as they are counted, and whether there are more than that.

    Raises:
        BadCondition: see `conditions.query`.
    """
    kept = _file_for(records, question)
    if kept is None:
        rows, total = _from_database(records, question, records.filtered(question, today, leaves), columns)
    else:
        rows, total = _from_file(records, question, Finder(records, kept, question, today, leaves), columns)
    return rows, min(total, COUNTED), total > COUNTED


def _file_for(records: RecordList, question: Question) -> Kept | None:
    """The file of the columns, where it is of use: everybody in order the database tells more quickly than a file does
    since which very many have changed."""
    kept = records.kept
    if kept is None or question.narrows:
        return kept
    changed = records.changed(kept).order_by().values("pk")[: files.OUTDATED + 1].count()
    return kept if changed <= files.OUTDATED else None


def _from_database(
    records: RecordList, question: Question, rows: QuerySet, columns: Sequence[Column]
) -> tuple[list[Any], int]:
    if question.narrows:
        found = list(rows.order_by().values_list("pk", flat=True)[: COUNTED + 1])
        total = len(found)
        if total <= COUNTED:
            rows = records.rows().filter(pk__in=found)
    else:
        total = rows.order_by().values("pk")[: COUNTED + 1].count()
    many = total > COUNTED or (records.dense and not question.narrows)
    return _slice(records, records.with_related(rows, columns), question, many=many), total


def beyond(
    records: RecordList,
    question: Question,
    today: dt.date,
    column: Column | None,
    after: tuple[Any, int] | None,
    count: int,
    *,
    descending: bool,
) -> list[int] | None:
    """The ids of so many rows from after a place on, for programs; see `Finder.beyond`. None where no file can tell."""
    kept = _file_for(records, question)
    if kept is None or not (column is None or kept.can_sort(column)):
        return None
    return Finder(records, kept, question, today).beyond(column, after, count, descending=descending)


class Unindexed(Func):
    """A value to sort the few by that are known already: SQLite would rather walk the whole index of it."""

    template = "%(expressions)s"
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="+%(expressions)s", **extra)


def _order(records: RecordList, question: Question) -> tuple[Column | None, str]:
    """The column to sort by, if it can be sorted by, and the sign that says from the largest."""
    sort = question.sort or records.default_sort
    column = records.columns.get(sort.lstrip("-"))
    return (column if column is not None and column.sortable else None), "-" if sort.startswith("-") else ""


# -- with a file of the columns ----------------------------------------------------------------------------------------
def _from_file(
    records: RecordList, question: Question, finder: Finder, columns: Sequence[Column]
) -> tuple[list[Any], int]:
    start = (question.page - 1) * PAGE
    found = finder.found(start + PAGE, COUNTED)
    total = found.total if found.exact else COUNTED + 1
    column, sign = _order(records, question)
    ids = None
    if column is not None and finder.can_sort(column):
        ids = finder.in_order(found, column, start, PAGE, descending=bool(sign))
        if ids is None:
            found = finder.exactly()
            total, ids = found.total, finder.in_order(found, column, start, PAGE, descending=bool(sign))
    elif total > SORTED:
        ids = _along(records, finder, found, column, sign, start)
    if ids is None:
        few = records.rows().only("pk").filter(pk__in=finder.everybody(found))
        ids = [row.pk for row in _slice(records, few, question, many=False)]
    rows = records.with_related(records.rows().filter(pk__in=ids), columns)
    by_id = {row.pk: row for row in rows}
    return [by_id[pk] for pk in ids if pk in by_id], total


def _along(
    records: RecordList, finder: Finder, found: Found, column: Column | None, sign: str, start: int
) -> list[int]:
    """Many, in an order that the database knows: its index is followed, those who match are kept."""
    model = records.rows().model.objects.of(records.workspace)
    if column is None:
        return finder.along(found, model.order_by("-pk"), "pk", start + PAGE)[start:]
    if column.field is not None:
        values = FieldValue.objects.of(records.workspace).filter(field=column.field)
        present, key = along(values, column, sign), "record_id"
        without = model.exclude(pk__in=values.order_by().values("record_id"))
    else:
        here, key = column.path or "", f"{column.table}pk"
        present = model.filter(**{f"{here}__isnull": False}).order_by(f"{sign}{here}", f"{sign}{key}")
        without = model.filter(**{f"{here}__isnull": True})
    valued = finder.along(found, present, key, start + PAGE)
    ids = valued[start:]
    if len(ids) < PAGE:
        begin = max(0, start - len(valued))
        more = finder.along(found, without.order_by("pk"), "pk", begin + PAGE - len(ids))
        ids += more[begin:]
    return ids


# -- by the database alone ---------------------------------------------------------------------------------------------
def _slice(records: RecordList, rows: QuerySet, question: Question, *, many: bool) -> list[Any]:
    """Rows with a value in order, then those without one: apart, because no index has empty values last."""
    start = (question.page - 1) * PAGE
    column, sign = _order(records, question)
    if column is None:
        return list(rows.order_by("-pk")[start : start + PAGE])
    if column.field is not None and many:
        return _walk(records, rows, column, sign, start)
    key = column.key() if many else Unindexed(column.key())
    rows = rows.annotate(sort_key=key) if column.field else rows.alias(sort_key=key)
    present = rows.filter(sort_key__isnull=False)
    if column.scope:
        # The index of the other table begins with its own workspace.
        present = present.filter(**{column.scope: records.workspace})
    order: Any = f"{sign}sort_key"
    if not many:
        # There are no empty values here, but PostgreSQL has no index with them at this end: it sorts, as it should.
        order = F("sort_key").desc(nulls_last=True) if sign else F("sort_key").asc(nulls_first=True)
    shown = list(present.order_by(order, f"{sign}{column.table}pk")[start : start + PAGE])
    if len(shown) < PAGE:
        before = start + len(shown) if shown else present.order_by().count()
        missing = rows.filter(sort_key__isnull=True).order_by("pk")
        shown += missing[max(0, start - before) : start + PAGE - before]
    return shown


def _walk(records: RecordList, rows: QuerySet, column: Column, sign: str, start: int) -> list[Any]:
    """Many rows in the order of a custom field: along the index of its values, keeping those that match."""
    of_field = FieldValue.objects.of(records.workspace).filter(field=column.field)
    values = along(of_field, column, sign).values_list("record_id", flat=True)
    kept: list[int] = []
    for stop in range(STEP, STEPS * STEP + 1, STEP):
        ids = list(values[stop - STEP : stop])
        match = set(rows.order_by().filter(pk__in=ids).values_list("pk", flat=True))
        kept += [pk for pk in ids if pk in match]
        if len(ids) < STEP or len(kept) >= start + PAGE:
            break
    wanted = kept[start : start + PAGE]
    found = {row.pk: row for row in rows.filter(pk__in=wanted)}
    shown = [found[pk] for pk in wanted]
    if len(shown) < PAGE:
        missing = rows.exclude(pk__in=of_field.values("record_id")).order_by("pk")
        begin = max(0, start - len(kept))
        shown += missing[begin : begin + PAGE - len(shown)]
    return shown
