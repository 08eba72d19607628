"""Computing segments, and what they are like, in the background."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zhike_crm.jobs.models import Job
from zhike_crm.jobs.queue import handles
from zhike_crm.segments.cards import CARDS, work_out
from zhike_crm.segments.clustering import NothingFound, find, follow
from zhike_crm.segments.computing import FIGURES, compute_with_dependents, sum_up
from zhike_crm.segments.models import Clustering, Segment
from zhike_crm.segments.overlaps import overlaps
from zhike_crm.segments.profile import profile


@handles("segment", lane="segments")
def run_compute(job: Job, say: Callable[[str], None]) -> dict[str, Any]:
    segment = Segment.objects.of(job.workspace).select_related("workspace").filter(pk=job.arguments["segment"]).first()
    if segment is not None and segment.is_cluster and segment.clustering is not None:
        return {"groups": follow(segment.clustering, job.arguments["cause"])}
    if segment is None or not segment.is_rule:
        return {}
    return compute_with_dependents(segment, job.arguments["cause"], by=job.created_by)


@handles("find_groups", lane="segments")
def run_find(job: Job, say: Callable[[str], None]) -> dict[str, Any]:
    """That there are no groups is no failure: why is kept, to be read on their page."""
    rows = Clustering.objects.of(job.workspace).filter(pk=job.arguments["clustering"], state=Clustering.State.LOOKING)
    clustering = rows.select_related("workspace", "follows", "by__user").first()
    if clustering is None:
        return {}
    try:
        groups = find(clustering, say)
    except NothingFound as wrong:
        # Unless another run has found them meanwhile.
        rows.update(state=Clustering.State.FAILED, problem=str(wrong)[:500])
        return {"groups": 0}
    say("comparing")
    work_out(job.workspace, groups)
    for group in groups:
        profile(group)
    return {"groups": len(groups)}


@handles(CARDS, lane="segments")
def run_cards(job: Job, say: Callable[[str], None]) -> dict[str, Any]:
    rows = Segment.objects.of(job.workspace).filter(pk__in=job.arguments["segments"]).select_related("workspace")
    segments = list(rows)
    overlaps(segments, at_once=False)
    return {"segments": len(work_out(job.workspace, segments))}


@handles(FIGURES, lane="segments")
def run_sum_up(job: Job, say: Callable[[str], None]) -> dict[str, Any]:
    return {"segments": sum_up(job.workspace)}
