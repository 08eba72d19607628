"""A file into the lake, as one batch: read and cleaned in a child process, compared, committed at once."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pyarrow as pa

from zhike.cleaning.clean import NOTES
from zhike.clock import Clock
from zhike.errors import InputError, SettingsError
from zhike.importing.changes import changed_rows, compare, stage
from zhike.importing.known import order_sizes
from zhike.intake.limits import MEGABYTE, Limits
from zhike.intake.query import fetch_query, shown_address
from zhike.intake.read import ReadOptions
from zhike.intake.sandbox import run_worker
from zhike.lake.batches import Batch, Counts, commit, committed, next_number
from zhike.lake.failures import computing
from zhike.lake.identities import MAIN_SOURCE
from zhike.lake.lake import Lake
from zhike.lake.snapshot import facts_table, has_replacements, newest
from zhike.lake.working import working
from zhike.schema import Contract, contract
from zhike.sql import literal

WORKER = "zhike.importing.worker"


@dataclass(frozen=True)
class Choices:
    """What a person decides about a file; every one has a default that is found out from the file.

    Args:
        table: the contract the file is; default: the one its columns fit best.
        source: the id space its customer and order ids belong to.
        corrections: our column → their column, over the proposed mapping; "" leaves one of ours empty.
        options: encoding, delimiter, sheet … where the reader's own finding is wrong.
        limits: memory, time and inflated size the child process may use.
    """

    table: str | None = None
    source: str = MAIN_SOURCE
    corrections: Mapping[str, str] = field(default_factory=dict)
    options: ReadOptions = field(default_factory=ReadOptions)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, kw_only=True)
class ImportResult(Counts):
    """What an import did. `batch` is None when the lake already held everything the file says."""

    table: str
    batch: int | None
    file: str
    finding: dict[str, Any]
    mapping: dict[str, Any]
    report: dict[str, Any]
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Inspection:
    """What a file seems to be, before anything is imported: finding, proposed mapping, columns, sample values.

    `held` is what the columns of a list of customers hold (`zhike.intake.held.Held`); empty for other tables.
    """

    finding: dict[str, Any]
    mapping: dict[str, Any]
    columns: list[str]
    sample: dict[str, list[str | None]]
    held: dict[str, dict[str, int]] = field(default_factory=dict)


def inspect_file(lake: Lake, file: Path, choices: Choices | None = None, *, name: str | None = None) -> Inspection:
    """Look into a file without importing it.

    Args:
        name: by which people know the file, when it is stored under another one.

    Raises:
        InputError: the file cannot be read, or its columns do not fit a table.
    """
    choices = choices or Choices()
    with lake.staging() as folder:
        request = request_for(lake, file, folder, "inspect", choices) | {"name": name or file.name}
        return Inspection(**run_worker(WORKER, request, limits=choices.limits))


def import_file(
    lake: Lake,
    file: Path,
    choices: Choices | None = None,
    *,
    name: str | None = None,
    on_progress: Callable[[str], None] = lambda _: None,
) -> ImportResult:
    """Import one file.

    Args:
        choices: where the person knows better than the file.
        name: by which people know the file, when it is stored under another one.
        on_progress: called with the name of each step as it begins.

    Raises:
        InputError: the file cannot be read, or does not fit; nothing was changed.
        LakeError: the lake is being written by somebody else, or cannot be written; nothing was changed.
    """
    return _import(lake, file, name or file.name, choices or Choices(), on_progress)


def _import(lake: Lake, file: Path, name: str, choices: Choices, on_progress: Callable[[str], None]) -> ImportResult:
    """Import a file that people know by this name."""
    clock = Clock()
    with lake.staging() as folder:
        clock.begin("parse_and_check")
        request = request_for(lake, file, folder, "clean", choices) | {"name": name}
        done = run_worker(WORKER, request, limits=choices.limits, on_progress=lambda said: on_progress(said["step"]))
        clock.begin("compare")
        clock.split("parse_and_check", {"keys": done["seconds"]["keys"], "report": done["seconds"]["report"]})
        with lake.writing():
            on_progress("comparing")
            with working(folder) as con:
                return _settle(lake, file, con, folder, done, choices, clock, on_progress)


def import_query(
    lake: Lake,
    url: str,
    sql: str,
    choices: Choices | None = None,
    *,
    on_progress: Callable[[str], None] = lambda _: None,
) -> ImportResult:
    """Import the rows of a database query; see `import_file` for the rest. It is listed under the address.

    Raises:
        InputError: the database cannot be reached, or refuses the query.
    """
    with lake.staging() as folder:
        rows = fetch_query(url, sql, folder / "query.parquet")
        name = f"{shown_address(url)} query"
        try:
            return _import(lake, rows, name, choices or Choices(), on_progress)
        except InputError as error:
            if error.values.get("file") == rows.name:
                error.values["file"] = name
            raise


def _settle(
    lake: Lake,
    file: Path,
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    done: dict[str, Any],
    choices: Choices,
    clock: Clock,
    on_progress: Callable[[str], None],
) -> ImportResult:
    kind = contract(done["mapping"]["table"])
    with computing(lake.url):
        given = stage(con, folder, kind, choices.source, done["first_row"])
        spoken = {"given": given, "stated": done["stated"], "attributes": done["mapping"]["unmapped"]}
        changes = compare(con, kind, _current(lake, con, kind), **spoken)
    counts = Counts(
        **{name: done[name] for name in ("rows", "accepted", "flagged", "rejected")},
        duplicates=changes.unchanged + done["superseded"],
        added=changes.added,
        updated=changes.updated,
    )
    clock.begin("commit")
    number = None
    sha256 = _sha256(file)
    remarked = done["rejected"] or done["flagged"]
    if changes.added or changes.updated or (remarked and not _is_recorded(lake, sha256, kind, choices.source)):
        on_progress("committing")
        number = next_number(lake)
        batch = _batch(number, kind, sha256, done, counts, choices)
        commit(lake, batch, changed_rows(con, changes.columns, choices.source, number), _remarks(con, folder, number))
    return ImportResult(
        table=kind.name,
        **asdict(counts),
        batch=number,
        file=done["finding"]["file"],
        finding=done["finding"],
        mapping=done["mapping"],
        report=done["report"],
        seconds=clock.stop(),
    )


def _current(lake: Lake, con: duckdb.DuckDBPyConnection, kind: Contract) -> str | None:
    """The table's current rows as a view on the importing connection. Links do not matter here: rows keep their ids."""
    stored = lake.delta(facts_table(kind.name))
    paths = [] if stored is None else lake.files(facts_table(kind.name), stored)
    if stored is None or not paths:
        return None
    if lake.is_local:
        files = ", ".join(literal(path) for path in paths)
        how = "union_by_name = true, hive_partitioning = false"
        con.execute(f"CREATE TEMP VIEW stored AS FROM read_parquet([{files}], {how})")
    else:
        con.register("stored", stored.to_pyarrow_dataset())
    if not has_replacements(stored):
        return "stored"
    rows = newest(ibis.duckdb.from_connection(con).table("stored"), kind.key)
    con.execute(f"CREATE TEMP VIEW current_rows AS {ibis.to_sql(rows)}")
    return "current_rows"


