"""The program a child process runs: one module of the library, without the library's public face.

`import zhike` loads every model and Ibis with them. A child that reads a file needs none of it, and a person who has
dropped a file waits for the child: it starts in half the time. `child.py MODULE` serves one request; `child.py MODULE
SOCKET` loads the module and forks a child for every request that comes (see `zhike.intake.children`).
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

_IDLE = 600_000  # milliseconds; then the memory is given back
_MESSAGE = 1_000_000


def _run(module: str) -> None:
    from zhike.intake.sandbox import serve_worker

    serve_worker(importlib.import_module(module).handle)


def _fork_on_request(module: str, control: socket.socket) -> NoReturn:
    """Until the other end closes. Nothing here opens a file of a person, so that every child begins untouched."""
    importlib.import_module(module)
    # What is loaded stays shared with the children: no collector of theirs touches it.
    gc.freeze()
    waiting = select.poll()
    waiting.register(control, select.POLLIN)
    while waiting.poll(_IDLE):
        said, streams, *_ = socket.recv_fds(control, _MESSAGE, 3)
        if not said:
            break
        if not streams:  # to end a child that has ended meanwhile
            continue
        child = os.fork()
        if child == 0:
            _become(json.loads(said), streams, control)
        for stream in streams:
            os.close(stream)
        control.send(str(child).encode())
        control.send(str(_wait(child, control)).encode())
    os._exit(0)


def _become(asked: dict[str, Any], streams: list[int], control: socket.socket) -> NoReturn:
    """The child: as if it had been started with these streams, this environment and this folder."""
    try:
        os.setsid()
        control.close()
        for wanted, stream in enumerate(streams):
            os.dup2(stream, wanted)
            os.close(stream)
        os.environ.clear()
        os.environ.update(asked["environment"])
        time.tzset()
        os.chdir(asked["folder"])
        _run(asked["module"])
    except BaseException:
        sys.excepthook(*sys.exc_info())
    os._exit(1)


def _wait(child: int, control: socket.socket) -> int:
    """How the child ended; it is ended when the other end asks for that, or closes."""
    ended = os.pidfd_open(child)
    waiting = select.poll()
    waiting.register(ended, select.POLLIN)
    waiting.register(control, select.POLLIN)
    while ended not in dict(waiting.poll()):
        asked = control.recv(_MESSAGE)
        for kill in (os.killpg, os.kill):  # it may not lead a group of its own yet
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(child, signal.SIGKILL)
        if not asked:
            os._exit(0)
    os.close(ended)
    # Whatever it has started ends with it: until it is asked how it ended, the group is its own.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    bare = ModuleType("zhike")
    bare.__path__ = [str(Path(__file__).resolve().parent.parent)]
    sys.modules["zhike"] = bare
    if len(sys.argv) > 2:
        _fork_on_request(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))
    _run(sys.argv[1])
