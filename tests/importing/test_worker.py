"""The child process of an import: damage that shows late, and tables that are wide."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import pytest

from zhike.errors import InputError
from zhike.importing.worker import handle
from zhike.intake import child
from zhike.intake.limits import Limits
from zhike.intake.read import ReadOptions


def request(file: Path, folder: Path, **other: Any) -> dict[str, Any]:
    return {
        "file": str(file),
        "name": "shop.parquet",
        "folder": str(folder),
        "step": "inspect",
        "options": asdict(ReadOptions()),
        "table": None,
        "corrections": {},
        "remembered": [],
        "before": {},
        "memory": "512MB",
        "limits": asdict(Limits()),
    } | other


# As the program of a child process does it: no `zhike` but its folder.
CHILD = """
import json, sys, types
bare = types.ModuleType("zhike")
bare.__path__ = [sys.argv[1]]
sys.modules["zhike"] = bare
from zhike.importing.worker import handle
rows = handle(json.load(sys.stdin), lambda _: None)["rows"]
print(rows, [name for name in ("numpy", "pyarrow", "deltalake", "ibis", "pandas") if name in sys.modules])
"""


def test_who_waits_for_a_small_file_waits_for_no_library_it_does_not_need(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("order_id,customer_id,ordered_at,amount\n1,a,2026-01-05,10\n2,b,2026-01-06,20\n")
    asked = json.dumps(request(file, tmp_path, step="clean", table="orders"))
    command = [sys.executable, "-c", CHILD, str(Path(child.__file__).parent.parent)]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "2 []"


@pytest.mark.parametrize("step", ["inspect", "clean"])
def test_damage_that_shows_when_values_are_read(tmp_path: Path, step: str) -> None:
    file = tmp_path / "a.parquet"
    duckdb.execute(
        f"COPY (SELECT 'o' || range AS order_id, 'c' || range AS customer_id, DATE '2026-01-05' AS ordered_at, "
        f"range / 7 AS amount FROM range(5000)) TO '{file}' (FORMAT parquet)"
    )
    assert handle(request(file, tmp_path, step=step), lambda _: None)["mapping"]["table"] == "orders"
    data = bytearray(file.read_bytes())
    data[4 : len(data) // 2] = bytes(len(data) // 2 - 4)
    file.write_bytes(data)
    with pytest.raises(InputError, match=r"^shop\.parquet is damaged"):
        handle(request(file, tmp_path, step=step), lambda _: None)


def test_a_wide_table_takes_no_longer_than_its_width(tmp_path: Path) -> None:
    """Four times the columns took sixteen times the time."""

    def seconds(width: int) -> float:
        header = ["order_id", "customer_id", "ordered_at", "amount", *(f"c{n}" for n in range(width))]
        rows = [[f"o{n}", "a", "2026-01-05", "10", *["1"] * width] for n in range(20)]
        file = tmp_path / "wide.csv"
        file.write_text("\n".join(",".join(row) for row in [header, *rows]) + "\n")
        began = time.process_time()
        done = handle(request(file, tmp_path, step="clean", table="orders"), lambda _: None)
        assert (done["rows"], len(done["mapping"]["unmapped"])) == (20, width)
        return time.process_time() - began

    seconds(300)
    assert seconds(3200) < 10 * seconds(800)
