"""When is a worker dead? Told by two clocks, so that one that is set wrong costs nothing.

A worker that lives changes its lease every few seconds. Its job is taken from it when the lease lies in the past and
has not changed while we watched, or when it has not changed for long, wherever it lies. The watching goes by a clock
that nobody sets.
"""

from __future__ import annotations

import datetime as dt
import time

from django.utils import timezone

from zhike_crm.jobs import queue
from zhike_crm.jobs.models import Job, State

# More than one renewal of a worker that lives.
WATCH_SECONDS = 12.0
LONG_SECONDS = 75.0


class Watch:
    """What one worker has seen of the leases of all running jobs."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[dt.datetime | None, float]] = {}

    def release_the_dead(self) -> int:
        """Let the jobs of dead workers run again; how many they were."""
        now, running = time.monotonic(), list(self._running())
        before, self._seen = self._seen, {}
        released = 0
        for job in running:
            lease, since = before.get(job.pk, (None, now))
            if lease != job.lease_until:
                since = now
            self._seen[job.pk] = (job.lease_until, since)
            if _is_dead(job, now - since):
                queue.release(job)
                released += 1
        return released

    def _running(self) -> list[Job]:
        return Job.objects.everywhere().filter(state=State.RUNNING).select_related("workspace")


def _is_dead(job: Job, unchanged: float) -> bool:
    ran_out = job.lease_until is None or job.lease_until < timezone.now()
    return unchanged > LONG_SECONDS or (ran_out and unchanged > WATCH_SECONDS)
