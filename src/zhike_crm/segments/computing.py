"""Computing segments: one because its rule changed or somebody asked, all of them after a refresh."""

from __future__ import annotations

import itertools
import logging
from typing import Any

from django.db.models import QuerySet

from zhike.errors import ZhikeError
from zhike.lake.facts_view import Facts
from zhike_crm.jobs.queue import enqueue
from zhike_crm.segments import members
from zhike_crm.segments.answers import answering, roomy
from zhike_crm.segments.cards import work_out
from zhike_crm.segments.clustering import follow
from zhike_crm.segments.editing import vocabulary
from zhike_crm.segments.models import Clustering, Segment, Turn, in_use
from zhike_crm.segments.profile import profile
from zhike_crm.segments.reading import known_shares
from zhike_crm.segments.rules import dependents, everybody, in_order, today
from zhike_crm.ui.lists.conditions import BadCondition, query
from zhike_crm.workspaces.models import Workspace

FIGURES = "segment_figures"
log = logging.getLogger("zhike.segments")


def compute(segment: Segment, cause: str, *, facts: Facts | None = None, by: Any = None) -> Turn | None:
    """Have the rule say anew who is in the segment.

    Returns:
        What changed. None when the rule cannot be answered any more (a custom field it asks about is gone, …): then
        the members stay, and `problem` says why.
    """
    try:
        with roomy(), answering(segment.workspace, facts) as leaves:
            return members.replace(segment, matching(segment, leaves), cause, by=by)
    except members.RuleChanged:
        segment.refresh_from_db(fields=["tree"])
        return compute(segment, cause, facts=facts, by=by)
    except (BadCondition, ZhikeError) as wrong:
        log.warning("segment %s cannot be computed: %s", segment.pk, wrong)
        Segment.objects.of(segment.workspace_id).filter(pk=segment.pk).update(problem=str(wrong)[:500])
        return None


def matching(segment: Segment, leaves: Any) -> QuerySet:
    """The customers who meet the rule now."""
    records = everybody(segment.workspace)
    met = query(segment.tree, records.columns, today=today(segment.workspace), leaves=leaves)
    return records.rows().filter(met)


def compute_with_dependents(segment: Segment, cause: str, *, by: Any = None) -> dict[str, Any]:
    """One segment, then those that ask about it and follow their rules; what came of it."""
    turn = compute(segment, cause, by=by)
    segment.refresh_from_db(fields=["count", "counted_at"])
    profile(segment)
    for other in dependents(segment.pk, _rules(segment.workspace)):
        compute(other, cause, by=by)
    return {"segment": segment.pk, "customers": turn.count if turn else None}


def after_refresh(workspace: Workspace, facts: Facts) -> int:
    """Every group that was found, every segment that follows its rule, and the lists on which customers were merged;
    how many were computed.

    Run twice nothing changes the second time but that a turn more is noted.
    """
    found = in_use(workspace).filter(kind=Segment.Kind.CLUSTER).values("clustering")
    kept = Clustering.objects.of(workspace).filter(pk__in=found).select_related("workspace")
    # First, for rules may ask about groups.
    groups = sum(follow(clustering, Turn.Cause.REFRESH, facts) for clustering in kept.order_by("pk"))
    rules = _rules(workspace)
    for segment in in_order(rules):
        compute(segment, Turn.Cause.REFRESH, facts=facts)
    for segment in in_use(workspace).filter(kind=Segment.Kind.LIST):
        while members.follow_merges(segment):
            pass  # who was merged into somebody who was merged
    if in_use(workspace).exists():
        enqueue(workspace, FIGURES, key=FIGURES)
    return groups + len(rules)


def sum_up(workspace: Workspace) -> int:
    """Have the figures of every segment at hand before somebody looks at them; of how many."""
    vocabulary(workspace)
    known_shares(workspace)
    segments = list(in_use(workspace).select_related("workspace").order_by("clustering", "pk"))
    for _clustering, groups in itertools.groupby(
        (one for one in segments if one.is_cluster), lambda g: g.clustering_id
    ):
        work_out(workspace, list(groups))
    return sum(profile(segment) is not None for segment in segments)


def _rules(workspace: Workspace) -> list[Segment]:
    rows = in_use(workspace).filter(kind=Segment.Kind.RULE, dynamic=True)
    return list(rows.select_related("workspace").order_by("pk"))
