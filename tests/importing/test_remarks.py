"""The remarks of an import as a file: complete, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
from pathlib import Path

from zhike.importing.importer import Choices, import_file
from zhike.importing.remarks import write_remarks
from zhike.lake.lake import Lake

EVIL = ["=1+1", "\u3000＝cmd", "\u200b@SUM(1)", "\ufeff+2", "\x0b-1-1", "\xa0﹦x"]


def test_remarks_hold_no_formula(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["order_id", "customer_id", "ordered_at", "amount"])
        writer.writerows([f"{n}", "c", "2025-01-05", "10"] for n in range(1000, 1200))
        writer.writerows([str(n + 1), "c", "2025-01-06", f"{text} {n}"] for n, text in enumerate(EVIL))
    import_file(lake, file, Choices(table="orders"))
    saved = tmp_path / "remarks.csv"
    written = write_remarks(lake, 1, saved)
    with saved.open(encoding="utf-8-sig", newline="") as back:
        rows = list(csv.DictReader(back))
    assert len(rows) == written >= len(EVIL)
    values = [row["Value"] for row in rows if row["Value"]]
    assert len(values) >= len(EVIL)
    assert all(value.startswith("'") for value in values)
    assert any("cmd" in value for value in values)


def test_the_reason_says_what_became_of_the_row(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(
        "order_id,customer_id,ordered_at,amount,paid_at\n"
        "1,c,2025-01-05,10,2025-01-06\n2,c,2025-01-05,10,1700-01-01\n3,c,1700-01-01,10,2025-01-06\n"
    )
    import_file(lake, file, Choices(table="orders"))
    write_remarks(lake, 1, tmp_path / "remarks.csv")
    with (tmp_path / "remarks.csv").open(encoding="utf-8-sig", newline="") as back:
        said = {row["Outcome"]: row["Reason"] for row in csv.DictReader(back)}
    assert said["rejected"].endswith("the row is not stored.")
    assert said["flagged"].endswith("the date is left empty.")
