"""Side by side in one run: `python benchmarks/run.py [rfm] [import] [import-dmy] [curve] [--orders N] [--rounds N] …`.

Every measurement is a fresh process; the contestants take turns round by round, so that a slow minute of the machine
slows all of them. Quoted are medians, and the median of each round's ratio to DuckDB. Who takes longer than the limit
is stopped and not asked again. The peers are installed into `.venv-bench` on first use.

`import-dmy` is the import of a file whose dates are 31/12/2025 and not ISO 8601.

`curve` grows the same question from 1 to 100 million orders (a tenth as many customers), DuckDB's own SQL beside it,
and refreshes a lake of that size: 100 million take 8 GB of disk and some minutes.

What it prints is Markdown; docs/measured.md quotes it.
"""

from __future__ import annotations

import argparse
import datetime as dt
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
    "import-dmy": ("zhike", "duckdb"),
}
# What each job reads: the kind of file, and how it writes its dates.
FILES = {"rfm": ("parquet", "iso"), "import": ("csv", "iso"), "import-dmy": ("csv", "dmy")}
CURVE = (1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000)
Found = dict[str, Any]


def install_peers() -> None:
    if PEERS.exists():
        return
    subprocess.run([sys.executable, "-m", "venv", str(PEERS.parent.parent)], check=True)
    subprocess.run([PEERS, "-m", "pip", "install", "--quiet", *PEER_PACKAGES], check=True)


def data_file(orders: int, suffix: str, dates: str = "iso") -> Path:
    code = f"from data import *; print(orders_file(Path({str(DATA)!r}), {orders}, {suffix!r}, {dates!r}))"
    made = subprocess.run([OURS, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT / "benchmarks")
    return Path(made.stdout.strip())


def measure(job: str, library: str, file: Path, limit: float) -> Found:
    """Seconds, memory and the check of one fresh process, or why there are none under `failed`."""
    python = OURS if library in ("zhike", "duckdb") else PEERS
    command = [python, ROOT / "benchmarks/contestants.py", job, library, file]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=limit)
    except subprocess.TimeoutExpired:
        return {"failed": f"over {limit:.0f} s"}
    if done.returncode:
        return {"failed": "failed: " + (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def side_by_side(job: str, orders: int, rounds: int, limit: float) -> None:
    file = data_file(orders, *FILES[job])
    runs: dict[str, list[Found]] = {library: [] for library in CONTESTANTS[job]}
    for number in range(rounds):
        for library, done in runs.items():
            if not any("failed" in run for run in done):
                note(f"{job}, round {number + 1} of {rounds}: {library}")
                done.append(measure(job, library, file, limit))
    report(job, orders, rounds, runs)


def report(job: str, orders: int, rounds: int, runs: dict[str, list[Found]]) -> None:
    say(f"\n### {job}: {orders:,} orders, medians of {rounds} fresh processes in turn\n")
    say("| library | seconds | against duckdb | peak MB |\n|---|---:|---:|---:|")
    base = runs["duckdb"]
    for library, done in runs.items():
        if "failed" in done[-1]:
            say(f"| {library} | {done[-1]['failed']} | | |")
            continue
        line = f"| {library} | {median(done, 'seconds'):.2f} | {ratio([r['seconds'] for r in done], base)} "
        say(line + f"| {median(done, 'peak_mb'):,.0f} |")
    ours = [run for run in runs["zhike"] if "laps" in run]
    for name in ours[-1]["laps"] if ours else ():
        laps = [run["laps"][name] for run in ours]
        say(f"| zhike: {name} | {statistics.median(laps):.2f} | {ratio(laps, base)} | |")
    agree(runs)


def ratio(seconds: list[float], base: list[Found]) -> str:
    """The median of the rounds' ratios: both halves of each were measured in the same minute."""
    pairs = [own / other["seconds"] for own, other in zip(seconds, base, strict=False) if "seconds" in other]
    return f"{statistics.median(pairs):.2f}×" if pairs else ""


def agree(runs: dict[str, list[Found]]) -> None:
    """All who answered the same question must have given the same answer, or the times mean nothing."""
    checks = {library: done[-1]["check"] for library, done in runs.items() if "check" in done[-1]}
    answers = {library: check for library, check in checks.items() if not math.isnan(check)}
    first = next(iter(answers.values()), 0.0)
    different = {name: value for name, value in answers.items() if not math.isclose(value, first, rel_tol=1e-9)}
    if different:
        sys.exit(f"the answers differ: {answers}")


def curve(largest: int, limit: float) -> None:
    say("\n### curve: RFM by size beside DuckDB's own SQL, and the refresh of a lake\n")
    say("| orders | zhike s | duckdb s | zhike MB | duckdb MB | refresh s | refresh MB |")
    say("|---:|---:|---:|---:|---:|---:|---:|")
    for orders in (size for size in CURVE if size <= largest):
        note(f"curve: {orders:,} orders")
        file = data_file(orders, "parquet")
        ours, theirs, whole = (
            measure(job, library, file, limit)
            for job, library in (("rfm", "zhike"), ("rfm", "duckdb"), ("refresh", "zhike"))
        )
        agree({"zhike": [ours], "duckdb": [theirs]})
        cells = [shown(run, name) for name in ("seconds", "peak_mb") for run in (ours, theirs)]
        say(f"| {orders:,} | {' | '.join([*cells, shown(whole, 'seconds'), shown(whole, 'peak_mb')])} |")


def shown(run: Found, name: str) -> str:
    if "failed" in run:
        return str(run["failed"])
    return f"{run[name]:,.0f}" if name == "peak_mb" else f"{run[name]:.2f}"


def median(runs: list[Found], name: str) -> float:
    return statistics.median(run[name] for run in runs)


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return (
        f"{dt.date.today()}, {platform.platform()}, {os.cpu_count()} cores, {memory:.0f} GB, "
        f"Python {platform.python_version()}, load {load:.1f} at the start, `python {' '.join(sys.argv)}`"
    )


def note(line: str) -> None:
    """For whoever waits; not part of the table."""
    sys.stderr.write(line + "\n")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", nargs="*", choices=[*CONTESTANTS, "curve"], help="default: rfm import")
    parser.add_argument("--orders", type=int, default=10_000_000)
    parser.add_argument("--largest", type=int, default=CURVE[-1], help="end of the curve")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=None, help="seconds per measurement (60; of the curve 1800)")
    chosen = parser.parse_args()
    install_peers()
    say(machine())
    for job in chosen.jobs or ["rfm", "import"]:
        if job == "curve":
            curve(chosen.largest, chosen.limit or 1800)
        else:
            side_by_side(job, chosen.orders, chosen.rounds, chosen.limit or 60)


if __name__ == "__main__":
    main()
