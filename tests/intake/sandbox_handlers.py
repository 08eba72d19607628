"""A child for the sandbox's tests: does what the request asks, most of it badly."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from zhike.errors import MappingError
from zhike.intake.sandbox import Progress, serve_worker


def handle(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    match request["do"]:
        case "echo":
            progress({"step": 1})
            print("a library talks")
            os.write(1, b"so does C code\n")
            return {"said": request["text"], "secret": os.environ.get("SECRET_TOKEN")}
        case "memory":
            return {"size": len(bytearray(3_000_000_000))}
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "sleep":
            progress({"pid": os.getpid()})
            time.sleep(60)
        case "burn":
            while True:
                pass
        case "refuse":
            raise MappingError("It lacks {what}.", fix="Add {what}.", what="列")
        case "bug":
            raise RuntimeError("a bug")
        case "write":
            with open(request["path"], "wb") as file:
                file.write(bytes(5_000_000))
    return {}


if __name__ == "__main__":
    serve_worker(handle)
