"""`zhike advise`: which models fit the data, how far to trust each, and which data would unlock more."""

from __future__ import annotations

from dataclasses import asdict

import click

from zhike.cli import output
from zhike.cli.options import chosen_run, json_option, lake_option, run_option
from zhike.labels import label
from zhike.lake.lake import Lake
from zhike.language import _, current_language
from zhike.report.data import models_that_fit


@click.command(help=_("Which models fit the data, and which data would unlock more."))
@lake_option
@run_option
@json_option
def advise(lake_url: str, number: int | None, as_machine: bool) -> None:
    with Lake(lake_url) as lake:
        found = models_that_fit(lake, chosen_run(lake, number))
    if as_machine:
        output.as_json([asdict(advice) for advice in found])
        return
    language = current_language()
    for advice in found:
        output.say(f"{label('model', advice.model)}: {label('verdict', advice.verdict)}. {advice.reasons[language]}")
        if advice.unlock[language]:
            output.say("  " + _("To unlock more: {data}", data=advice.unlock[language]))
