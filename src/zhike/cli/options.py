"""Options that several commands share, and what they turn into."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, TypeVar

import click

from zhike.errors import InputError, SettingsError
from zhike.lake.facts_view import Facts
from zhike.lake.lake import Lake
from zhike.lake.runs import Run, latest, runs
from zhike.language import _

Command = TypeVar("Command", bound=Callable[..., Any])


def lake_option(command: Command) -> Command:
    return click.option(
        "--lake",
        "lake_url",
        envvar="ZHIKE_LAKE",
        default="lake",
        show_default=True,
        metavar="DIR",
        help=_("Folder (or s3:// address) that holds the company's data. Also: ZHIKE_LAKE."),
    )(command)


def json_option(command: Command) -> Command:
    return click.option("--json", "as_machine", is_flag=True, help=_("Print one JSON object instead of text."))(command)


def as_of_option(command: Command) -> Command:
    return click.option(
        "--as-of", metavar="YYYY-MM-DD", help=_("The last day that counts. Default: the day of the last order.")
    )(command)


def run_option(command: Command) -> Command:
    return click.option("--run", "number", type=int, help=_("The run to look at; default: the last refresh."))(command)


def chosen_run(lake: Lake, number: int | None) -> Run:
    """The run a person asked for, and a word on standard error when the data have changed since.

    Raises:
        InputError: there is no such run.
        LakeError: nothing has been computed yet.
    """
    newest = latest(lake)
    found = next((run for run in runs(lake) if run.run == number), None) if number is not None else newest
    if found is None:
        raise InputError(
            "There is no run {number} in this lake.",
            fix="Leave --run out for the newest, {newest}.",
            number=number,
            newest=newest.run,
        )
    if Facts.of(lake, found).inputs != Facts.now(lake).inputs:
        stale = _(
            "The data have changed since run {run} was computed; zhike refresh brings the scores up to date.",
            run=found.run,
        )
        click.secho(stale, fg="yellow", err=True)
    return found


_SETTINGS = (
    click.option(
        "--reset", is_flag=True, help=_("Begin from the default settings, not from those of the last refresh.")
    ),
    click.option("--settings", "settings_file", metavar="FILE", help=_("Settings in a TOML file.")),
    click.option("--window-days", type=int, help=_("Window of frequency and value, days.")),
    click.option("--weights", metavar="R,F,M", help=_("Weights of recency, frequency and value; they add up to 1.")),
    click.option("--thresholds", metavar="HIGH,…", help=_("Lower bounds of the value tiers, from high to low.")),
    click.option("--mode", type=click.Choice(["minmax", "quantile", "fixed"]), help=_("How RFM scores are formed.")),
    click.option("--margin", type=float, help=_("Gross margin as a share of revenue, for example 0.35.")),
    click.option("--lifespan-years", type=float, help=_("Years a customer stays; default: estimated from the data.")),
)


def settings_options(command: Command) -> Command:
    for option in reversed(_SETTINGS):
        command = option(command)
    return command


def numbers(text: str | None, name: str) -> tuple[float, ...] | None:
    """Numbers separated by commas.

    Raises:
        SettingsError: something between the commas is no number.

    >>> numbers(".3,.4,.3", "--weights")
    (0.3, 0.4, 0.3)
    """
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.replace("，", ",").split(","))
    except ValueError as wrong:
        raise SettingsError(
            "{name} cannot be {text}.", fix="Write numbers with commas between them: .3,.4,.3", name=name, text=text
        ) from wrong


def day(text: str | None) -> dt.date | None:
    """A date as YYYY-MM-DD.

    Raises:
        SettingsError: it is not one.
    """
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as wrong:
        raise SettingsError("{text} is not a date.", fix="Write it as 2026-11-21.", text=text) from wrong


def pairs(items: tuple[str, ...]) -> dict[str, str]:
    """`ours=theirs` options as a dictionary.

    Raises:
        SettingsError: one has no equals sign.

    >>> pairs(("amount=买家实际支付金额",))
    {'amount': '买家实际支付金额'}
    """
    found = {}
    for item in items:
        ours, equals, theirs = item.partition("=")
        if not equals or not ours:
            raise SettingsError(
                "--map {item} has no column on one side.",
                fix="Write our column, an equals sign and the file's column: --map amount=Total.",
                item=item,
            )
        found[ours.strip()] = theirs.strip()
    return found
