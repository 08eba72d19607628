"""One page of a list of up to millions of records, in bounded time whatever is filtered and sorted by.

A list says what its rows and columns are, and where a file of its columns is if it has one; `paging` finds the page.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from zhike_crm.accounts.access import can
from zhike_crm.accounts.models import Membership
from zhike_crm.fields.models import Kind as FieldKind
from zhike_crm.fields.values import open_definitions
from zhike_crm.ui.addresses import numbered
from zhike_crm.ui.lists.attaching import attach
from zhike_crm.ui.lists.bulk import BulkAction
from zhike_crm.ui.lists.columns import Column, Kind, custom_column
from zhike_crm.ui.lists.conditions import BadCondition, Leaves, query
from zhike_crm.ui.lists.kept import Kept, Mask
from zhike_crm.ui.lists.paging import COUNTED, PAGE, paged


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
            # Half a character can be written in JSON, but neither asked of a database nor sent to a browser.
            json.dumps([conditions, values.get("q")], ensure_ascii=False).encode()
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
    # Whether all but a few of the records are seen: then to go along an index soon fills a page.
    dense = False
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

    # -- what a list says that may be long: where the file of its columns is (see `finding`) ---------------------------
    @property
    def kept(self) -> Kept | None:
        """The columns in a file; None where the database is asked."""
        return None

    def standing(self, kept: Kept) -> Mask:
        """Whom the member may see at all, of the records in the file; an array of its own."""
        raise NotImplementedError

    def searched(self, kept: Kept, words: str) -> Mask | None:
        """Whom the search words mean; None when the database may see it differently."""
        return None

    def changed(self, kept: Kept) -> QuerySet:
        """The records, seen or not, that may have changed since the file was written."""
        raise NotImplementedError

    # -- what every list does ------------------------------------------------------------------------------------------
    @cached_property
    def address(self) -> Callable[[int], str]:
        """The page of a record, by its id."""
        return numbered(self.record_route, self.workspace.slug)

    def _allowed(self) -> list[Column]:
        personal = can(self.member, "personal.view")
        model = self.rows().model
        columns = [_scoped(column, model) for column in self.own_columns() if personal or not column.personal]
        return columns + [custom_column(f) for f in open_definitions(self.member, self.record_type)]

    def chosen(self, question: Question) -> list[Column]:
        """The columns to show, in the order asked for."""
        asked = [self.columns[name] for name in question.columns if name in self.columns]
        return asked or [column for column in self.columns.values() if column.shown]

    def filtered(self, question: Question, today: dt.date, leaves: Leaves | None = None) -> QuerySet:
        """The rows a question is about, in no order.

        Raises:
            BadCondition: see `conditions.query`.
        """
        rows = self.rows().filter(query(question.conditions, self.columns, today=today, leaves=leaves))
        return self.matching(rows, question.search) if question.search else rows

    def page(self, question: Question, today: dt.date, leaves: Leaves | None = None) -> Page:
        """One page of answers. `leaves` are the conditions that are not about columns, where there are such.

        Raises:
            BadCondition: see `conditions.query`.
        """
        columns = self.chosen(question)
        shown, total, more = paged(self, question, today, columns, leaves)
        self._attach_custom(shown, columns)
        return Page(shown, columns, total, more, question.page)

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
