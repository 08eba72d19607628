"""Groups that were found with personal data, for those only who may see such data.

Who is in such a group tells the data themselves: that somebody is in the group of the older ones says how old they
are, whatever the group is called. So for everybody else there are no such groups: not in lists and pages, not among
the choices of a filter, and a filter by the number of one finds what the number of no segment finds. That holds too
where a field became personal only after groups were found with it.
"""

from __future__ import annotations

from django.db.models import QuerySet

from zhike_crm.accounts.access import can
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.actions import RECORD_TYPE
from zhike_crm.fields.models import FieldDefinition
from zhike_crm.fields.values import CUSTOM
from zhike_crm.segments.models import OPTION, Clustering, Segment

PERMISSION = "personal.view"


def open_clusterings(rows: QuerySet, by: Membership) -> QuerySet:
    """Those of the clusterings that the member may know of."""
    return _open(rows, by, "pk")


def open_segments(rows: QuerySet, by: Membership) -> QuerySet:
    """Those of the segments that the member may know of."""
    return _open(rows, by, "clustering")


def open_members(rows: QuerySet, by: Membership) -> QuerySet:
    """Who is in a segment, of those segments that the member may know of."""
    return _open(rows, by, "segment__clustering")


def hidden_segments(by: Membership) -> frozenset[int]:
    """The ids of the segments that the member may not know of."""
    if can(by, PERMISSION):
        return frozenset()
    rows = Segment.objects.of(by.workspace_id).filter(clustering__in=_personal_clusterings(by))
    return frozenset(rows.values_list("pk", flat=True))


def _open(rows: QuerySet, by: Membership, path: str) -> QuerySet:
    return rows if can(by, PERMISSION) else rows.exclude(**{f"{path}__in": _personal_clusterings(by)})


def _personal_clusterings(by: Membership) -> list[int]:
    """The ids of those that were found with what was personal then, or is now."""
    fields = FieldDefinition.objects.of(by.workspace_id).filter(record_type=RECORD_TYPE, personal=True)
    columns = {f"{CUSTOM}{name}" for name in fields.values_list("name", flat=True)}
    known = Clustering.objects.of(by.workspace_id).values_list("pk", "personal", "traits")
    return [pk for pk, then, traits in known if then or columns & {name.partition(OPTION)[0] for name in traits}]
