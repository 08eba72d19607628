"""A worker: takes jobs one after the other, keeps their leases, and lets schedules fall due."""

from __future__ import annotations

import logging
import signal
import threading
import time
import uuid
from typing import Any

from django.db import close_old_connections, connection

from zhike.errors import ZhikeError
from zhike.language import speaking
from zhike_crm.jobs import queue
from zhike_crm.jobs.models import Job
from zhike_crm.jobs.schedules import enqueue_due

POLL_SECONDS = 0.5
RENEW_SECONDS = 8.0
log = logging.getLogger("zhike.worker")


class Worker:
    """One thread of work. `stop` lets the job that runs come to its end."""

    def __init__(self) -> None:
        self.name = uuid.uuid4()
        self._stopped = threading.Event()

    def stop(self, *_: Any) -> None:
        self._stopped.set()

    def run(self) -> None:
        """Work until told to stop."""
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        while not self._stopped.is_set():
            close_old_connections()
            enqueue_due()
            if not self.work_once():
                self._stopped.wait(POLL_SECONDS)

    def work_once(self) -> bool:
        """Do the next job; False when there is none."""
        job = queue.claim(self.name)
        if job is None:
            return False
        began = time.perf_counter()
        log.info("job %s of workspace %s begins", job, job.workspace_id)
        over = threading.Event()
        keeper = threading.Thread(target=_keep, args=(job, over), daemon=True)
        keeper.start()
        try:
            result, error = _do(job)
        finally:
            over.set()
            keeper.join()
        queue.finish(job, result=result, error=error)
        log.info("job %s ended in %.1f s: %s", job, time.perf_counter() - began, error or "done")
        return True


def _do(job: Job) -> tuple[dict[str, Any], str]:
    """The result, or what went wrong in the language of who asked."""
    language = getattr(job.created_by, "language", "") or job.workspace.language
    with speaking(language):
        try:
            return queue.HANDLERS[job.kind](job, lambda step: queue.say(job, step)), ""
        except ZhikeError as expected:
            return {}, str(expected)
        except Exception as unexpected:
            log.exception("job %s failed", job)
            return {}, f"{type(unexpected).__name__}: {unexpected}"


def _keep(job: Job, over: threading.Event) -> None:
    """Renew the lease from a thread, for a job may compute for minutes without saying a word."""
    while not over.wait(RENEW_SECONDS):
        queue.renew(job)
    connection.close()
