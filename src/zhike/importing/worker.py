"""The child process of an import: it alone opens the uploaded file. Started by `zhike.intake.sandbox`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from zhike.cleaning.clean import clean
from zhike.intake.mapping import Mapping, propose
from zhike.intake.raw import RawTable
from zhike.intake.read import ReadOptions, read
from zhike.intake.sandbox import serve_worker
from zhike.intake.sql import quoted

SAMPLE_ROWS = 1000
SHOWN_ROWS = 20


def handle(request: dict[str, Any], progress: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Read a file and say what is in it; with `step` = "clean" also write its clean rows to `folder`.

    Request: file, folder, step ("inspect" or "clean"), options (ReadOptions), table, corrections, remembered
    (mappings of earlier files of this source), memory (DuckDB's limit).
    """
    folder = Path(request["folder"])
    con = duckdb.connect(config={"memory_limit": request["memory"], "temp_directory": str(folder)})
    # Standard output is the line to the parent.
    con.execute("SET enable_progress_bar = false")
    progress({"step": "reading"})
    raw = read(con, Path(request["file"]), ReadOptions(**request["options"]), scratch=folder)
    sample = _sample(con, raw, SAMPLE_ROWS)
    mapping = _mapping(raw, sample, request)
    result = {
        "finding": asdict(raw.finding),
        "mapping": asdict(mapping),
        "columns": [column.name for column in raw.columns],
    }
    if request["step"] == "inspect":
        shown = {name: [None if v is None else str(v) for v in values[:SHOWN_ROWS]] for name, values in sample.items()}
        return result | {"sample": shown}
    progress({"step": "cleaning"})
    # Columns the file does not have are added when the rows are read: writing them empty costs a quarter of the time.
    cleaned = clean(con, raw, mapping, folder, every_column=False)
    counts = {name: getattr(cleaned, name) for name in ("rows", "accepted", "flagged", "rejected", "superseded")}
    extra = {"first_row": raw.first_row, "seconds": cleaned.timings, "report": cleaned.report.to_dict()}
    return result | counts | extra


def _sample(con: duckdb.DuckDBPyConnection, raw: RawTable, rows: int) -> dict[str, list[object]]:
    names = [column.name for column in raw.columns]
    chosen = ", ".join(quoted(name) for name in names)
    found = con.execute(f"SELECT {chosen} FROM {quoted(raw.relation)} LIMIT {rows}").fetchall()
    return {name: [row[i] for row in found] for i, name in enumerate(names)}


def _mapping(raw: RawTable, sample: dict[str, list[object]], request: dict[str, Any]) -> Mapping:
    """What a person corrected now wins over what was settled for an earlier file, which wins over our guess."""
    table, corrections = request["table"], dict(request["corrections"])
    names = {column.name for column in raw.columns}
    for earlier in request["remembered"]:
        used = set(earlier["columns"].values())
        if table in (None, earlier["table"]) and used <= names and set(earlier["unmapped"]) <= names:
            table = earlier["table"]
            settled = earlier["columns"] | dict.fromkeys(earlier["left_out"], "")
            corrections = settled | corrections
            break
    return propose(raw.columns, sample, table=table, corrections=corrections)


if __name__ == "__main__":
    serve_worker(handle)
