"""A child for the sandbox's tests: does what the request asks, most of it badly."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from zhike.errors import MappingError
from zhike.intake.sandbox import Progress

_BEFORE: list[int] = []


def handle(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    match request["do"]:
        case "echo" | "who":
            return _echo(request, progress) if request["do"] == "echo" else _who()
        case "memory":
            return {"size": len(bytearray(3_000_000_000))}
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "sleep":
            progress({"pid": os.getpid()})
            time.sleep(60)
        case "leave" | "stop" | "burn":
            _WORSE[request["do"]]()
        case "refuse":
            raise MappingError("It lacks {what}.", fix="Add {what}.", what="列")
        case "bug":
            raise RuntimeError("a bug")
        case "write":
            with open(request["path"], "wb") as file:
                file.write(bytes(5_000_000))
    return {}


def _leave_somebody() -> None:
    """Who is of another group, and holds our answers open."""
    if os.fork() == 0:
        os.setsid()
        time.sleep(30)
    os._exit(3)


def _stop_the_server() -> None:
    os.kill(os.getppid(), signal.SIGSTOP)


def _burn() -> None:
    while True:
        pass


_WORSE = {"leave": _leave_somebody, "stop": _stop_the_server, "burn": _burn}


def _echo(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    progress({"step": 1})
    print("a library talks")
    os.write(1, b"so does C code\n")
    return {"said": request["text"], "secret": os.environ.get("SECRET_TOKEN")}


def _who() -> dict[str, Any]:
    """What a child knows of itself, and of those that ran in this process before it."""
    seen = {"pid": os.getpid(), "parent": os.getppid(), "folder": os.getcwd(), "before": _BEFORE[:]}
    _BEFORE.append(os.getpid())
    return seen | {"language": os.environ.get("ZHIKE_LANG"), "zone": time.tzname[0]}
