"""`make demo`: a company's real orders as a workspace to look around in, and a report in both languages."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ORDERS = Path(__file__).parent / "online_retail" / "online_retail.parquet"


def main() -> None:
    """Run `zhike demo` the way a reader of the README would. DEMO_SERVE=0 ends after the reports are written."""
    folder = sys.argv[1] if len(sys.argv) > 1 else "demo"
    command = ["demo", folder, "--data", str(ORDERS)]
    if os.environ.get("DEMO_SERVE", "1") == "0":
        command.append("--no-serve")
    print("$ zhike " + " ".join(command), flush=True)
    # In its place, so that whoever stops this stops the server.
    os.execv(sys.executable, [sys.executable, "-m", "zhike.cli.main", *command])


if __name__ == "__main__":
    main()
