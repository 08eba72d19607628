"""The child process: answers, limits, and every way to die; started anew, and forked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from zhike.errors import InputError, MappingError
from zhike.intake import children
from zhike.intake.limits import Limits
from zhike.intake.sandbox import run_worker

CHILD = "tests.intake.sandbox_handlers"


@pytest.fixture(autouse=True, params=["started", "forked"])
def pool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[children.Pool]:
    fresh = children.Pool()
    monkeypatch.setattr(children, "_POOL", fresh)
    if request.param == "forked":
        run_worker(CHILD, {"do": "who"})
    yield fresh
    fresh.end_all()


def test_result_and_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    seen: list[dict[str, object]] = []
    answer = run_worker(CHILD, {"do": "echo", "text": "客户\n"}, on_progress=seen.append)
    assert answer == {"said": "客户\n", "secret": None}
    assert seen == [{"step": 1}]


def test_errors_come_through_as_themselves() -> None:
    with pytest.raises(MappingError) as raised:
        run_worker(CHILD, {"do": "refuse"})
    assert str(raised.value) == "It lacks 列. Add 列."


@pytest.mark.parametrize(
    ("request_", "limits", "says"),
    [
        ({"do": "memory"}, Limits(address_space=1_500_000_000), "more memory"),
        ({"do": "crash"}, Limits(), "SIGSEGV"),
        ({"do": "sleep"}, Limits(wall_seconds=1.0), "longer than 1 seconds"),
        ({"do": "burn"}, Limits(cpu_seconds=1), "processor time|more memory"),
        ({"do": "bug"}, Limits(), "a bug"),
    ],
)
def test_a_child_that_dies(request_: dict[str, object], limits: Limits, says: str) -> None:
    started = time.monotonic()
    with pytest.raises(InputError, match=says):
        run_worker(CHILD, request_, limits=limits)
    assert time.monotonic() - started < 20


def test_no_file_beyond_its_size(tmp_path: Path) -> None:
    path = tmp_path / "big"
    with pytest.raises(InputError, match="File too large"):
        run_worker(CHILD, {"do": "write", "path": str(path)}, limits=Limits(file_size=1_000_000))
    assert path.stat().st_size <= 1_000_000


def test_the_child_ends_with_its_parent(request: pytest.FixtureRequest) -> None:
    before = f"run_worker({CHILD!r}, {{'do': 'who'}})\n" if "forked" in request.node.name else ""
    code = (
        f"from zhike.intake.sandbox import run_worker\n{before}"
        f"run_worker({CHILD!r}, {{'do': 'sleep'}}, on_progress=lambda p: print(p['pid'], flush=True))"
    )
    # The child looks for its module on the parent's path alone, never in the folder it happens to be in.
    path = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=path)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    for _ in range(100):
        if not _runs(child):
            return
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    pytest.fail("the child outlived its parent")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
