"""A worker's process: python -m zhike_crm.running.work (people use `zhike serve` and `zhike worker`)."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from zhike_crm.running.installation import start_django
from zhike_crm.running.serving import die_with_parent

# People and programs who wait for an answer come first; what runs in the background takes what they leave.
_NICER = 10


def main() -> None:
    os.nice(_NICER)
    with contextlib.suppress(OSError):
        # Where Linux shares the cores among sessions first, that of the worker is what has to be nicer.
        Path("/proc/self/autogroup").write_text(str(_NICER))
    start_django()
    from zhike_crm.jobs.worker import Worker

    die_with_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    Worker().run()


if __name__ == "__main__":
    main()
