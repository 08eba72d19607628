"""Work in the background: a refresh can be asked for, and every job looked at."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query, Router

from zhike_crm.accounts.access import can
from zhike_crm.api import cursors, records
from zhike_crm.api.answers import answer
from zhike_crm.api.idempotency import idempotent
from zhike_crm.api.schemas import CURSOR, PROBLEMS, Id, JobOut, JobsOut
from zhike_crm.api.security import may
from zhike_crm.insights.actions import request_refresh
from zhike_crm.jobs.models import Job

router = Router(tags=["jobs"])


@router.get("/jobs", auth=may("insights.view"), response={200: JobsOut, **PROBLEMS})
def job_list(
    request: HttpRequest,
    limit: int = Query(50, ge=1, le=200),
    cursor: str = Query("", max_length=2_000, pattern=CURSOR),
) -> HttpResponse:
    """Jobs, newest first. Those of imports are for who may see imports."""
    shown, following = cursors.page(_jobs(request.by), cursors.Order(descending=True), cursor, limit)
    return answer({"items": [records.job(row) for row in shown], "next": following})


@router.get("/jobs/{pk}", auth=may("insights.view"), response={200: JobOut, **PROBLEMS})
def get_job(request: HttpRequest, pk: Id) -> HttpResponse:
    """One job: where it is, and what came of it."""
    row = _jobs(request.by).filter(pk=pk).first()
    if row is None:
        raise Http404
    return answer(records.job(row))


@router.post("/refresh", auth=may("insights.publish"), response={202: JobOut, **PROBLEMS})
@idempotent
def refresh(request: HttpRequest) -> HttpResponse:
    """Have everything computed again with what has arrived. One refresh waits or runs at a time."""
    return answer(records.job(request_refresh(request.workspace, by=request.by)), 202)


def _jobs(by: Any) -> Any:
    rows = Job.objects.of(by.workspace_id)
    return rows if can(by, "imports.view") else rows.exclude(kind__startswith="import")
