"""Searching for duplicates in the background."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zhike_crm.customers.duplicates import find
from zhike_crm.jobs.models import Job
from zhike_crm.jobs.queue import handles


@handles("find_duplicates")
def run_find_duplicates(job: Job, say: Callable[[str], None]) -> dict[str, Any]:
    return find(job.workspace, say)
