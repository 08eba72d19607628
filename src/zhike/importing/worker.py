"""The child process of an import: it alone opens the uploaded file. Started by `zhike.intake.sandbox`."""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import duckdb

from zhike.cleaning.clean import clean
from zhike.intake.limits import Limits
from zhike.intake.mapping import Mapping, propose
from zhike.intake.names import shown_name
from zhike.intake.raw import RawTable
from zhike.intake.read import ReadOptions, read, reading_error, sample
from zhike.intake.recognise import recognise
from zhike.intake.sandbox import serve_worker
from zhike.lake.failures import disk_error

SHOWN_ROWS = 20
WIDE = 200  # columns


def handle(request: dict[str, Any], progress: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Read a file and say what is in it; with `step` = "clean" also write its clean rows to `folder`.

    Request: file, name (by which people know the file), folder, step ("inspect" or "clean"), options (ReadOptions),
    table, corrections, remembered (mappings of earlier files of this source), memory (DuckDB's limit).

    Raises:
        LakeError: there is no room for what is read from it.
        InputError: the file cannot be read, at whatever step that shows.
        MappingError: its columns do not fit a table.
    """
    try:
        return _handle(request, progress)
    except duckdb.Error as error:
        # Values are only read when they are needed: damage can show in the sample, or in the last pass.
        full = disk_error(error, request["folder"])
        raise full or reading_error(error, shown_name(request["name"])) from error


def _handle(request: dict[str, Any], progress: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    folder = Path(request["folder"])
    con = duckdb.connect(config={"memory_limit": request["memory"], "temp_directory": str(folder)})
    # Standard output is the line to the parent.
    con.execute("SET enable_progress_bar = false")
    con.execute("SET TimeZone = 'UTC'")
    progress({"step": "reading"})
    file, limits = Path(request["file"]), Limits(**request["limits"])
    if recognise(file) in ("xlsx", "xls", "zip"):
        # A workbook is inflated by its reader, beyond DuckDB's own limit: 1.5 kB can ask for 10 GB.
        resource.setrlimit(resource.RLIMIT_AS, (limits.workbook_address_space, limits.address_space))
    raw = read(con, file, ReadOptions(**request["options"]), limits=limits, scratch=folder)
    raw = replace(raw, finding=replace(raw.finding, file=shown_name(request["name"])))
    if len(raw.columns) > WIDE:
        # Comparing every expression with every other one takes longer than computing some of them twice.
        con.execute("SET disabled_optimizers = 'common_subexpressions'")
    first = sample(con, raw)
    mapping = _mapping(raw, first, request)
    result = {
        "finding": asdict(raw.finding),
        "mapping": asdict(mapping),
        "columns": [column.name for column in raw.columns],
    }
    if request["step"] == "inspect":
        shown = {name: [None if v is None else str(v) for v in values[:SHOWN_ROWS]] for name, values in first.items()}
        return result | {"sample": shown}
    progress({"step": "cleaning"})
    cleaned = clean(con, raw, mapping, folder)
    counts = {name: getattr(cleaned, name) for name in ("rows", "accepted", "flagged", "rejected", "superseded")}
    extra = {
        "first_row": raw.first_row,
        "stated": cleaned.stated,
        "seconds": cleaned.timings,
        "report": cleaned.report.to_dict(),
    }
    return result | counts | extra


def _mapping(raw: RawTable, first: dict[str, list[object]], request: dict[str, Any]) -> Mapping:
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
    return propose(raw.columns, first, table=table, corrections=corrections)


if __name__ == "__main__":
    serve_worker(handle)
