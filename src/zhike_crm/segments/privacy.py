"""Groups that were found with personal data, for those only who may see such data.

Who is in such a group tells the data themselves: that somebody is in the group of the older ones says how old they
are, whatever the group is called. So for everybody else there are no such groups: not in lists and pages, not among
the choices of a filter, and a filter by the number of one finds what the number of no segment finds.
"""

from __future__ import annotations

from django.db.models import QuerySet

from zhike_crm.accounts.access import can
from zhike_crm.accounts.models import Membership
from zhike_crm.segments.models import Segment

PERMISSION = "personal.view"


def open_clusterings(rows: QuerySet, by: Membership) -> QuerySet:
    """Those of the clusterings that the member may know of."""
    return _open(rows, by, "personal")


def open_segments(rows: QuerySet, by: Membership) -> QuerySet:
    """Those of the segments that the member may know of."""
    return _open(rows, by, "clustering__personal")


def open_members(rows: QuerySet, by: Membership) -> QuerySet:
    """Who is in a segment, of those segments that the member may know of."""
    return _open(rows, by, "segment__clustering__personal")


def hidden_segments(by: Membership) -> frozenset[int]:
    """The ids of the segments that the member may not know of."""
    if can(by, PERMISSION):
        return frozenset()
    rows = Segment.objects.of(by.workspace_id).filter(clustering__personal=True)
    return frozenset(rows.values_list("pk", flat=True))


def _open(rows: QuerySet, by: Membership, flag: str) -> QuerySet:
    return rows if can(by, PERMISSION) else rows.exclude(**{flag: True})
