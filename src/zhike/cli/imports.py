"""`zhike import`, `zhike imports`: files in, what came of them, and taking them out again."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from zhike.cleaning.report import QualityReport
from zhike.cli import output
from zhike.cli.options import json_option, lake_option, pairs
from zhike.errors import SettingsError
from zhike.importing.importer import Choices, ImportResult, Inspection, import_file, import_query, inspect_file
from zhike.importing.remarks import write_remarks
from zhike.intake.read import ReadOptions
from zhike.lake.batches import State, batches, undo
from zhike.lake.identities import MAIN_SOURCE
from zhike.lake.lake import Lake
from zhike.language import _, current_language
from zhike.schema import CONTRACTS, contract


@click.command("import", help=_("Import a file (CSV, TSV, XLSX, XLS, JSONL, Parquet, zip) or a database query."))
@click.argument("file")
@click.option("--as", "table", type=click.Choice(list(CONTRACTS)), help=_("What the rows are. Default: found out."))
@lake_option
@click.option("--source", default=MAIN_SOURCE, metavar="NAME", help=_("The system whose ids these are."))
@click.option("--map", "mapped", multiple=True, metavar="OURS=THEIRS", help=_("Correct the mapping of one column."))
@click.option("--query", metavar="SQL", help=_("FILE is a database address; import the rows of this query."))
@click.option("--sheet", help=_("Sheet of a workbook."))
@click.option("--member", help=_("File inside a zip."))
@click.option("--encoding", help=_("Text encoding, for example gb18030."))
@click.option("--delimiter", help=_("Character between columns."))
@click.option("--decimal", type=click.Choice([".", ","]), help=_("Decimal mark of numbers."))
@click.option("--dry-run", is_flag=True, help=_("Only say what the file is and how it would be mapped."))
@click.option("--yes", is_flag=True, help=_("Import without asking."))
@json_option
def import_(
    file: str,
    table: str | None,
    lake_url: str,
    source: str,
    mapped: tuple[str, ...],
    query: str | None,
    dry_run: bool,
    yes: bool,
    as_machine: bool,
    **options: Any,
) -> None:
    choices = Choices(table, source, pairs(mapped), ReadOptions(**options))
    with Lake(lake_url) as lake:
        if query is None and (dry_run or not yes):
            seen = inspect_file(lake, Path(file), choices)
            if dry_run and as_machine:
                output.as_json(asdict(seen))
            if not as_machine:
                _show_inspection(file, seen)
            if dry_run:
                return
            _ask()
        steps = {"reading": _("Reading"), "cleaning": _("Checking"), "comparing": _("Comparing with what is there")}
        steps["committing"] = _("Writing")
        with output.progressing(steps, quiet=as_machine) as begin:
            if query is None:
                result = import_file(lake, Path(file), choices, on_progress=begin)
            else:
                result = import_query(lake, file, query, choices, on_progress=begin)
    if as_machine:
        output.as_json(asdict(result))
    else:
        _show_result(result, lake_url)


def _ask() -> None:
    if not sys.stdin.isatty():
        raise SettingsError(
            "Nothing was imported: there is nobody to ask.",
            fix="Add --yes to import with this mapping, or --map ours=theirs to correct it.",
        )
    click.confirm(_("Import it like this?"), abort=True)


def _show_inspection(file: str, seen: Inspection) -> None:
    kind = contract(seen.mapping["table"])
    finding = seen.finding
    parts = [finding[name] for name in ("format", "encoding", "member", "sheet") if finding.get(name)]
    if finding.get("delimiter"):
        parts.append(_("columns separated by {character}", character=repr(finding["delimiter"])))
    output.say(f"{file}: {', '.join(parts)}")
    for sentence, values in finding["warnings"]:
        output.say("  " + _(sentence, **values))
    language = current_language()
    rows = []
    for ours, theirs in seen.mapping["columns"].items():
        example = next((value for value in seen.sample[theirs] if value), None)
        rows.append((kind[ours].label(language), ours, theirs, example))
    title = _(
        "1 column fits “{table}”" if len(rows) == 1 else "{count} columns fit “{table}”",
        count=len(rows),
        table=kind.label(language),
    )
    output.table([_("Column"), _("Ours"), _("Theirs"), _("For example")], rows, title=title)
    if seen.mapping["unmapped"]:
        output.say(_("Kept as attributes: {columns}", columns=", ".join(seen.mapping["unmapped"])))
    if seen.mapping["missing"]:
        missing = (f"{kind[ours].label(language)} ({ours})" for ours in seen.mapping["missing"])
        output.say(_("Not in the file: {columns}", columns=", ".join(missing)))
    for sentence in _consequences(kind.name, seen.mapping["missing"]):
        output.say("  " + sentence)


def _consequences(table: str, missing: Sequence[str]) -> Iterator[str]:
    """What a person should know before importing a file that lacks these columns."""
    if "customer_id" in missing and table != "customers":
        yield _("Without a column for the customer nobody can be scored; totals are still right.")
    if "order_id" in missing and "customer_id" not in missing:
        yield _(
            "Without an order number all rows of one customer on one day count as one order."
            if table == "order_lines"
            else "Without an order number every row counts as an order of its own."
        )


def _show_result(result: ImportResult, lake_url: str) -> None:
    output.people.print(QualityReport.from_dict(result.report).to_text(current_language()), markup=False)
    if result.batch is None:
        output.say(_("The lake already holds every row of this file; nothing was changed."))
        return
    output.say(
        _(
            "Import {batch}: rows added {added}, updated {updated}, already there {duplicates}.",
            batch=result.batch,
            added=f"{result.added:,}",
            updated=f"{result.updated:,}",
            duplicates=f"{result.duplicates:,}",
        )
    )
    lake = "" if lake_url == "lake" else f" --lake {lake_url}"
    output.say(_("To take it out again: {command}", command=f"zhike imports undo {result.batch}{lake}"))


@click.group("imports", invoke_without_command=True, help=_("List the imports, undo one, save its remarks."))
@lake_option
@json_option
@click.pass_context
def imports(context: click.Context, lake_url: str, as_machine: bool) -> None:
    if context.invoked_subcommand:
        return
    with Lake(lake_url) as lake:
        known = batches(lake)
    if as_machine:
        output.as_json([_listed(batch) for batch in known])
        return
    if not known:
        output.say(_("Nothing has been imported yet. Begin with: zhike import FILE"))
        return
    counts = ("rows", "accepted", "flagged", "rejected", "added", "updated")
    rows = [
        (
            *(
                f"{b.batch}",
                contract(b.table).label(current_language()),
                b.source,
                b.file,
                f"{b.imported_at:%Y-%m-%d %H:%M}",
            ),
            *(getattr(b, name) for name in counts),
            _state(b.state.value),
        )
        for b in known
    ]
    headings = [_("Import"), _("Table"), _("Source"), _("File"), _("When"), _("Rows"), _("Accepted"), _("Flagged")]
    headings += [_("Rejected"), _("Added"), _("Updated"), _("State")]
    output.table(headings, rows)


def _listed(batch: Any) -> dict[str, Any]:
    return {name: value for name, value in asdict(batch).items() if name != "details"}


def _state(state: str) -> str:
    return {"committed": _("in the lake"), "undone": _("undone"), "interrupted": _("interrupted")}[state]


@imports.command("undo", help=_("Take an import out of the lake again; what it replaced stands again."))
@click.argument("number", type=int)
@lake_option
@json_option
def undo_import(number: int, lake_url: str, as_machine: bool) -> None:
    with Lake(lake_url) as lake:
        batch = undo(lake, number)
        later = [b for b in batches(lake) if b.batch > number and b.table == batch.table and b.source == batch.source]
    again = [b.file for b in later if b.duplicates and b.state is State.COMMITTED]
    if as_machine:
        output.as_json(_listed(batch) | {"state": "undone", "import_again": again})
        return
    output.say(_("Import {number} ({file}) is out of the lake again.", number=number, file=batch.file))
    if again:
        # A row belongs to the first import that brought it (docs/decisions/001).
        said = _(
            "Later files held rows that were already there from it; import them again: {files}", files=", ".join(again)
        )
        output.say(said)


@imports.command("remarks", help=_("Save the flagged and rejected rows of an import, with reasons, as CSV."))
@click.argument("number", type=int)
@click.argument("destination", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--rejected", is_flag=True, help=_("Only the rejected rows."))
@lake_option
def save_remarks(number: int, destination: Path, rejected: bool, lake_url: str) -> None:
    with Lake(lake_url) as lake:
        rows = write_remarks(lake, number, destination, only_rejected=rejected)
    said = _(
        "1 remark written to {file}." if rows == 1 else "{rows} remarks written to {file}.",
        rows=f"{rows:,}",
        file=str(destination),
    )
    output.say(said)
