"""`zhike report`: the state of the customers as one HTML file."""

from __future__ import annotations

from pathlib import Path

import click

from zhike.cli import output
from zhike.cli.options import chosen_run, json_option, lake_option, run_option
from zhike.lake.lake import Lake
from zhike.language import LANGUAGES, _, current_language
from zhike.report.page import write_report


@click.command(help=_("Write a report a manager can open: one HTML file, no network needed."))
@lake_option
@run_option
@click.option("--language", type=click.Choice(LANGUAGES), help=_("Language of the report."))
@click.option("--out", "destination", type=click.Path(dir_okay=False, path_type=Path), help=_("File to write."))
@json_option
def report(lake_url: str, number: int | None, language: str | None, destination: Path | None, as_machine: bool) -> None:
    language = language or current_language()
    with Lake(lake_url) as lake:
        run = chosen_run(lake, number)
        destination = destination or Path(f"zhike-report-{run.as_of:%Y-%m-%d}.{language}.html")
        written = write_report(lake, run, destination, language=language)
    if as_machine:
        output.as_json({"report": str(written), "run": run.run, "as_of": run.as_of, "language": language})
    else:
        output.say(_("Report written: {file}", file=str(written)))
