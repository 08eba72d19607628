"""Children that are forked: from the second one on, each as untouched as one that is started anew."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.intake.test_sandbox import CHILD
from zhike.errors import InputError
from zhike.intake import children
from zhike.intake.limits import Limits
from zhike.intake.sandbox import run_worker


@pytest.fixture(autouse=True)
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[children.Pool]:
    fresh = children.Pool()
    monkeypatch.setattr(children, "_POOL", fresh)
    yield fresh
    fresh.end_all()


def who(**more: Any) -> dict[str, Any]:
    return run_worker(CHILD, {"do": "who"}, **more)


def test_the_second_child_and_those_after_it_are_forked_from_one_process() -> None:
    first, second, third = who(), who(), who()
    assert first["parent"] == os.getpid()
    assert second["parent"] == third["parent"] != os.getpid()
    assert len({first["pid"], second["pid"], third["pid"]}) == 3
    assert who(whole_environment=True)["parent"] == os.getpid(), "logins are for nobody who comes later"


def test_a_child_knows_nothing_of_those_before_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And everything of this process as it is now."""
    who(), who()
    monkeypatch.setenv("ZHIKE_LANG", "zh")
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    monkeypatch.chdir(tmp_path)
    seen = who()
    assert (seen["before"], seen["folder"]) == ([], str(tmp_path))
    assert (seen["language"], seen["zone"]) == ("zh", "CST")
    assert run_worker(CHILD, {"do": "echo", "text": ""})["secret"] is None


@pytest.mark.parametrize("death", ["crash", "bug", "sleep"])
def test_after_a_death_the_next_child_has_another_parent(death: str) -> None:
    """Children of one process have the same addresses, which a crash may have told."""
    who()
    before = who()["parent"]
    with pytest.raises(InputError):
        run_worker(CHILD, {"do": death}, limits=Limits(wall_seconds=1.0))
    assert who()["parent"] not in (before, os.getpid())


def test_a_server_that_has_gone_is_missed_by_nobody(pool: children.Pool) -> None:
    who()
    gone = who()["parent"]
    os.kill(gone, signal.SIGKILL)
    time.sleep(0.1)
    assert who()["parent"] == os.getpid()
    assert who()["parent"] not in (gone, os.getpid())


def test_where_the_end_of_another_process_is_not_told_every_child_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_pid: int) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "pidfd_open", forbidden)
    assert {who()["parent"] for _ in range(3)} == {os.getpid()}


@pytest.mark.parametrize("how", ["started", "forked"])
def test_what_a_child_leaves_behind_holds_nobody_up(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if how == "started":
        monkeypatch.setattr(children, "_can_fork", lambda: False)
    who()
    began = time.monotonic()
    with pytest.raises(InputError):
        run_worker(CHILD, {"do": "leave"}, limits=Limits(wall_seconds=1.0))
    assert time.monotonic() - began < 20, "it sleeps for 30 seconds"


def test_a_server_that_was_stopped_is_ended(pool: children.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "_PATIENCE", 0.2)
    monkeypatch.setattr(children, "_LONGEST", 0.2)
    who()
    stopped = who()["parent"]
    run_worker(CHILD, {"do": "stop"})
    assert who()["parent"] != stopped


def test_several_at_once(pool: children.Pool) -> None:
    who()
    with ThreadPoolExecutor(4) as threads:
        seen = list(threads.map(lambda _: who(), range(12)))
    assert len({one["pid"] for one in seen}) == 12
    assert not any(one["before"] for one in seen)
    assert len(pool._open) == 1, "one waits for the next child, the others have ended"


def test_in_a_fork_of_this_process_the_servers_are_let_go(pool: children.Pool) -> None:
    who()
    server = who()["parent"]
    fork = os.fork()
    if fork == 0:
        os._exit(0 if who()["parent"] not in (server, os.getppid()) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1]) == 0
    assert who()["parent"] == server
