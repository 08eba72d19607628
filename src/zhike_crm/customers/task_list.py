"""The list of tasks, and the same tasks as a board by when they are due."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from zhike_crm.accounts.access import can, visible
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.bulk import chosen_owner, owners
from zhike_crm.customers.models import Customer, Task
from zhike_crm.ui.lists.bulk import BulkAction
from zhike_crm.ui.lists.columns import Choice, Column, Kind
from zhike_crm.ui.lists.listing import RecordList

# Of each column of the board.
CARDS = 50


class TaskList(RecordList):
    name = "tasks"
    record_type = "customers.task"
    default_sort = "due_on"
    route = "task_list"
    record_route = "edit_task"
    permission = "customers.view"
    title = _("Tasks")
    search_hint = _("Task or customer")
    template = "customers/tasks.html"

    @cached_property
    def actions(self) -> list[BulkAction]:
        edit = "customers.edit"
        return [
            BulkAction("done", _("Done"), edit, "task.done", lambda _f, _b: {"done_at": timezone.now()}, icon="check"),
            BulkAction(
                "owner",
                _("Owner"),
                edit,
                "task.changed",
                lambda form, by: {"owner": chosen_owner(form, by)},
                choices=cache(lambda: owners(self.member)),
                icon="user-share",
            ),
            BulkAction(
                "later",
                _("Due"),
                edit,
                "task.changed",
                due_day,
                choices=lambda: [Choice(code, label) for code, label in DAYS.items()],
                icon="calendar",
            ),
            BulkAction("reopen", _("Reopen"), edit, "task.reopened", lambda _f, _b: {"done_at": None}, icon="rotate"),
            BulkAction(
                "delete",
                _("Delete"),
                edit,
                "task.deleted",
                lambda _f, _b: {"deleted_at": timezone.now()},
                icon="trash",
            ),
        ]

    @property
    def may_edit(self) -> bool:
        return can(self.member, "customers.edit")

    def rows(self) -> QuerySet:
        return tasks_of(self.member)

    def matching(self, rows: QuerySet, words: str) -> QuerySet:
        named = Customer.objects.filter(workspace=self.workspace, name__icontains=words).values("pk")
        return rows.filter(Q(title__icontains=words) | Q(customer__in=named))

    def own_columns(self) -> list[Column]:
        return [
            Column("title", _("Task"), Kind.TEXT, "title", shown=True, sortable=False),
            Column("customer", _("Customer"), Kind.TEXT, "customer__name", shown=True, sortable=False),
            Column("due_on", _("Due"), Kind.DATE, "due_on", shown=True),
            Column("owner", _("Owner"), Kind.PERSON, "owner", self._members, shown=True, sortable=False),
            Column("done_at", _("Done"), Kind.MOMENT, "done_at", shown=True),
            Column("created_at", _("Created"), Kind.MOMENT, "created_at"),
        ]

    def shortcuts(self) -> list[tuple[str, str]]:
        """The questions people ask of their tasks, as addresses of this list."""
        mine = {"column": "owner", "test": "any_of", "value": [str(self.member.pk)]}
        is_open = {"column": "done_at", "test": "empty"}
        today = timezone.localdate().isoformat()
        asked = {
            _t("My open tasks"): [mine, is_open],
            _t("Overdue"): [is_open, {"column": "due_on", "test": "before", "value": today}],
            _t("All open"): [is_open],
            _t("Done"): [{"column": "done_at", "test": "filled"}],
        }
        base = reverse(self.route, args=[self.workspace.slug])
        return [(label, f"{base}?{urlencode({'where': json.dumps({'all': c})})}") for label, c in asked.items()]

    def _members(self) -> list[Choice]:
        return [choice for choice in owners(self.member) if choice.code.isdigit()]


def tasks_of(member: Membership) -> QuerySet[Task]:
    return visible(member, Task.objects).filter(deleted_at=None)


# -- the board -------------------------------------------------------------------------------------------------------
DAYS: dict[str, Any] = {
    "today": _("Today"),
    "tomorrow": _("Tomorrow"),
    "week": _("In a week"),
    "none": _("No day"),
}


@dataclass(frozen=True)
class Lane:
    """A column of a board. Moving a card here asks the address of the board to set `code`; empty: cannot be."""

    code: str
    label: Any
    cards: list[Task]
    total: int


def due_day(form: Mapping[str, str], _by: Membership) -> dict[str, Any]:
    """The day that a word means.

    Raises:
        ValueError: it is no such word.
    """
    today = timezone.localdate()
    days = {"today": 0, "tomorrow": 1, "week": 7}
    value = form.get("value", "")
    if value not in DAYS:
        raise ValueError(_t("There is no such day."))
    return {"due_on": None if value == "none" else today + dt.timedelta(days[value])}


def board(member: Membership, *, mine: bool) -> list[Lane]:
    """Open tasks by when they are due, from the most urgent."""
    today = timezone.localdate()
    rows = tasks_of(member).filter(done_at=None).select_related("customer", "owner__user")
    rows = rows.filter(owner=member) if mine else rows
    lanes = [
        ("", _("Overdue"), rows.filter(due_on__lt=today)),
        ("today", _("Today"), rows.filter(due_on=today)),
        ("tomorrow", _("Tomorrow"), rows.filter(due_on=today + dt.timedelta(1))),
        ("week", _("Later"), rows.filter(due_on__gt=today + dt.timedelta(1))),
        ("none", _("No day"), rows.filter(due_on=None)),
    ]
    return [
        Lane(code, label, list(found.order_by(F("due_on").asc(nulls_last=True), "pk")[:CARDS]), found.count())
        for code, label, found in lanes
    ]
