"""The web server's process: python -m zhike_crm.running.web HOST PORT PROCESSES THREADS (people use `zhike serve`)."""

from __future__ import annotations

import os
import signal
import sys

from granian import Granian
from granian.constants import Interfaces

from zhike_crm.running.serving import die_with_parent

# A connection that sends nothing for this long is closed; requests wait their turn in the backlog.
BACKLOG = 1024


def main() -> None:
    host, port, processes, threads = sys.argv[1:5]
    server = Granian(
        "zhike_crm.config.wsgi:application",
        address=host,
        port=int(port),
        interface=Interfaces.WSGI,
        workers=int(processes),
        blocking_threads=int(threads),
        backlog=BACKLOG,
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=1.0,
        workers_kill_timeout=20,
    )
    die_with_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    server.serve()


if __name__ == "__main__":
    main()
