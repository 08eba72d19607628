"""Several processes as one: the web server and the workers, started again when they die, stopped together."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

log = logging.getLogger("zhike.serve")

LOOK_SECONDS = 0.5
# How long work may go on after the signal to stop; a job that is cut off runs again.
STOP_SECONDS = 25.0
# A child that dies at once is started again after 1, 2, 4 … seconds, at most this many.
MOST_PAUSE = 30.0
STEADY_SECONDS = 60.0


@dataclass
class Child:
    """One process and how it is doing."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    pause: float = 0.0
    again_at: float = 0.0

    def start(self) -> None:
        self.began = time.monotonic()
        environment = os.environ | self.environment | {"ZHIKE_PARENT": str(os.getpid())}
        # A group of its own, so that what it started can be ended with it.
        self.process = subprocess.Popen(self.command, env=environment, start_new_session=True)  # noqa: S603 - ours
        log.info("%s started (process %s)", self.name, self.process.pid)

    def signal_group(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def look(self) -> None:
        """Start it again if it has died."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.again_at:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        # Its own children would keep the port.
        self.signal_group(signal.SIGKILL)
        steady = now - self.began > STEADY_SECONDS
        self.pause = 0.0 if steady else min(MOST_PAUSE, self.pause * 2 or 1.0)
        self.again_at, self.process = now + self.pause, None
        log.warning("%s ended with %s; again in %.0f s", self.name, code, self.pause)

    def stop(self, until: float) -> None:
        """Wait for its end; not longer than until then."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("%s did not stop in time and is ended", self.name)
        self.signal_group(signal.SIGKILL)
        self.process.wait()


class Supervisor:
    """Keeps its children running until told to stop."""

    def __init__(self, children: list[Child]) -> None:
        self.children = children
        self._stopped = threading.Event()

    def stop(self, *_: Any) -> None:
        self._stopped.set()

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self.stop)
        while not self._stopped.is_set():
            for child in self.children:
                child.look()
            self._stopped.wait(LOOK_SECONDS)
        for child in self.children:
            # Only the process itself is told; it knows how to end what it started.
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        until = time.monotonic() + STOP_SECONDS
        for child in self.children:
            child.stop(until)


def web(host: str, port: int, processes: int, threads: int, memory: str) -> Child:
    """The web server. `memory` bounds what each query of a page may take before it spills to disk."""
    command = [sys.executable, "-m", "zhike_crm.running.web", host, str(port), str(processes), str(threads)]
    return Child("web", command, {"ZHIKE_MEMORY": os.environ.get("ZHIKE_WEB_MEMORY", memory)})


def worker(number: int, count: int) -> Child:
    """One worker of several on this machine, with its share of the memory."""
    # What one takes by itself (`zhike.lake.working`) is too much where there are many of them.
    share = f"{min(15, 60 // max(1, count))}%"
    memory = {} if "ZHIKE_MEMORY" in os.environ else {"ZHIKE_MEMORY": share}
    return Child(f"worker {number}", [sys.executable, "-m", "zhike_crm.running.work"], memory)


def die_with_parent(stop: Any) -> None:
    """Call `stop` when the supervisor has gone without saying so (kill -9)."""
    parent = int(os.environ.get("ZHIKE_PARENT", "0"))
    if not parent:
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        stop()

    threading.Thread(target=watch, daemon=True, name="parent").start()
