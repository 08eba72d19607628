"""Computing segments, and what they are like, in the background."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zhike_crm.jobs.models import Job
from zhike_crm.jobs.queue import handles
from zhike_crm.segments.computing import FIGURES, compute_with_dependents, sum_up
from zhike_crm.segments.models import Segment


@handles("segment", lane="segments")
def run_compute(job: Job, say: Callable[[str], None]) -> dict[str, Any]:
    segment = Segment.objects.of(job.workspace).select_related("workspace").filter(pk=job.arguments["segment"]).first()
    if segment is None or not segment.is_rule:
        return {}
    return compute_with_dependents(segment, job.arguments["cause"], by=job.created_by)


@handles(FIGURES, lane="segments")
def run_sum_up(job: Job, say: Callable[[str], None]) -> dict[str, Any]:
    return {"segments": sum_up(job.workspace)}
