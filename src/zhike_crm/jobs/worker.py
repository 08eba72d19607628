"""A worker: takes jobs one after the other, keeps their leases, and lets schedules fall due.

It outlives what passes by itself: a database that restarts, a disk that is full for a while, a clock that is set.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.db import Error as DatabaseTrouble
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from zhike.errors import ZhikeError
from zhike_crm.jobs import queue
from zhike_crm.jobs.failures import is_disk_full, sentence
from zhike_crm.jobs.leases import Watch
from zhike_crm.jobs.models import Job
from zhike_crm.jobs.schedules import enqueue_due, mend
from zhike_crm.languages import in_language

POLL_SECONDS = 0.5
RENEW_SECONDS = 8.0
# While the database does not answer, it is asked again after 1, 2, 4 … seconds, at most this many.
MOST_PAUSE = 15.0
MEND_SECONDS = 600.0
log = logging.getLogger("zhike.worker")


class Worker:
    """One thread of work. `stop` lets the job that runs come to its end."""

    def __init__(self) -> None:
        self.name = uuid.uuid4()
        self._stopped = threading.Event()
        self._watch = Watch()
        self._mended = 0.0

    def stop(self, *_: Any) -> None:
        self._stopped.set()

    def run(self) -> None:
        """Work until told to stop."""
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        pause = 0.0
        while not self._stopped.is_set():
            try:
                worked = self._turn()
                pause = 0.0
            except DatabaseTrouble as trouble:
                pause = min(MOST_PAUSE, pause * 2 or 1.0)
                log.warning("the database does not answer, again in %.0f s: %s", pause, trouble)
                connection.close()
                self._stopped.wait(pause)
                continue
            if not worked:
                self._stopped.wait(POLL_SECONDS)

    def _turn(self) -> bool:
        close_old_connections()
        if not self._mended or time.monotonic() - self._mended > MEND_SECONDS:
            mend()
            self._mended = time.monotonic()
        enqueue_due()
        return self.work_once()

    def work_once(self) -> bool:
        """Do the next job; False when there is none."""
        self._watch.release_the_dead()
        job = queue.claim(self.name)
        if job is None:
            return False
        began = time.perf_counter()
        log.info("job %s of workspace %s begins", job, job.workspace_id)
        over = threading.Event()
        keeper = threading.Thread(target=_keep, args=(job, over), daemon=True)
        keeper.start()
        try:
            end = _do(job)
            self._insist(end)
        finally:
            over.set()
            keeper.join()
        log.info("job %s ended after %.1f s", job, time.perf_counter() - began)
        return True

    def _insist(self, end: Callable[[], object]) -> None:
        """Write how a job ended, however often the database has to be asked.

        Raises:
            DatabaseTrouble: we are to stop; the job will run again.
        """
        pause = 0.25
        while True:
            try:
                end()
                return
            except DatabaseTrouble as trouble:
                log.warning("how the job ended cannot be written yet: %s", trouble)
                connection.close()
                pause = min(MOST_PAUSE, pause * 2)
                if self._stopped.wait(pause):
                    raise


def _do(job: Job) -> Callable[[], object]:
    """Do a job; what has to be written about its end, in the language of who asked."""
    language = getattr(job.created_by, "language", "") or job.workspace.language
    with in_language(language):
        try:
            result = queue.HANDLERS[job.kind](job, lambda step: queue.say(job, step))
            return lambda: queue.finish(job, result=result)
        except queue.JobLost:
            log.warning("job %s was taken over by another worker", job)
            return lambda: None
        except ZhikeError as expected:
            said = str(expected)
            return lambda: queue.finish(job, error=said)
        except Exception as unexpected:
            log.exception("job %s failed", job)
            error = sentence(unexpected)
            passes = isinstance(unexpected, OperationalError | InterfaceError) and not is_disk_full(unexpected)
            return lambda: (passes and queue.give_back(job)) or queue.finish(job, error=error)


def _keep(job: Job, over: threading.Event) -> None:
    """Renew the lease from a thread, for a job may compute for minutes without saying a word."""
    while not over.wait(RENEW_SECONDS):
        try:
            queue.renew(job)
        except DatabaseTrouble:
            connection.close()
    connection.close()