def _batch(number: int, kind: Contract, sha256: str, done: dict[str, Any], counts: Counts, choices: Choices) -> Batch:
    left_out = [ours for ours, theirs in choices.corrections.items() if theirs in ("", "-")]
    mapping = done["mapping"] | {"left_out": left_out}
    return Batch(
        batch=number,
        table=kind.name,
        source=choices.source,
        file=done["finding"]["file"],
        sha256=sha256,
        imported_at=dt.datetime.now(dt.UTC).replace(tzinfo=None),
        details={"finding": done["finding"], "mapping": mapping, "report": done["report"]},
        **asdict(counts),
    )


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _is_recorded(lake: Lake, sha256: str, kind: Contract, source: str) -> bool:
    """Whether an import of this very file is in the lake, and with it the remarks on its rows."""
    known = {"sha256": sha256, "table": kind.name, "source": source}
    return known in committed(lake, *known).select(list(known)).to_pylist()


def _remarks(con: duckdb.DuckDBPyConnection, folder: Path, number: int) -> duckdb.DuckDBPyRelation:
    return con.sql(
        f"SELECT {number}::BIGINT AS batch, row_number, outcome, rule, column_name, value "
        f"FROM read_parquet({literal(str(folder / NOTES))})"
    )


def request_for(lake: Lake, file: Path, folder: Path, step: str, choices: Choices) -> dict[str, Any]:
    """What the child process is asked to do with a file.

    Raises:
        InputError: there is no such file.
        SettingsError: the source or the table has an impossible name.
    """
    if not file.is_file():
        raise InputError("There is no file {file}.", fix="Check the path.", file=str(file))
    source = choices.source
    if not source or not all(c.isalnum() or c in "-_." for c in source):
        raise SettingsError(
            "{source} cannot be the name of a source.",
            fix="Use letters, digits, '-', '_' and '.', for example shop or crm-2.",
            source=repr(source),
        )
    if choices.table is not None:
        contract(choices.table)
    before = committed(lake, "source", "details")
    return {
        "file": str(file.resolve()),
        "name": file.name,
        "folder": str(folder),
        "step": step,
        "options": asdict(choices.options),
        "table": choices.table,
        "corrections": dict(choices.corrections),
        "remembered": _remembered(before, source),
        "before": order_sizes(before),
        "memory": f"{choices.limits.memory // MEGABYTE}MB",
    }


def _remembered(imports: pa.Table, source: str) -> list[dict[str, Any]]:
    """The different mappings of this source's imports that are in the lake, newest first."""
    with duckdb.connect() as con:
        con.register("known", imports)
        # The details hold whole quality reports; only the mappings become Python objects.
        found = con.execute(
            "SELECT details ->> '$.mapping' AS mapping FROM known WHERE source = ? GROUP BY mapping "
            "ORDER BY max(batch) DESC",
            [source],
        ).fetchall()
    return [json.loads(mapping) for (mapping,) in found if mapping]
