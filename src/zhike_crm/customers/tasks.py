"""In the background: searching for duplicates, writing the file that lists look into."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zhike_crm.customers.duplicates import find
from zhike_crm.customers.keeping import KEEP, keep_up
from zhike_crm.jobs.models import Job
from zhike_crm.jobs.queue import handles


@handles("find_duplicates")
def run_find_duplicates(job: Job, say: Callable[[str], None]) -> dict[str, Any]:
    return find(job.workspace, say)


# Like a refresh, which writes the file too.
@handles(KEEP, lane="lake")
def run_keep_columns(job: Job, _say: Callable[[str], None]) -> dict[str, Any]:
    keep_up(job.workspace)
    return {}
