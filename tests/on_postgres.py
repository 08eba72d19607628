"""The tests of the product on PostgreSQL: python -m tests.on_postgres [what pytest takes]. `make test` does this."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.postgres import running_postgres


def main() -> int:
    """Start a server of our own, run pytest on it, stop it. Without PostgreSQL say so, and pass."""
    try:
        with running_postgres() as server:
            environment = os.environ | {"ZHIKE_DATABASE_URL": server.url("postgres")}
            command = [sys.executable, "-m", "pytest", *sys.argv[1:]]
            return subprocess.run(command, env=environment, check=False).returncode
    except pytest.skip.Exception as missing:
        print(f"Not tested on PostgreSQL: {missing}")
        return 0


if __name__ == "__main__":
    sys.exit(main())
