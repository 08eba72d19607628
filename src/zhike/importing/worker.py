"""The child process of an import: it alone opens the uploaded file. Started by `zhike.intake.sandbox`."""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import duckdb

from zhike.cleaning.clean import clean
from zhike.cleaning.outliers import OrderSizes
from zhike.importing.recall import corrected, recalled_mapping
from zhike.intake.held import held
from zhike.intake.limits import Limits
from zhike.intake.mapping import Mapping
from zhike.intake.names import shown_name
from zhike.intake.raw import RawTable
from zhike.intake.read import ReadOptions, read, reading_error, sample
from zhike.intake.recognise import recognise
from zhike.lake.failures import disk_error
from zhike.lake.working import working
from zhike.sql import quoted

SHOWN_ROWS = 20
WIDE = 200  # columns
_KEPT_AS_THEY_ARE = ("customer_id", "name", "email", "phone", "address")


def handle(request: dict[str, Any], progress: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Read a file and say what is in it; with `step` = "clean" also write its clean rows to `folder`.

    Request: file, name (by which people know the file), folder, step ("inspect" or "clean"), options (ReadOptions),
    table, corrections, remembered (mappings of earlier files of this source), before (`OrderSizes` of earlier files),
    memory (DuckDB's limit).

    Raises:
        LakeError: there is no room for what is read from it.
        InputError: the file cannot be read, at whatever step that shows.
        MappingError: its columns do not fit a table.
    """
    try:
        with working(Path(request["folder"]), request["memory"]) as con:
            return _handle(con, request, progress)
    except duckdb.Error as error:
        # Values are only read when they are needed: damage can show in the sample, or in the last pass.
        full = disk_error(error, request["folder"])
        raise full or reading_error(error, shown_name(request["name"])) from error


def _handle(
    con: duckdb.DuckDBPyConnection, request: dict[str, Any], progress: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    folder = Path(request["folder"])
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
    asked = {name: request[name] for name in ("table", "corrections", "remembered")}
    mapping = recalled_mapping(raw.columns, first, **asked)
    result = {
        "finding": asdict(raw.finding),
        "mapping": asdict(mapping) | {"corrected": corrected(mapping, raw.columns, first)},
        "columns": [column.name for column in raw.columns],
    }
    if request["step"] == "inspect":
        shown = {name: [None if v is None else str(v) for v in values[:SHOWN_ROWS]] for name, values in first.items()}
        return result | {"sample": shown, "held": _held(con, raw, mapping)}
    progress({"step": "cleaning"})
    cleaned = clean(con, raw, mapping, folder, before=OrderSizes(**request["before"]))
    counts = {name: getattr(cleaned, name) for name in ("rows", "accepted", "flagged", "rejected", "superseded")}
    extra = {
        "first_row": raw.first_row,
        "stated": cleaned.stated,
        "seconds": cleaned.timings,
        "report": cleaned.report.to_dict(),
    }
    return result | counts | extra


def _held(con: duckdb.DuckDBPyConnection, raw: RawTable, mapping: Mapping) -> dict[str, dict[str, int]]:
    """What the columns of a list of customers hold, so that a person can be offered a field for each.

    Names, addresses and the like are kept as they are, and too different from each other to be worth counting.
    """
    if mapping.table != "customers":
        return {}
    known = {mapping.columns.get(ours) for ours in _KEPT_AS_THEY_ARE}
    names = [column.name for column in raw.columns if column.name not in known][:WIDE]
    return {name: asdict(one) for name, one in held(con, quoted(raw.relation), names).items()}
