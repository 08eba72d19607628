"""kill -9 at random moments of an import: nothing lost, nothing doubled. `make kill-test`; not part of `make test`."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from zhike.importing.importer import Choices, import_file
from zhike.lake.batches import State, batches, undo
from zhike.lake.lake import Lake
from zhike.lake.snapshot import snapshot

KILLS = 50
ROWS = 300_000


def write_orders(path: Path, first: int) -> None:
    duckdb.connect().execute(
        f"COPY (SELECT i AS order_id, i % 5000 AS customer_id, TIMESTAMP '2025-01-01' + to_minutes(i) AS ordered_at, "
        f"(i % 97) + 0.5 AS amount FROM range({first}, {first + ROWS}) t(i)) TO '{path}'"
    )


def totals(lake: Lake) -> tuple[int, int, float]:
    orders = snapshot(lake, "orders")
    counted = orders.aggregate(rows=orders.count(), keys=orders.order_id.nunique(), money=orders.amount.sum())
    row = lake.engine.to_pyarrow(counted).to_pylist()[0]
    return row["rows"], row["keys"], row["money"] or 0.0


def import_command(file: Path, url: Path) -> list[str]:
    how = ["import", str(file), "--as", "orders", "--lake", str(url), "--yes", "--json"]
    return [sys.executable, "-m", "zhike.cli.main", *how]


def seconds_of_an_import(tmp_path: Path, file: Path) -> float:
    began = time.monotonic()
    subprocess.run(import_command(file, tmp_path / "clock"), check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


@pytest.mark.slow
def test_killed_imports_lose_and_double_nothing(tmp_path: Path) -> None:
    dice = random.Random(20261121)
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    write_orders(first, 0)
    write_orders(second, ROWS)
    whole = seconds_of_an_import(tmp_path, first)
    url = tmp_path / "lake"
    with Lake(url) as lake:
        import_file(lake, first, Choices(table="orders"))
        start = totals(lake)
    assert start[0] == start[1] == ROWS
    landed = False
    for _ in range(KILLS):
        child = subprocess.Popen(import_command(second, url), stdout=subprocess.DEVNULL, start_new_session=True)
        time.sleep(dice.uniform(0, whole * 1.05))
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        with Lake(url) as lake:
            rows, keys, _money = totals(lake)
            # The old state or the new one, never something between.
            assert (rows, keys) in {(ROWS, ROWS), (2 * ROWS, 2 * ROWS)}
            assert not (landed and rows == ROWS), "what had landed was lost"
            landed = rows == 2 * ROWS
            committed = [b for b in batches(lake) if b.state is State.COMMITTED]
            assert len(committed) == 1 + landed
        if landed and dice.random() < 0.7:
            # Begin again from the old state, so that most kills hit an import that has something to do.
            with Lake(url) as lake:
                undo(lake, committed[-1].batch)
                assert totals(lake) == start
            landed = False
    with Lake(url) as lake:
        import_file(lake, second, Choices(table="orders"))
        assert totals(lake)[:2] == (2 * ROWS, 2 * ROWS)
