"""The list of segments, and of those in the archive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from zhike_crm.accounts.access import can
from zhike_crm.accounts.models import Membership
from zhike_crm.segments.columns import COLOURS
from zhike_crm.segments.models import Segment, in_use
from zhike_crm.segments.privacy import open_segments
from zhike_crm.ui.lists.columns import Choice, Column, Kind
from zhike_crm.ui.lists.listing import RecordList


@dataclass(frozen=True)
class _Title(Column):
    """The name as the reader's language has it."""

    def value(self, row: Any) -> Any:
        return row.title


def kinds() -> list[Choice]:
    return [Choice(kind.value, kind.label, COLOURS[kind]) for kind in Segment.Kind]


class SegmentList(RecordList):
    name = "segments"
    record_type = "segments.segment"
    default_sort = "name"
    route = "segments"
    record_route = "segment"
    permission = "customers.view"
    template = "segments/list.html"
    title = _("Segments")
    search_hint = _("Name or description")

    @property
    def may_edit(self) -> bool:
        return can(self.member, "segments.edit")

    def rows(self) -> QuerySet:
        return open_segments(in_use(self.workspace), self.member)

    def matching(self, rows: QuerySet, words: str) -> QuerySet:
        said = Q(name__icontains=words) | Q(description__icontains=words)
        return rows.filter(said | Q(names__en__icontains=words) | Q(names__zh__icontains=words))

    def own_columns(self) -> list[Column]:
        return [
            _Title("name", _("Segment"), Kind.TEXT, "name", shown=True),
            Column("kind", _("Kind"), Kind.CHOICE, "kind", kinds, shown=True),
            Column("count", _("Customers"), Kind.NUMBER, "count", shown=True),
            Column("entered", _("Entered last"), Kind.NUMBER, "entered", shown=True),
            Column("left", _("Left last"), Kind.NUMBER, "left", shown=True),
            Column("owner", _("Owner"), Kind.PERSON, "owner", self._members, sortable=False, shown=True),
            Column("counted_at", _("Computed"), Kind.MOMENT, "counted_at", shown=True),
            Column("dynamic", _("Follows its rule"), Kind.YESNO, "dynamic"),
            Column("description", _("Description"), Kind.TEXT, "description", sortable=False),
            Column("problem", _("Problem"), Kind.TEXT, "problem", sortable=False),
            Column("created_at", _("Created"), Kind.MOMENT, "created_at"),
        ]

    def _members(self) -> list[Choice]:
        members = Membership.objects.of(self.workspace).select_related("user").order_by("user__name")
        return [Choice(str(member.pk), str(member)) for member in members]


class ArchivedSegments(SegmentList):
    """Out of use, with their members and their history, until somebody brings them back."""

    name = "archived_segments"
    route = "archived_segments"
    title = _("Archived segments")

    def rows(self) -> QuerySet:
        return open_segments(Segment.objects.of(self.workspace).exclude(archived_at=None), self.member)
