"""A worker's process: python -m zhike_crm.running.work (people use `zhike serve` and `zhike worker`)."""

from __future__ import annotations

import os
import signal

from zhike_crm.running.installation import start_django
from zhike_crm.running.serving import die_with_parent


def main() -> None:
    start_django()
    from zhike_crm.jobs.worker import Worker

    die_with_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    Worker().run()


if __name__ == "__main__":
    main()
