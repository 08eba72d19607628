"""Saved views: whose a person has, saving one."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from zhike_crm.accounts.access import require
from zhike_crm.fields.uses import mentions
from zhike_crm.ui.lists.conditions import query
from zhike_crm.ui.lists.listing import Question, RecordList
from zhike_crm.ui.models import SavedView


def available(records: RecordList) -> QuerySet[SavedView]:
    """One's own views and the shared ones."""
    return _all(records).filter(Q(owner=records.member) | Q(shared=True))


def own(records: RecordList) -> QuerySet[SavedView]:
    return _all(records).filter(owner=records.member)


def save(records: RecordList, name: str, question: Question, *, shared: bool) -> SavedView:
    """Keep how a list is arranged, over the view of the same name if one has it.

    Raises:
        ValueError: there is no name; BadCondition: the conditions are none (checked before they are stored).
        PermissionDenied: one may not share views.
    """
    name = name.strip()[:80]
    if not name:
        raise ValueError(_("Give the view a name."))
    if shared:
        require(records.member, "views.share")
    query(question.conditions, records.columns, today=dt.date.today())
    values = {
        "shared": shared,
        "conditions": dict(question.conditions),
        "columns": [column for column in question.columns if column in records.columns],
        "sort": question.sort if question.sort.lstrip("-") in records.columns else "",
    }
    known = {"workspace": records.workspace, "owner": records.member, "list_name": records.name, "name": name}
    return SavedView.objects.update_or_create(**known, defaults=values)[0]


def ask_about(workspace: Any, column: str) -> bool:
    """Whether a saved view shows a column, sorts by it or has a condition on it."""
    rows = SavedView.objects.of(workspace)
    by_it = rows.filter(sort__in=[column, f"-{column}"]).exists()
    return by_it or mentions(rows, "columns", column) or mentions(rows, "conditions", column)


def _all(records: RecordList) -> QuerySet[SavedView]:
    return SavedView.objects.of(records.workspace).filter(list_name=records.name)
