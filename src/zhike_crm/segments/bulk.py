"""What the list of customers offers for ticked rows: putting them on a fixed list, and taking them off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhike_crm.accounts.access import can
from zhike_crm.accounts.models import Membership
from zhike_crm.segments import members
from zhike_crm.segments.actions import create_segment
from zhike_crm.segments.columns import COLUMN, SegmentColumn
from zhike_crm.segments.models import Segment, in_use
from zhike_crm.ui.lists.bulk import BulkAction, Done
from zhike_crm.ui.lists.columns import Choice
from zhike_crm.ui.lists.listing import RecordList

PERMISSION = "segments.edit"


def actions_of(records: RecordList) -> list[BulkAction]:
    """For who may change segments."""
    if not can(records.member, PERMISSION):
        return []
    column = records.columns[COLUMN]
    segments = column.known() if isinstance(column, SegmentColumn) else []
    known = [Choice(str(segment.pk), segment.title) for segment in segments if segment.is_list]
    made = BulkAction(
        "new_segment",
        gettext_lazy("New segment"),
        PERMISSION,
        members.JOINED,
        does=_new,
        asks=gettext_lazy("Name of the segment"),
        icon="users-plus",
    )
    if not known:
        return [made]
    return [
        BulkAction(
            "add_to_segment",
            gettext_lazy("Add to segment"),
            PERMISSION,
            members.JOINED,
            does=_existing(members.add),
            choices=lambda: known,
            icon="users-group",
        ),
        made,
        BulkAction(
            "remove_from_segment",
            gettext_lazy("Take out of segment"),
            PERMISSION,
            members.LEFT,
            does=_existing(members.remove),
            choices=lambda: known,
            icon="users-minus",
        ),
    ]


def _existing(change: Callable[[Segment, QuerySet, Membership], Done]) -> Any:
    def does(rows: QuerySet, form: Mapping[str, str], by: Membership) -> Done:
        lists = in_use(by.workspace_id).filter(kind=Segment.Kind.LIST)
        chosen = form.get("value", "")
        segment = lists.filter(pk=int(chosen)).first() if chosen.isdecimal() and len(chosen) < 19 else None
        if segment is None:
            raise ValueError(_("There is no such segment."))
        return change(segment, rows, by)

    return does


def _new(rows: QuerySet, form: Mapping[str, str], by: Membership) -> Done:
    try:
        with transaction.atomic():
            segment = create_segment(by, name=form.get("value", ""), kind=Segment.Kind.LIST)
            return members.add(segment, rows, by)
    except ValidationError as wrong:
        raise ValueError(" ".join(wrong.messages)) from wrong
