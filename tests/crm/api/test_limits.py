"""How often somebody may ask, counted over all processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from zhike_crm.api import limits
from zhike_crm.api.limits import Buckets

TAKE = """
import sys
from pathlib import Path
from django.conf import settings
settings.configure()
from zhike_crm.api.limits import Buckets
shared = Buckets(lambda: Path(sys.argv[1]))
print(sum(not shared.take("token 1", 1000).is_spent for _ in range(400)))
"""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock of the limits alone: it stands still until it is moved."""
    now = [1_000_000.0]
    monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda: now[0]))
    return now


@pytest.fixture
def shared(tmp_path: Path) -> Buckets:
    return Buckets(lambda: tmp_path / "limits")


def test_a_minutes_worth_at_once_then_evenly(shared: Buckets, clock: list[float]) -> None:
    taken = [shared.take("a", 60) for _ in range(61)]
    assert [one.left for one in taken[:3]] == [59, 58, 57]
    assert not any(one.is_spent for one in taken[:60])
    assert taken[60].is_spent
    assert taken[60].headers == {
        "X-RateLimit-Limit": "60",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "60",
        "Retry-After": "1",
    }
    clock[0] += 1
    assert not shared.take("a", 60).is_spent
    assert shared.take("a", 60).is_spent
    assert not shared.take("b", 60).is_spent


def test_a_clock_that_was_set_back_locks_nobody_out(shared: Buckets, clock: list[float]) -> None:
    for _ in range(61):
        shared.take("a", 60)
    clock[0] -= 86_400
    assert shared.take("a", 60).wait == 1
    clock[0] += 60
    assert shared.take("a", 60).left == 59


def test_processes_count_together(tmp_path: Path) -> None:
    """Four processes at once; 1000 a minute are about 17 more each second."""
    file = tmp_path / "limits"
    begun = [
        subprocess.Popen([sys.executable, "-c", TAKE, str(file)], stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    granted = sum(int(process.communicate(timeout=60)[0]) for process in begun)
    assert 1000 <= granted <= 1200


def test_many_callers_in_a_small_file(shared: Buckets, tmp_path: Path) -> None:
    shared.take("the one who asks", 2)
    for n in range(3000):
        shared.take(f"address {n}", 60)
    shared.take("the one who asks", 2)
    assert shared.take("the one who asks", 2).is_spent
    assert (tmp_path / "limits").stat().st_size <= 4096 * 8 * 16


def test_where_nothing_can_be_kept_a_process_counts_for_itself(tmp_path: Path) -> None:
    alone = Buckets(lambda: tmp_path / "no such folder" / "limits")
    assert [alone.take("a", 2).is_spent for _ in range(3)] == [False, False, True]


def test_every_answer_says_what_is_left(caller: Callable[..., Any], settings: Any, clock: list[float]) -> None:
    settings.ZHIKE_API_PER_MINUTE = 2
    mine = caller("viewer")
    first, second, third = (mine.get("/fields") for _ in range(3))
    assert (first["X-RateLimit-Remaining"], second["X-RateLimit-Remaining"]) == ("1", "0")
    assert third.status_code == 429
    assert third["Retry-After"] == "30"
    assert third["X-RateLimit-Limit"] == "2"
    assert third["Content-Type"] == "application/problem+json"


def test_no_other_process_of_these_tests_counts_with_us(settings: Any) -> None:
    """Each has a home of its own: tests begin by emptying the counts, and would do so in the middle of another one."""
    assert str(settings.ZHIKE_HOME) == os.environ["ZHIKE_HOME"]
