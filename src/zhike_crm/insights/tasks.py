"""The refresh in the background."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zhike_crm.insights.actions import refresh_now, result_of
from zhike_crm.jobs.models import Job
from zhike_crm.jobs.queue import handles


@handles("refresh", lane="lake")
def run_refresh(job: Job, say: Callable[[str], None]) -> dict[str, Any]:
    return result_of(refresh_now(job.workspace, say=say))
