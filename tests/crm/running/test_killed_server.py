"""kill -9 of workers and web at random moments of import and refresh. `make kill-server-test`; not in `make test`.

What must hold: every file imported once and whole, every customer with one score, nothing of it by hand: what dies is
started again, and what it did runs again.
"""

from __future__ import annotations

import json
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.crm.running.test_backup import Installation
from tests.postgres import Postgres

ROUNDS = 5
KILLS = 3
CUSTOMERS, ORDERS = 2_000, 60_000
PATIENCE = 240.0

# Queue the refresh of everything; nothing else is asked of the server.
QUEUE = """
from zhike_crm.running.installation import start_django
start_django()
from zhike_crm.insights.actions import request_refresh
from zhike_crm.workspaces.models import Workspace
print(request_refresh(Workspace.objects.get()).pk)
"""
IMPORT = """
import pathlib, sys
from zhike_crm.running.installation import start_django
start_django()
from zhike.importing.importer import Choices, import_file
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace
with lake_of(Workspace.objects.get()) as lake:
    import_file(lake, pathlib.Path(sys.argv[1]), Choices(table="orders"))
"""
STATE = """
import json
from zhike_crm.running.installation import start_django
start_django()
from zhike.lake.snapshot import snapshot
from zhike_crm.customers.models import Customer, Identity, Score
from zhike_crm.insights.models import RunSummary
from zhike_crm.jobs.models import Job
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace
here = Workspace.objects.get()
with lake_of(here) as lake:
    orders = snapshot(lake, "orders")
    counted = orders.aggregate(rows=orders.count(), keys=orders.order_id.nunique())
    facts = lake.engine.to_pyarrow(counted).to_pylist()[0]
print(json.dumps({
    **facts,
    "customers": Customer.objects.of(here).count(),
    "identities": Identity.objects.of(here).count(),
    "scores": Score.objects.of(here).count(),
    "runs_shown": RunSummary.objects.of(here).filter(current=True).count(),
    "open": Job.objects.of(here).filter(state__in=["queued", "running"]).count(),
    "failed": Job.objects.of(here).filter(state="failed").count(),
}))
"""


def write_orders(path: Path, part: int) -> None:
    rows = (f"{n},c{n % CUSTOMERS},2026-0{part + 1}-{n % 28 + 1:02},{n % 97}.5" for n in _numbers(part))
    path.write_text("order_id,customer_id,ordered_at,amount\n" + "\n".join(rows) + "\n")


def _numbers(part: int) -> range:
    return range(part * ORDERS, (part + 1) * ORDERS)


@pytest.fixture(params=["sqlite", "postgres"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Installation:
    url = ""
    if request.param == "postgres":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.create_database("killed")
    made = Installation(tmp_path / "home", url)
    made.zhike("init", "--email", "o@example.com", "--password", "correct horse battery", "--workspace", "Shop")
    return made


@pytest.fixture
def server(installation: Installation) -> Iterator[psutil.Process]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "zhike.cli.main", "serve", "--port", str(port), "--workers", "2"]
    running = subprocess.Popen(command, env=installation.environment)
    process = psutil.Process(running.pid)
    process.port = port
    wait_until(lambda: is_ready(port))
    yield process
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == 0
    assert not is_ready(port)


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def wait_until(condition: Callable[[], Any]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "it did not come back"
        time.sleep(1.0)


def state(installation: Installation) -> dict[str, int]:
    return json.loads(installation.python(STATE).strip().splitlines()[-1])


@pytest.mark.slow
def test_killed_servers_lose_and_double_nothing(
    installation: Installation, server: psutil.Process, tmp_path: Path
) -> None:
    dice = random.Random(20261122)
    for part in range(ROUNDS):
        file = tmp_path / f"{part}.csv"
        write_orders(file, part)
        # The import dies in the middle, and is done again by hand as a worker would.
        importing = subprocess.Popen([sys.executable, "-c", IMPORT, str(file)], env=installation.environment)
        time.sleep(dice.uniform(0.5, 5.0))
        importing.kill()
        importing.wait()
        installation.python(IMPORT, file)
        installation.python(QUEUE)
        for _ in range(KILLS):
            time.sleep(dice.uniform(0.2, 4.0))
            if victims := server.children(recursive=True):
                dice.choice(victims).kill()
        wait_until(lambda: state(installation)["open"] == 0)
        wait_until(lambda: is_ready(server.port))
        now = state(installation)
        assert now["failed"] == 0
        assert now["rows"] == now["keys"] == (part + 1) * ORDERS
        assert now["customers"] == now["identities"] == now["scores"] == CUSTOMERS
        assert now["runs_shown"] == 1
