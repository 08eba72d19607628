"""The queue and its workers: nothing lost, nothing twice, whatever dies."""

from __future__ import annotations

import datetime as dt
import errno
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from django.utils.translation import gettext

from zhike.language import current_language
from zhike_crm.jobs import leases, queue, schedules, worker
from zhike_crm.jobs.models import Job, Schedule, State
from zhike_crm.workspaces.models import Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Kinds of jobs for a test, by name."""
    monkeypatch.setattr(queue, "HANDLERS", {})
    monkeypatch.setattr(queue, "_LANES", {})
    # The lease needs no keeper in jobs that take no time, and SQLite has one writer.
    monkeypatch.setattr(worker, "RENEW_SECONDS", 60.0)
    return queue.HANDLERS


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock nobody sets: clock[0] is its time."""
    now = [1000.0]
    monkeypatch.setattr(leases.time, "monotonic", lambda: now[0])
    return now


def again(job: Job) -> Job:
    return Job.objects.of(job.workspace_id).get(pk=job.pk)


def test_a_job_is_done_once(workspace: Workspace, kinds: dict[str, Any]) -> None:
    done = []
    queue.handles("count")(lambda job, say: done.append(job.pk) or {"so": "it is"})
    job = queue.enqueue(workspace, "count")
    assert worker.Worker().work_once() is True
    assert worker.Worker().work_once() is False
    assert done == [job.pk]
    assert (again(job).state, again(job).result) == (State.DONE, {"so": "it is"})


def test_a_key_waits_once(workspace: Workspace, kinds: dict[str, Any]) -> None:
    queue.handles("count")(lambda job, say: {})
    assert queue.enqueue(workspace, "count", key="a") == queue.enqueue(workspace, "count", key="a")


def test_one_of_a_lane_runs(workspace: Workspace, kinds: dict[str, Any]) -> None:
    queue.handles("count", lane="lake")(lambda job, say: {})
    first, second = (queue.enqueue(workspace, "count") for _ in range(2))
    assert queue.claim(uuid.uuid4()) == first
    assert queue.claim(uuid.uuid4()) is None
    queue.finish(again(first))
    assert queue.claim(uuid.uuid4()) == second


def test_the_job_of_a_dead_worker_runs_again(workspace: Workspace, kinds: dict[str, Any], clock: list[float]) -> None:
    queue.handles("count")(lambda job, say: {})
    job = queue.enqueue(workspace, "count")
    queue.claim(uuid.uuid4())
    watch = leases.Watch()
    Job.objects.of(workspace).update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    assert watch.release_the_dead() == 0, "it may just have been slow; we have only now begun to watch"
    clock[0] += leases.WATCH_SECONDS + 1
    assert watch.release_the_dead() == 1
    assert (again(job).state, again(job).worker) == (State.QUEUED, None)


def test_a_clock_set_forward_takes_no_job_from_the_living(
    workspace: Workspace, kinds: dict[str, Any], clock: list[float]
) -> None:
    queue.handles("count")(lambda job, say: {})
    queue.enqueue(workspace, "count")
    mine = queue.claim(uuid.uuid4())
    watch = leases.Watch()
    for _ in range(5):
        # Our clock is an hour ahead of the worker's, which renews.
        Job.objects.of(workspace).update(lease_until=again(mine).lease_until - dt.timedelta(minutes=59))
        assert watch.release_the_dead() == 0
        clock[0] += worker.POLL_SECONDS + 8
    assert again(mine).state == State.RUNNING


def test_a_clock_set_back_does_not_keep_a_dead_job(
    workspace: Workspace, kinds: dict[str, Any], clock: list[float]
) -> None:
    queue.handles("count")(lambda job, say: {})
    queue.enqueue(workspace, "count")
    queue.claim(uuid.uuid4())
    Job.objects.of(workspace).update(lease_until=timezone.now() + dt.timedelta(days=1))
    watch = leases.Watch()
    assert watch.release_the_dead() == 0
    clock[0] += leases.LONG_SECONDS + 1
    assert watch.release_the_dead() == 1


