"""The columns with which the list of customers shows, filters and exports the segments of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from zhike_crm.segments.models import Member, Segment
from zhike_crm.segments.privacy import hidden_segments, open_members, open_segments
from zhike_crm.ui.lists.columns import Choice, Column, Kind, Pairs
from zhike_crm.ui.lists.listing import COUNTED
from zhike_crm.workspaces.models import Workspace

COLUMN = "segment"
# Groups that were found and not kept yet: to look at who is in them.
DRAFT_COLUMN = "group"
COLOURS = {Segment.Kind.RULE: "purple", Segment.Kind.LIST: "blue", Segment.Kind.CLUSTER: "cyan"}


@dataclass(frozen=True)
class SegmentColumn(Column):
    """Knows the segments there are, by name, and the ids of those that who sees the list may not know of.

    Asked once for each list that has the column.
    """

    known: Callable[[], list[Segment]] = list
    hidden: Callable[[], frozenset[int]] = frozenset


def columns_of(records: Any) -> list[Column]:
    """For a list of customers: the segments that who sees it may know of."""
    workspace = records.workspace
    inside = Member.objects.of(workspace).filter(left_at=None, segment__archived_at=None)
    current = open_members(inside, records.member)
    segments = Segment.objects.of(workspace).filter(archived_at=None).order_by("name", "pk")
    rows = open_segments(segments, records.member)
    every = cache(lambda: list(rows.only("name", "names", "kind", "count", "draft", "clustering")))

    hidden = cache(lambda: hidden_segments(records.member))

    def column(name: str, label: Any, *, draft: bool) -> Column:
        def known() -> list[Segment]:
            return [one for one in every() if one.draft == draft]

        def common(asked: list[int] | None) -> bool:
            return sum(one.count or 0 for one in known() if asked is None or one.pk in asked) > COUNTED

        return SegmentColumn(
            name,
            label,
            Kind.GROUP,
            choices=lambda: [_choice(segment, workspace) for segment in known()],
            through=Pairs(current.filter(segment__draft=draft), "customer_id", "segment_id", common),
            sortable=False,
            known=known,
            hidden=hidden,
        )

    return [column(COLUMN, _("Segment"), draft=False), column(DRAFT_COLUMN, _("Group, not kept yet"), draft=True)]


def _choice(segment: Segment, workspace: Workspace) -> Choice:
    if segment.draft:
        address = reverse("clustering", args=[workspace.slug, segment.clustering_id])
    else:
        address = reverse("segment", args=[workspace.slug, segment.pk])
    return Choice(str(segment.pk), segment.title, COLOURS[Segment.Kind(segment.kind)], address)
