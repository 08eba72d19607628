"""A PostgreSQL server of our own for tests: started in an empty folder, reachable on this machine only."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_SECONDS = 60.0
# Nothing in these databases has to survive the machine.
_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "32MB"}
OWNER = "owner"  # a superuser of this server


@dataclass(frozen=True)
class Postgres:
    """A running server; everybody on this machine may log in without a password."""

    programs: Path
    folder: Path
    port: int

    def url(self, database: str = "postgres", user: str = OWNER) -> str:
        """The address of a database by the loopback interface."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def socket_url(self, database: str = "postgres", user: str = OWNER) -> str:
        """The address of a database by the Unix socket."""
        return f"postgresql://{user}@/{database}?host={self.folder}&port={self.port}"

    def run(self, sql: str, database: str = "postgres") -> str:
        """What `psql` prints for some statements."""
        command = [self.programs / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.url(database)]
        done = subprocess.run([*command, "-c", sql], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def create_database(self, name: str) -> str:
        """An empty database of this name, in place of the one there was; returns its address."""
        self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self.run(f'CREATE DATABASE "{name}"')
        return self.url(name)


@contextmanager
def running_postgres(chosen: Mapping[str, str] = _SETTINGS) -> Iterator[Postgres]:
    """A server for as long as the block lasts; the test is skipped where PostgreSQL is not installed."""
    programs = _programs()
    # PostgreSQL refuses to run as root, and another user cannot look into pytest's own folders.
    user = _other_user() if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="zhike-pg-") as folder:
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        server = Postgres(programs, Path(folder), _free_port())
        data = server.folder / "data"
        init = [programs / "initdb", "-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        _run_as(user, init).check_returncode()
        places = {"listen_addresses": "127.0.0.1", "port": str(server.port), "unix_socket_directories": folder}
        settings = [f"-c{name}={value}" for name, value in (places | dict(chosen)).items()]
        with (server.folder / "log").open("wb") as log:
            running = subprocess.Popen(
                [programs / "postgres", "-D", data, *settings], stdout=log, stderr=log, cwd=folder, **_identity(user)
            )
        try:
            _wait(server, running)
            yield server
        finally:
            running.send_signal(2)  # SIGINT: break connections, then stop
            running.wait(_SECONDS)


def _programs() -> Path:
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if all((folder / name).is_file() for name in ("initdb", "postgres", "psql", "pg_isready")):
            return folder
    pytest.skip("PostgreSQL is not installed (on Debian: apt-get install postgresql)")


def _other_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    pytest.skip("PostgreSQL does not run as root, and there is no user postgres or nobody")


def _identity(user: pwd.struct_passwd | None) -> dict[str, object]:
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _run_as(user: pwd.struct_passwd | None, command: list[object]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, capture_output=True, check=False, cwd="/", **_identity(user))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(server: Postgres, running: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _SECONDS
    ready = [server.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(server.port), "-U", OWNER]
    while subprocess.run(ready, check=False).returncode:
        if running.poll() is not None or time.monotonic() > until:
            pytest.fail("PostgreSQL did not start:\n" + (server.folder / "log").read_text(errors="replace")[-2000:])
        time.sleep(0.05)
