"""One page of a list of up to millions of records, in bounded time whatever is filtered and sorted by.

Two plans, chosen by how many rows match (counted only up to a bound). Few matches: find them all by their conditions,
then sort those. Many: walk the index of the sort column and keep what matches, which soon fills a page.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.db.models import Func, QuerySet
from django.utils.translation import gettext as _

from zhike_crm.accounts.access import can
from zhike_crm.accounts.models import Membership
from zhike_crm.fields.models import FieldValue
from zhike_crm.fields.models import Kind as FieldKind
from zhike_crm.fields.values import definitions
from zhike_crm.ui.addresses import numbered
from zhike_crm.ui.lists.attaching import attach
from zhike_crm.ui.lists.bulk import BulkAction
from zhike_crm.ui.lists.columns import Column, Kind, custom_column
from zhike_crm.ui.lists.conditions import BadCondition, query

PAGE = 50
# Beyond this many matches the number is shown as "10,000+".
COUNTED = 10_000
# How far the index of a custom field is followed, and in which steps.
STEP, STEPS = 2_000, 20


@dataclass(frozen=True)
class Question:
    """What is asked of a list: conditions, search words, order, which columns, which page."""

    conditions: Mapping[str, Any] = field(default_factory=dict)
    search: str = ""
    sort: str = ""
    columns: Sequence[str] = ()
    page: int = 1

    @property
    def narrows(self) -> bool:
        """Whether it asks for less than everything."""
        return bool(self.conditions or self.search)

    @classmethod
    def from_query(cls, values: Mapping[str, str]) -> Question:
        """From the part of an address after the question mark.

        Raises:
            BadCondition: it is not what a list understands.
        """
        try:
            conditions = json.loads(values.get("where") or "{}")
            page = int(values.get("page") or 1)
        except (ValueError, RecursionError) as wrong:
            raise BadCondition(_("The address of this list is damaged. Begin again without conditions.")) from wrong
        if not isinstance(conditions, dict) or not 1 <= page <= COUNTED:
            raise BadCondition(_("The address of this list is damaged. Begin again without conditions."))
        columns = tuple(c for c in (values.get("columns") or "").split(",") if c)
        search = (values.get("q") or "").replace("\0", "")[:100].strip()
        return cls(conditions, search, values.get("sort") or "", columns, page)


@dataclass(frozen=True)
class Page:
    """One page of answers. `total` is exact up to `COUNTED`, and `more` says that there are more than that."""

    rows: list[Any]
    columns: list[Column]
    total: int
    more: bool
    number: int

    @property
    def has_next(self) -> bool:
        return self.more or self.number * PAGE < self.total

    @property
    def first(self) -> int:
        return (self.number - 1) * PAGE + 1

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1


class Unindexed(Func):
    """A value to sort the few by that are known already: SQLite would rather walk the whole index of it."""

    template = "%(expressions)s"
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="+%(expressions)s", **extra)


class RecordList:
    """Base of an app's lists. A list says what its rows and columns are; everything else is the same for all."""

    name = ""
    record_type = ""
    default_sort = ""
    # Where it is, and who may see it and carry it away.
    route = ""
    record_route = ""
    permission = ""
    export_permission = "customers.export"
    template = "ui/lists/list.html"
    title: Any = ""
    search_hint: Any = ""
    actions: Sequence[BulkAction] = ()
    # The models whose test failed: their columns say so (`Column.subject`).
    doubtful: Collection[str] = ()

    def __init__(self, member: Membership) -> None:
        self.member = member
        self.workspace = member.workspace
        self.columns = {column.name: column for column in self._allowed()}

    # -- what an app says ----------------------------------------------------------------------------------------------
    def rows(self) -> QuerySet:
        """The records the member may see at all."""
        raise NotImplementedError

    def own_columns(self) -> list[Column]:
        raise NotImplementedError

    def matching(self, rows: QuerySet, words: str) -> QuerySet:
        """The rows that the search words mean."""
        raise NotImplementedError

    def names(self, linked: Collection[int]) -> Mapping[int, str]:
        """What the records are called that custom fields link to, those within reach."""
        return {}

    # -- what every list does ------------------------------------------------------------------------------------------
    @cached_property
    def address(self) -> Callable[[int], str]:
        """The page of a record, by its id."""
        return numbered(self.record_route, self.workspace.slug)

    def _allowed(self) -> list[Column]:
        personal = can(self.member, "personal.view")
        model = self.rows().model
        columns = [_scoped(column, model) for column in self.own_columns() if personal or not column.personal]
        return columns + [custom_column(f) for f in definitions(self.workspace, self.record_type)]

    def chosen(self, question: Question) -> list[Column]:
        """The columns to show, in the order asked for."""
        asked = [self.columns[name] for name in question.columns if name in self.columns]
        return asked or [column for column in self.columns.values() if column.shown]

    def filtered(self, question: Question, today: dt.date) -> QuerySet:
        """The rows a question is about, in no order.

        Raises:
            BadCondition: see `conditions.query`.
        """
        rows = self.rows().filter(query(question.conditions, self.columns, today=today))
        return self.matching(rows, question.search) if question.search else rows

    def page(self, question: Question, today: dt.date) -> Page:
        """One page of answers.

        Raises:
            BadCondition: see `conditions.query`.
        """
        rows = self.filtered(question, today)
        found = list(rows.order_by().values_list("pk", flat=True)[: COUNTED + 1]) if question.narrows else None
        total = self._counted(rows) if found is None else len(found)
        if found is not None and total <= COUNTED:
            rows = self.rows().filter(pk__in=found)
        columns = self.chosen(question)
        start = (question.page - 1) * PAGE
        many = total > COUNTED
        shown = self._slice(self.with_related(rows, columns), question, start, many)
        self._attach_custom(shown, columns)
        return Page(shown, columns, min(total, COUNTED), total > COUNTED, question.page)

    def _slice(self, rows: QuerySet, question: Question, start: int, many: bool) -> list[Any]:
        """Rows with a value in order, then those without one: apart, because no index has empty values last."""
        sort = question.sort or self.default_sort
        column = self.columns.get(sort.lstrip("-"))
        sign = "-" if sort.startswith("-") else ""
        if column is None or not column.sortable:
            return list(rows.order_by("-pk")[start : start + PAGE])
        if column.field is not None and many:
            return self._walk(rows, column.field, sign, start)
        key = column.key() if many else Unindexed(column.key())
        rows = rows.annotate(sort_key=key) if column.field else rows.alias(sort_key=key)
        present = rows.filter(sort_key__isnull=False)
        if column.scope:
            # The index of the other table begins with its own workspace.
            present = present.filter(**{column.scope: self.workspace})
        shown = list(present.order_by(f"{sign}sort_key", f"{sign}{column.table}pk")[start : start + PAGE])
        if len(shown) < PAGE:
            before = start + len(shown) if shown else present.order_by().count()
            missing = rows.filter(sort_key__isnull=True).order_by("pk")
            shown += missing[max(0, start - before) : start + PAGE - before]
        return shown

    def _walk(self, rows: QuerySet, field: Any, sign: str, start: int) -> list[Any]:
        """Many rows in the order of a custom field: along the index of its values, keeping those that match."""
        values = (
            FieldValue.objects.of(self.workspace).filter(field=field).order_by(f"{sign}{field.column}", "record_id")
        )
        kept: list[int] = []
        for stop in range(STEP, STEPS * STEP + 1, STEP):
            ids = list(values.values_list("record_id", flat=True)[stop - STEP : stop])
            match = set(rows.order_by().filter(pk__in=ids).values_list("pk", flat=True))
            kept += [pk for pk in ids if pk in match]
            if len(ids) < STEP or len(kept) >= start + PAGE:
                break
        wanted = kept[start : start + PAGE]
        found = {row.pk: row for row in rows.filter(pk__in=wanted)}
        shown = [found[pk] for pk in wanted]
        if len(shown) < PAGE:
            missing = rows.exclude(pk__in=values.order_by().values("record_id")).order_by("pk")
            begin = max(0, start - len(kept))
            shown += missing[begin : begin + PAGE - len(shown)]
        return shown

    def _counted(self, rows: QuerySet) -> int:
        return rows.order_by().values("pk")[: COUNTED + 1].count()

    def with_related(self, rows: QuerySet, columns: Sequence[Column]) -> QuerySet:
        paths = {c.path.rpartition("__")[0] for c in columns if c.path and "__" in c.path}
        people = {c.path for c in columns if c.kind in (Kind.PERSON, Kind.LINK) and c.path}
        return rows.select_related(*sorted(paths | people | {f"{p}__user" for p in people if p == "owner"}))

    def _attach_custom(self, rows: Sequence[Any], columns: Sequence[Column]) -> None:
        attach(rows, columns)
        links = [column.field.name for column in columns if column.field and column.field.kind == FieldKind.LINK]
        linked = {row.custom[name] for row in rows for name in links if name in row.custom}
        names = self.names(linked) if linked else {}
        for row in rows:
            row.linked = names


def _scoped(column: Column, model: Any) -> Column:
    """The column with the place of the workspace of the table it goes through."""
    steps = column.table.split("__")[:-1]
    for step in steps:
        model = model._meta.get_field(step).related_model
    named = any(field.name == "workspace" for field in model._meta.get_fields())
    return replace(column, scope=f"{column.table}workspace") if steps and named else column
