"""How a child process begins: started anew, or forked from one that has loaded what it needs.

Two thirds of the time a small file takes is the child's loading of DuckDB. The first child of a process is started
anew. When there is a second one, there will be more: a server is started that has loaded the module and forks a child
for each request, in some milliseconds (`child.py`). The server itself opens nothing, and is used again only after a
child that ended well: one that crashed may have told somebody where things lie in memory.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Protocol

_CHILD = Path(__file__).with_name("child.py")
_COMMAND = (sys.executable, "-P", str(_CHILD))
_SHORT = 100  # bytes of an answer
_LONGEST = 60.0  # seconds that the end of a killed process may take
_PATIENCE = 5.0  # seconds that a server may take to answer or to end
_BLINK = 0.005


def _can_fork() -> bool:
    """Whether this system tells a process of the end of another one: Linux does, unless somebody forbids it."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


class Child(Protocol):
    """A running child: what to write to, what to read from, and the process whose child it is."""

    stdin: IO[bytes]
    stdout: IO[bytes]
    parent: int

    def wait(self, seconds: float) -> None:
        """Until it has ended, but no longer than that."""

    def kill(self) -> None:
        """End it and whatever it started, if it still runs; from whichever thread."""

    def end(self) -> int:
        """As `kill`, once; returns its exit code, negative for a signal."""


class Started:
    """A program started anew."""

    def __init__(self, module: str, environment: dict[str, str], complaints: IO[bytes]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and module, no shell)
            [*_COMMAND, module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=environment,
            start_new_session=True,
            close_fds=True,
        )
        if self._process.stdin is None or self._process.stdout is None:  # pipes were asked for
            raise OSError
        self.stdin, self.stdout, self.parent = self._process.stdin, self._process.stdout, os.getpid()

    def kill(self) -> None:
        # Until somebody asks how it ended, its number and that of its group stay its own.
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def wait(self, seconds: float) -> None:
        late, how = time.monotonic() + seconds, os.WEXITED | os.WNOHANG | os.WNOWAIT
        while os.waitid(os.P_PID, self._process.pid, how) is None and time.monotonic() < late:
            time.sleep(_BLINK)

    def end(self) -> int:
        self.kill()
        return self._process.wait()


class Server:
    """A process that has loaded a module and forks. One child at a time."""

    def __init__(self, module: str, environment: dict[str, str]) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.knows = (module, environment["PYTHONPATH"])
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 (our own interpreter and module, no shell)
                [*_COMMAND, module, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )


class Forked:
    """A child of a server."""

    def __init__(self, server: Server, module: str, environment: dict[str, str], complaints: IO[bytes]) -> None:
        """Raises OSError: the server has ended."""
        self._server, self.parent = server, server.process.pid
        self._code: int | None = None
        message = {"module": module, "environment": environment, "folder": os.getcwd()}
        (asked, write), (read, answer) = os.pipe(), os.pipe()
        self.stdin: IO[bytes] = os.fdopen(write, "wb")
        self.stdout: IO[bytes] = os.fdopen(read, "rb")
        try:
            server.control.settimeout(_LONGEST)
            socket.send_fds(server.control, [json.dumps(message).encode()], [asked, answer, complaints.fileno()])
            if not server.control.recv(_SHORT):
                raise ConnectionResetError
            server.control.settimeout(None)
        except OSError:
            self._close()
            raise
        finally:
            os.close(asked)
            os.close(answer)

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            self._server.control.send(b"end")

    def wait(self, seconds: float) -> None:
        if self._code is None:
            self._server.control.settimeout(seconds)
            with contextlib.suppress(OSError):
                # A server that has ended took its child along.
                self._code = int(self._server.control.recv(_SHORT) or -signal.SIGKILL)
            self._server.control.settimeout(None)

    def end(self) -> int:
        if self._code is None:
            self.kill()
            self.wait(_LONGEST)
        self._close()
        if self._code == 0:
            _POOL.give_back(self._server)
        else:
            _POOL.end(self._server)
        return -signal.SIGKILL if self._code is None else self._code

    def _close(self) -> None:
        for stream in (self.stdin, self.stdout):
            with contextlib.suppress(OSError):
                stream.close()


class Pool:
    """The servers of this process: those whose child runs, and the one that waits for the next child."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun = False
        self._open: set[Server] = set()
        self._idle: Server | None = None

    def begin(self, module: str, environment: dict[str, str], complaints: IO[bytes]) -> Child:
        first, self._begun = not self._begun, True
        if first or not _can_fork():
            return Started(module, environment, complaints)
        server = self._server(module, environment)
        try:
            return Forked(server, module, environment, complaints)
        except OSError:  # it has rested for too long, or cannot start
            self.end(server)
            return Started(module, environment, complaints)

    def _server(self, module: str, environment: dict[str, str]) -> Server:
        with self._lock:
            server, self._idle = self._idle, None
        if server and server.knows == (module, environment["PYTHONPATH"]):
            return server
        if server:
            self.end(server)
        server = Server(module, environment)
        self._open.add(server)
        return server

    def give_back(self, server: Server) -> None:
        with self._lock:
            spare, self._idle = self._idle, server
        if spare:
            self.end(spare)

    def end(self, server: Server) -> None:
        self._open.discard(server)
        server.control.close()
        try:
            server.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:  # a child has stopped it
            server.process.kill()
            server.process.wait()

    def end_all(self) -> None:
        for server in tuple(self._open):
            self.end(server)

    def forget(self) -> None:
        """In a fork of this process: the servers are the other one's, whose end they must see."""
        for server in self._open:
            server.control.close()
        self._lock, self._open, self._idle = threading.Lock(), set(), None


_POOL = Pool()
os.register_at_fork(after_in_child=lambda: _POOL.forget())
atexit.register(lambda: _POOL.end_all())


def begun(module: str, environment: dict[str, str], complaints: IO[bytes]) -> Child:
    """A child that runs `child.py` on a module, in whichever way is quicker."""
    return _POOL.begin(module, environment, complaints)
