"""A disk that fills up during an import and a refresh: said clearly, nothing half done, and it goes on afterwards.

`make kill-server-test`; not in `make test`: it mounts a small disk in memory, which only root may do.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crm.running.test_backup import Installation
from tests.crm.running.test_killed_server import CUSTOMERS, IMPORT, ORDERS, QUEUE, state, write_orders

SIZE = 64 * 1024 * 1024
# What stays free: enough to begin, not to end.
LEFT = 200 * 1024

WORK = """
import json
from zhike_crm.running.installation import start_django
start_django()
from zhike_crm.jobs.models import Job
from zhike_crm.jobs.worker import Worker
worker = Worker()
while worker.work_once():
    pass
last = Job.objects.everywhere().order_by("-pk").first()
print("state", json.dumps([last.state, last.error]))
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("needs the right to mount a disk")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def refreshed(installation: Installation) -> tuple[str, str]:
    installation.python(QUEUE)
    said = installation.python(WORK).splitlines()
    return tuple(json.loads(next(line for line in said if line.startswith("state ")).removeprefix("state ")))


@pytest.mark.slow
def test_a_full_disk_is_named_and_loses_nothing(disk: Path, tmp_path: Path) -> None:
    installation = Installation(disk / "home")
    installation.zhike("init", "--email", "o@example.com", "--password", "correct horse battery", "--workspace", "Shop")
    files = [tmp_path / f"{part}.csv" for part in range(2)]
    for part, file in enumerate(files):
        write_orders(file, part)
    installation.python(IMPORT, files[0])
    assert refreshed(installation)[0] == "done"
    before = state(installation)
    assert before["rows"] == ORDERS

    ballast = disk / "ballast"
    with ballast.open("wb") as heavy:
        heavy.truncate(0)
        heavy.write(b"\0" * (shutil.disk_usage(disk).free - LEFT))
    failed = installation._run("-c", IMPORT, files[1], succeeds=False)
    assert "space" in failed.lower(), failed
    how, why = refreshed(installation)
    assert (how, "disk is full" in why.lower() or "space" in why.lower()) == ("failed", True), why

    ballast.unlink()
    assert state(installation) | {"failed": 0} == before
    installation.python(IMPORT, files[1])
    assert refreshed(installation)[0] == "done"
    after = state(installation)
    assert (after["rows"], after["keys"], after["scores"]) == (2 * ORDERS, 2 * ORDERS, CUSTOMERS)
