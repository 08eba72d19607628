"""Parses files in a child process that cannot take the machine, or its parent, down with it.

The child gets a request as JSON on standard input and answers with JSON lines: progress, then a result or an error.
It has bounds on address space, processor time and file size, no core dumps, a bare environment, its own session,
and dies with its parent.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import Enum
from typing import IO, Any

from zhike import errors
from zhike.errors import InputError, ZhikeError
from zhike.intake.children import Child, Started, begun
from zhike.intake.limits import MEGABYTE, Limits
from zhike.intake.names import shown_name

Progress = Callable[[dict[str, Any]], None]

# What the child needs of the environment; tokens, passwords and proxies stay behind.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_MESSAGES", "TZ", "TMPDIR", "ZHIKE_LANG", "PYTHONPATH", "VIRTUAL_ENV")
_PR_SET_PDEATHSIG = 1
_LONGEST_MESSAGE = 64 * MEGABYTE
_LAST_WORDS = 20_000


class Cause(Enum):
    """Why a child ended without an answer."""

    TIME = "time"
    PROCESSOR = "processor"
    MEMORY = "memory"
    CRASH = "crash"


@dataclass(frozen=True)
class Death:
    """The end of a child that gave no answer: why, after how many seconds it was due, and its last words."""

    cause: Cause
    seconds: float
    said: str


def reading_failed(death: Death) -> InputError:
    """The death of a child that read a file, as an error for people."""
    if death.cause is Cause.TIME:
        return InputError(
            "Reading the file took longer than {seconds} seconds and was stopped.",
            fix="Split the file, or allow more time.",
            seconds=round(death.seconds),
        )
    if death.cause is Cause.PROCESSOR:
        return InputError(
            "Reading the file took more processor time than allowed and was stopped.",
            fix="Split the file, or allow more time.",
        )
    if death.cause is Cause.MEMORY:
        return InputError(
            "Reading the file needed more memory than allowed.", fix="Raise the memory limit, or split the file."
        )
    return InputError(
        "Reading the file failed: the process that read it ended ({reason}).",
        fix="The file may be damaged. Export it again, or as CSV.",
        reason=death.said,
    )


def run_worker(
    module: str,
    request: dict[str, Any],
    *,
    limits: Limits | None = None,
    on_progress: Progress | None = None,
    died: Callable[[Death], InputError] = reading_failed,
    whole_environment: bool = False,
) -> dict[str, Any]:
    """Runs a module's `handle` in a process of its own on a request and returns its result.

    Args:
        died: says what happened when the child ended without an answer.
        whole_environment: the child gets all of our environment, logins included. Only for a child that opens no
            stranger's file.

    Raises:
        ZhikeError: as the child raised it.
        InputError: the child ran out of memory or time, crashed, or said nothing.
    """
    limits = limits or Limits()
    environment = _environment(whole=whole_environment)
    with tempfile.TemporaryFile() as complaints:
        begin = Started if whole_environment else begun
        child = begin(module, environment, complaints)
        timer = threading.Timer(limits.wall_seconds, child.kill)
        started = time.monotonic()
        timer.start()
        try:
            sent = {**request, "limits": asdict(limits), "parent": child.parent}
            answer = _converse(child, sent, on_progress, started + limits.wall_seconds)
        finally:
            timer.cancel()
            timer.join()  # it must not end whatever comes after this child
            code = child.end()
        if "error" in answer:
            raise _error_from(answer["error"])
        if "result" in answer:
            return dict(answer["result"])
        late = time.monotonic() - started >= limits.wall_seconds
        raise died(_death(answer, code, late, limits, _tail(complaints)))


def serve_worker(handler: Callable[[dict[str, Any], Progress], dict[str, Any]]) -> None:
    """The child's side: reads the request, sets the limits, answers. `child.py` calls it with a module's `handle`.

    `handler(request, progress)` returns the result; `progress({...})` sends a line to the parent.
    """
    # Whatever a library prints must not end up among the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    request = json.loads(sys.stdin.buffer.read())
    _confine(Limits(**request["limits"]), request["parent"])

    def say(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message, ensure_ascii=True, default=str) + "\n")
        answers.flush()

    try:
        say({"result": handler(request, lambda progress: say({"progress": progress}))})
    except ZhikeError as error:
        say({"error": _error_to(error)})
    except MemoryError:
        say({"died": Cause.MEMORY.value})
    answers.close()
    # Libraries' threads and clean-up can no longer change the result.
    os._exit(0)


def _environment(*, whole: bool) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if whole or name in _KEPT}
    # The package may be used from a folder that only the parent's path knows.
    path = [p for p in sys.path if p]
    return {**kept, "PYTHONPATH": os.pathsep.join(path), "PYTHONIOENCODING": "utf-8"}


def _confine(limits: Limits, parent: int) -> None:
    """Run by the child itself: between fork and exec a parent with threads could lock up."""
    with contextlib.suppress(OSError, AttributeError):  # Linux only; elsewhere the closing pipe ends the child
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before we could ask to end with it
        os._exit(1)
    bounds = (
        (resource.RLIMIT_AS, limits.address_space),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, limits.file_size),
        (resource.RLIMIT_CORE, 0),
    )
    for which, bound in bounds:
        _, hard = resource.getrlimit(which)
        bound = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(which, (bound, bound))
    # Writing beyond the file size is then an error the libraries report, not a signal.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def _converse(child: Child, request: dict[str, Any], on_progress: Progress | None, until: float) -> dict[str, Any]:
    """Sends the request and listens until the result, an error, the end, or until it is too late."""
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(json.dumps(request, default=str).encode())
        child.stdin.close()
    answer = {}
    for line in _lines(child.stdout.fileno(), until):
        try:
            message = json.loads(line)
        except ValueError:
            break
        if "progress" not in message:
            answer = dict(message)
            break
        if on_progress is not None:
            on_progress(message["progress"])
    child.wait(5)
    return answer


def _lines(stream: int, until: float) -> Iterator[bytes]:
    """What a child says, line by line. Something it has left behind may hold the other end open for ever."""
    waiting, said = select.poll(), bytearray()
    waiting.register(stream, select.POLLIN)
    while waiting.poll(max(0.0, 1000 * (until - time.monotonic()))):
        part = os.read(stream, 1 << 20)
        said += part
        *whole, rest = said.split(b"\n")
        yield from map(bytes, whole)
        said = rest
        if not part or len(said) > _LONGEST_MESSAGE:
            return


def _tail(complaints: IO[bytes]) -> str:
    size = complaints.seek(0, os.SEEK_END)
    complaints.seek(max(0, size - _LAST_WORDS))
    lines = complaints.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else ""


def _death(answer: dict[str, Any], code: int, late: bool, limits: Limits, said: str) -> Death:
    if late:
        return Death(Cause.TIME, limits.wall_seconds, said)
    if code == -signal.SIGXCPU:
        return Death(Cause.PROCESSOR, limits.cpu_seconds, said)
    # An allocation that is refused ends Rust and C++ libraries with SIGABRT.
    refused = code in (-signal.SIGKILL, -signal.SIGABRT) or "MemoryError" in said or "bad_alloc" in said
    if refused or answer.get("died") == Cause.MEMORY.value:
        return Death(Cause.MEMORY, limits.wall_seconds, said)
    return Death(Cause.CRASH, limits.wall_seconds, _signal_name(code) if code < 0 else said or f"exit {code}")


def _signal_name(code: int) -> str:
    try:
        return signal.Signals(-code).name
    except ValueError:
        return str(code)


def _error_to(error: ZhikeError) -> dict[str, Any]:
    values = {name: v if isinstance(v, int | float | bool) else shown_name(str(v)) for name, v in error.values.items()}
    return {"kind": type(error).__name__, "problem": error.problem, "fix": error.fix, "values": values}


def _error_from(answer: dict[str, Any]) -> ZhikeError:
    kind = getattr(errors, str(answer.get("kind")), InputError)
    if not (isinstance(kind, type) and issubclass(kind, ZhikeError)):
        kind = InputError
    return kind(answer["problem"], fix=answer.get("fix", ""), **answer.get("values", {}))
