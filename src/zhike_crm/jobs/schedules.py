"""Schedules: jobs that repeat."""

from __future__ import annotations

import datetime as dt
import zoneinfo

from croniter import croniter
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhike_crm.jobs.models import Schedule
from zhike_crm.jobs.queue import enqueue
from zhike_crm.workspaces.models import Workspace


def set_schedule(workspace: Workspace, kind: str, cron: str, *, enabled: bool = True) -> Schedule:
    """Repeat a job at the times of a cron line.

    Raises:
        ValidationError: it is no cron line.
    """
    if not croniter.is_valid(cron):
        raise ValidationError(_("%(cron)s is no time table; every night at three is 0 3 * * *.") % {"cron": cron})
    values = {"cron": cron, "enabled": enabled, "next_at": _next(workspace, cron)}
    return Schedule.objects.update_or_create(workspace=workspace, kind=kind, defaults=values)[0]


def enqueue_due() -> int:
    """Queue what has fallen due; several workers may ask at once, one of them does it."""
    due = Schedule.objects.everywhere().filter(enabled=True, next_at__lte=timezone.now()).select_related("workspace")
    count = 0
    for schedule in due:
        then = _next(schedule.workspace, schedule.cron)
        mine = Schedule.objects.of(schedule.workspace_id).filter(pk=schedule.pk, next_at=schedule.next_at)
        # Both or neither: a worker that dies between them would leave a night out.
        with transaction.atomic():
            if mine.update(next_at=then):
                enqueue(schedule.workspace, schedule.kind, schedule.arguments, key=f"schedule-{schedule.kind}")
                count += 1
    return count


def mend() -> None:
    """Bring schedules back that a clock which was wrong for a while has sent into a far future."""
    for schedule in Schedule.objects.everywhere().filter(enabled=True).select_related("workspace"):
        then = _next(schedule.workspace, schedule.cron)
        if schedule.next_at is None or schedule.next_at > then:
            Schedule.objects.of(schedule.workspace_id).filter(pk=schedule.pk).update(next_at=then)


def _next(workspace: Workspace, cron: str) -> dt.datetime:
    """The next time, on the wall clock of the workspace."""
    here = timezone.now().astimezone(zoneinfo.ZoneInfo(workspace.time_zone))
    return croniter(cron, here).get_next(dt.datetime)