def test_after_some_deaths_it_has_failed(workspace: Workspace, kinds: dict[str, Any]) -> None:
    queue.handles("count")(lambda job, say: {})
    job = queue.enqueue(workspace, "count")
    for _ in range(queue.ATTEMPTS):
        queue.release(queue.claim(uuid.uuid4()))
    assert again(job).state == State.FAILED
    assert queue.claim(uuid.uuid4()) is None


def test_a_worker_that_lost_its_job_stops_and_writes_nothing(workspace: Workspace, kinds: dict[str, Any]) -> None:
    other = uuid.uuid4()

    def slow(job: Job, say: Any) -> dict[str, Any]:
        Job.objects.of(workspace).update(worker=other)
        say("facts")
        raise AssertionError("it went on")

    queue.handles("slow")(slow)
    job = queue.enqueue(workspace, "slow")
    worker.Worker().work_once()
    assert (again(job).state, again(job).worker, again(job).error) == (State.RUNNING, other, "")


def test_a_full_disk_is_said(workspace: Workspace, kinds: dict[str, Any]) -> None:
    def full(job: Job, say: Any) -> dict[str, Any]:
        raise OSError(errno.ENOSPC, "No space left on device", "/data/x")

    queue.handles("full")(full)
    job = queue.enqueue(workspace, "full")
    worker.Worker().work_once()
    assert again(job).state == State.FAILED
    assert again(job).error.startswith("The disk is full.")


def test_a_job_speaks_the_language_of_who_asked(workspace: Workspace, kinds: dict[str, Any]) -> None:
    """Whatever it writes down, by the library's sentences or by the product's."""
    workspace.language = "zh-hans"
    workspace.save(update_fields=["language"])
    said = {"product": lambda: gettext("There is no such segment."), "library": current_language}
    queue.handles("speak")(lambda job, say: {name: told() for name, told in said.items()})
    job = queue.enqueue(workspace, "speak")
    worker.Worker().work_once()
    assert again(job).result == {"product": "没有这个细分群体。", "library": "zh"}


def test_a_database_that_was_away_costs_another_turn(workspace: Workspace, kinds: dict[str, Any]) -> None:
    turns = []

    def away(job: Job, say: Any) -> dict[str, Any]:
        turns.append(1)
        if len(turns) == 1:
            raise OperationalError("server closed the connection unexpectedly")
        return {}

    queue.handles("away")(away)
    job = queue.enqueue(workspace, "away")
    busy = worker.Worker()
    busy.work_once()
    assert again(job).state == State.QUEUED
    busy.work_once()
    assert again(job).state == State.DONE


def test_the_end_of_a_job_is_written_when_the_database_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([OperationalError("gone"), OperationalError("gone"), None])
    monkeypatch.setattr(worker, "MOST_PAUSE", 0.01)
    monkeypatch.setattr(connection, "close", lambda: None)

    def end() -> None:
        if (trouble := next(answers)) is not None:
            raise trouble

    worker.Worker()._insist(end)
    assert next(answers, "asked until it worked") == "asked until it worked"


def test_the_loop_outlives_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "MOST_PAUSE", 0.01)
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)
    monkeypatch.setattr(connection, "close", lambda: None)
    busy, turns = worker.Worker(), []

    def turn() -> bool:
        turns.append(threading.get_ident())
        if len(turns) < 3:
            raise OperationalError("the database system is starting up")
        busy.stop()
        return True

    monkeypatch.setattr(busy, "_turn", turn)
    busy.run()
    assert len(turns) == 3


def test_a_schedule_comes_back_from_a_far_future(workspace: Workspace, kinds: dict[str, Any]) -> None:
    queue.handles("count")(lambda job, say: {})
    schedules.set_schedule(workspace, "count", "0 3 * * *")
    Schedule.objects.of(workspace).update(next_at=timezone.now() + dt.timedelta(days=900))
    schedules.mend()
    assert Schedule.objects.of(workspace).get().next_at < timezone.now() + dt.timedelta(days=2)


def test_a_schedule_falls_due_once(workspace: Workspace, kinds: dict[str, Any]) -> None:
    queue.handles("count")(lambda job, say: {})
    schedules.set_schedule(workspace, "count", "0 3 * * *")
    Schedule.objects.of(workspace).update(next_at=timezone.now() - dt.timedelta(hours=50))
    assert (schedules.enqueue_due(), schedules.enqueue_due()) == (1, 0)
