"""Segments in the command palette."""

from __future__ import annotations

from django.utils.translation import gettext as _

from zhike_crm.accounts.access import can
from zhike_crm.accounts.models import Membership
from zhike_crm.segments.lists import SegmentList
from zhike_crm.ui.palette import Found

SHOWN = 5


def found_in_palette(member: Membership, words: str) -> list[Found]:
    """The segments whose names hold the words."""
    if not can(member, SegmentList.permission):
        return []
    records = SegmentList(member)
    rows = records.matching(records.rows(), words).order_by("name", "pk")[:SHOWN]
    return [Found(row.title, records.address(row.pk), icon="users-group", hint=_("Segment")) for row in rows]
