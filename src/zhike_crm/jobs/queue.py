"""The queue: a table that workers on any machine share.

A job is claimed by changing its row from waiting to running, which only one worker can; the database's own uniqueness
keeps two jobs of a lane from running. A worker that dies leaves a lease that runs out, and the job runs again: so
every kind of job can be run twice without harm, which is the business of whoever writes it. `jobs.leases` says when a
lease has run out.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from zhike_crm.jobs.models import Job, State

LEASE = dt.timedelta(seconds=30)
ATTEMPTS = 3


class JobLost(Exception):
    """This worker was silent for so long that another one has taken its job."""


# kind → what does it. `say` tells the person who waits which step it is.
Handler = Callable[[Job, Callable[[str], None]], dict[str, Any]]
HANDLERS: dict[str, Handler] = {}
_LANES: dict[str, str] = {}


def handles(kind: str, *, lane: str = "") -> Callable[[Handler], Handler]:
    """Make a function the one that does jobs of a kind; written above it in an app's tasks.py."""

    def register(handler: Handler) -> Handler:
        HANDLERS[kind], _LANES[kind] = handler, lane
        return handler

    return register


def enqueue(
    workspace: Any, kind: str, arguments: dict[str, Any] | None = None, *, by: Any = None, key: str = ""
) -> Job:
    """Have a job done. With a `key`, the one of this key that is already waiting or running is returned instead."""
    values = {"kind": kind, "arguments": arguments or {}, "lane": _LANES[kind], "created_by": by, "key": key}
    try:
        with transaction.atomic():
            return Job.objects.create(workspace=workspace, **values)
    except IntegrityError:
        return Job.objects.of(workspace).get(key=key, state__in=[State.QUEUED, State.RUNNING])


def claim(worker: uuid.UUID) -> Job | None:
    """The oldest job that may run now, for this worker alone."""
    waiting = Job.objects.everywhere().filter(state=State.QUEUED).order_by("created_at", "pk")
    for job in waiting[:50]:
        now = timezone.now()
        mine = {"state": State.RUNNING, "worker": worker, "started_at": now, "lease_until": now + LEASE}
        try:
            with transaction.atomic():
                taken = _row(job).filter(state=State.QUEUED).update(**mine, attempts=job.attempts + 1, step="")
        except IntegrityError:
            continue  # another job of its lane is running
        if taken:
            return Job.objects.everywhere().select_related("workspace", "created_by").get(pk=job.pk)
    return None


def renew(job: Job) -> bool:
    """Keep the lease; False when the job is no longer this worker's."""
    mine = _row(job).filter(state=State.RUNNING, worker=job.worker)
    return bool(mine.update(lease_until=timezone.now() + LEASE))


def say(job: Job, step: str) -> None:
    """Tell the person who waits which step it is.

    Raises:
        JobLost: another worker has taken the job over; this one had better stop.
    """
    if not _row(job).filter(state=State.RUNNING, worker=job.worker).update(step=step[:80]):
        raise JobLost(str(job))


def finish(job: Job, *, result: dict[str, Any] | None = None, error: str = "") -> bool:
    """Note how it ended, unless another worker has taken it over."""
    state = State.FAILED if error else State.DONE
    mine = _row(job).filter(state=State.RUNNING, worker=job.worker)
    return bool(
        mine.update(state=state, result=result or {}, error=error, finished_at=timezone.now(), lease_until=None)
    )


def give_back(job: Job) -> bool:
    """Let the job wait again, after something that passes by itself; False when it has been tried often enough."""
    if job.attempts >= ATTEMPTS:
        return False
    mine = _row(job).filter(state=State.RUNNING, worker=job.worker)
    return bool(mine.update(state=State.QUEUED, worker=None, lease_until=None))


def release(dead: Job) -> None:
    """The job of a worker that died waits again, or, after a few deaths, has failed."""
    same = _row(dead).filter(state=State.RUNNING, worker=dead.worker, lease_until=dead.lease_until)
    if dead.attempts < ATTEMPTS:
        same.update(state=State.QUEUED, worker=None, lease_until=None)
        return
    gave_up = {"error": "worker died", "finished_at": timezone.now(), "lease_until": None}
    same.update(state=State.FAILED, **gave_up)


def _row(job: Job) -> Any:
    return Job.objects.everywhere().filter(Q(pk=job.pk))
