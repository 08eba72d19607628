"""Side by side in one run: `python benchmarks/run.py [--orders N] [--rounds 3] [rfm] [import] [curve]`.

Every measurement is a fresh process; the contestants take turns round by round, so that a slow minute of the machine
slows all of them. Quoted are medians, and ratios of medians. The peers are installed into `.venv-bench` on first use.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OURS = ROOT / ".venv/bin/python"
PEERS = ROOT / ".venv-bench/bin/python"
DATA = ROOT / "bench-data"
# pymc-marketing and lifetimes do not work with pandas 3 yet.
PEER_PACKAGES = ("lifetimes>=0.11", "pymc-marketing>=0.19", "polars>=1.40", "pandas<3", "pyarrow", "duckdb>=2.0")
CONTESTANTS = {
    "rfm": ("zhike", "duckdb", "polars", "pandas", "lifetimes", "pymc-marketing"),
    "import": ("zhike", "duckdb", "polars", "pandas"),
}


def install_peers() -> None:
    if PEERS.exists():
        return
    subprocess.run([sys.executable, "-m", "venv", str(PEERS.parent.parent)], check=True)
    subprocess.run([PEERS, "-m", "pip", "install", "--quiet", *PEER_PACKAGES], check=True)


def data_file(orders: int, suffix: str) -> Path:
    code = f"from data import *; print(orders_file(Path({str(DATA)!r}), {orders}, {suffix!r}))"
    made = subprocess.run([OURS, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT / "benchmarks")
    return Path(made.stdout.strip())


def measure(job: str, library: str, file: Path) -> dict[str, Any]:
    python = OURS if library in ("zhike", "duckdb") else PEERS
    command = [python, ROOT / "benchmarks/contestants.py", job, library, file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1] if done.stderr else f"exit {done.returncode}"}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def side_by_side(job: str, orders: int, rounds: int) -> None:
    file = data_file(orders, "csv" if job == "import" else "parquet")
    runs: dict[str, list[dict[str, Any]]] = {library: [] for library in CONTESTANTS[job]}
    for _ in range(rounds):
        for library, done in runs.items():
            if not any("failed" in run for run in done):
                done.append(measure(job, library, file))
    report(job, orders, runs)


def report(job: str, orders: int, runs: dict[str, list[dict[str, Any]]]) -> None:
    say(f"\n### {job}: {orders:,} orders, medians of {max(map(len, runs.values()))} fresh processes\n")
    say("| library | seconds | against duckdb | peak MB |\n|---|---:|---:|---:|")
    base = median(runs["duckdb"], "seconds")
    for library, done in runs.items():
        if "failed" in done[-1]:
            say(f"| {library} | failed: {done[-1]['failed']} | | |")
            continue
        seconds = median(done, "seconds")
        say(f"| {library} | {seconds:.2f} | {seconds / base:.2f}× | {median(done, 'peak_mb'):,.0f} |")
    laps = {name: median([run["laps"] for run in runs["zhike"]], name) for name in runs["zhike"][-1].get("laps", {})}
    for name, seconds in laps.items():
        say(f"| zhike: {name} | {seconds:.2f} | {seconds / base:.2f}× | |")
    agree(runs)


def agree(runs: dict[str, list[dict[str, Any]]]) -> None:
    """All who answered the same question must have given the same answer, or the times mean nothing."""
    checks = {library: done[-1]["check"] for library, done in runs.items() if "check" in done[-1]}
    answers = {library: check for library, check in checks.items() if not math.isnan(check)}
    first = next(iter(answers.values()))
    different = {name: value for name, value in answers.items() if not math.isclose(value, first, rel_tol=1e-9)}
    if different:
        sys.exit(f"the answers differ: {answers}")


def curve(sizes: tuple[int, ...]) -> None:
    say("\n### rfm, time and memory by size (zhike and DuckDB's own SQL)\n")
    say("| orders | zhike s | duckdb s | zhike MB | duckdb MB |\n|---:|---:|---:|---:|---:|")
    for orders in sizes:
        file = data_file(orders, "parquet")
        found = {library: measure("rfm", library, file) for library in ("zhike", "duckdb")}
        z, d = found["zhike"], found["duckdb"]
        line = f"| {orders:,} | {z['seconds']:.2f} | {d['seconds']:.2f} | {z['peak_mb']:,.0f} | {d['peak_mb']:,.0f} |"
        say(line)


def median(runs: list[dict[str, Any]], name: str) -> float:
    return statistics.median(run[name] for run in runs)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("jobs", nargs="*", choices=["rfm", "import", "curve"], default=["rfm", "import", "curve"])
    parser.add_argument("--orders", type=int, default=10_000_000)
    parser.add_argument("--largest", type=int, default=100_000_000, help="end of the curve")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    install_peers()
    say(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for job in chosen.jobs:
        if job == "curve":
            curve(tuple(n for n in (1_000_000, 10_000_000, 100_000_000) if n <= chosen.largest))
        else:
            side_by_side(job, chosen.orders, chosen.rounds)


if __name__ == "__main__":
    main()
