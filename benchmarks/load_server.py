"""The server that `server_load.py` asks: started on a copy of a demo workspace, and what it uses of the machine."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

SETUP = """
import json, sys
from zhike_crm.running.installation import prepare, start_django
start_django()
prepare()
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.conf import settings
from zhike_crm.accounts.access import grants
from zhike_crm.accounts.actions import create_token
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.models import Customer
owner = Membership.objects.everywhere().filter(role="owner").select_related("workspace", "user").order_by("pk").first()
session = SessionStore()
session[SESSION_KEY] = str(owner.user.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = owner.user.get_session_auth_hash()
session.save()
customers = Customer.objects.of(owner.workspace).filter(deleted_at=None, merged_into=None).order_by("pk")
print(json.dumps({
    "tokens": [create_token(owner.workspace, "load", grants("owner"), by=owner)[1] for _ in range(int(sys.argv[1]))],
    "session": session.session_key,
    "slug": owner.workspace.slug,
    "customers": list(customers.values_list("pk", flat=True)[:2000]),
}))
"""


def memory(process: psutil.Process) -> float:
    """MB of the server with all its processes."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            total += one.memory_info().rss
    return total / 1e6


def processor_seconds(server: psutil.Process) -> tuple[float, float]:
    """What the web processes have used of the cores so far, and what the workers have."""
    used = [0.0, 0.0]
    for child in server.children():
        place = 0 if "zhike_crm.running.web" in child.cmdline() else 1
        for one in [child, *child.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                used[place] += sum(one.cpu_times()[: 4 if one == child and place else 2])
    return used[0], used[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def begin(home: Path, asked: Any, port: int, log: Any) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
    environment = os.environ | {"ZHIKE_HOME": str(home), "ZHIKE_URL": f"http://127.0.0.1:{port}"}
    environment.pop("ZHIKE_DATABASE_URL", None)
    made = subprocess.run(
        [sys.executable, "-c", SETUP, str(asked.clients)], env=environment, check=True, capture_output=True, text=True
    )
    command = [
        sys.executable,
        "-m",
        "zhike.cli.main",
        "serve",
        "--port",
        str(port),
        "--processes",
        str(asked.processes),
    ]
    command += ["--threads", str(asked.threads)]
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    return server, dict(json.loads(made.stdout.splitlines()[-1]))
