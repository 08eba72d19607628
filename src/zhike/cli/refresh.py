"""`zhike refresh`, `zhike preview`: score everybody; see who would move before changing a setting."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import ibis

from zhike.adviser import RfmAdvice, recommend_rfm
from zhike.cli import output
from zhike.cli.options import (
    as_of_option,
    chosen_run,
    day,
    json_option,
    lake_option,
    numbers,
    run_option,
    settings_options,
)
from zhike.errors import LakeError
from zhike.labels import label
from zhike.lake.lake import Lake
from zhike.lake.runs import Run, last_asked, runs, scores_of
from zhike.lake.snapshot import versions
from zhike.language import _
from zhike.pipeline import refresh as refresh_lake
from zhike.pipeline import tier_moves
from zhike.settings import Settings

SHOWN_MOVES = 10


@click.command(help=_("Score every customer as of a day, and keep the scores."))
@lake_option
@as_of_option
@settings_options
@json_option
def refresh(lake_url: str, as_of: str | None, as_machine: bool, **changes: Any) -> None:
    with Lake(lake_url) as lake:
        known = runs(lake)
        settings, last_day = _settings(last_asked(lake), changes), day(as_of)
        if not versions(lake):
            # Said before anything is opened for writing: a mistyped --lake must not leave an empty folder behind.
            raise LakeError(
                "There are no orders in the lake {lake}.", fix="Import some first: zhike import FILE.", lake=lake.url
            )
        steps = {
            "facts": _("Adding up purchases"),
            "models": _("Scoring"),
            "churn": _("Looking for who may leave"),
            "scores": _("Writing"),
        }
        with output.progressing(steps, quiet=as_machine) as begin:
            run = refresh_lake(lake, last_day, settings, on_progress=begin)
        again = any(earlier.run == run.run for earlier in known)
        tiers = _count(lake, run, "value_tier")
        stages = _count(lake, run, "stage")
        advice = _advice(lake, run)
    if as_machine:
        counted = {"value_tiers": tiers, "stages": stages, "advised_mode": advice.mode}
        output.as_json(asdict(run) | {"unchanged": again} | counted)
        return
    if again:
        output.say(_("Run {run} already has these scores: nothing has changed since.", run=run.run))
    said = _(
        "Run {run}: 1 customer as of {day}." if run.customers == 1 else "Run {run}: {customers} customers as of {day}.",
        run=run.run,
        customers=f"{run.customers:,}",
        day=run.as_of,
    )
    output.say(said)
    output.say(_settings_line(run))
    _say_advice(advice)
    for column, counts in (("value_tier", tiers), ("stage", stages)):
        rows = [(label(column, code), n, f"{n / run.customers:.1%}") for code, n in counts.items()]
        if rest := run.customers - sum(counts.values()):
            rows.append((_("No purchase"), rest, f"{rest / run.customers:.1%}"))
        output.table([_("Value tier") if column == "value_tier" else _("Stage"), _("Customers"), _("Share")], rows)


@click.command(help=_("Who would change value tier under other weights or thresholds? Changes nothing."))
@run_option
@lake_option
@settings_options
@json_option
def preview(number: int | None, lake_url: str, as_machine: bool, **changes: Any) -> None:
    with Lake(lake_url) as lake:
        run = chosen_run(lake, number)
        moves = lake.materialised(tier_moves(lake, run, _settings(run, changes)), "tier_moves")
        moved = moves.filter(moves.from_tier != moves.to_tier)
        counts = moved.group_by("from_tier", "to_tier").agg(customers=moved.count(), monetary=moved.monetary.sum())
        summary = lake.engine.to_pyarrow(counts.order_by(ibis.desc("customers"), "from_tier", "to_tier")).to_pylist()
        first = moved.order_by(ibis.desc("monetary"), "customer_id").limit(SHOWN_MOVES)
        people = lake.engine.to_pyarrow(first).to_pylist()
    if as_machine:
        output.as_json({"run": run.run, "customers": run.customers, "moves": summary, "largest": people})
        return
    total = sum(row["customers"] for row in summary)
    output.say(
        _(
            "Customers who would change tier: {moved} of {customers}.",
            moved=f"{total:,}",
            customers=f"{run.customers:,}",
        )
    )
    if not summary:
        return
    rows = [(_tier(r["from_tier"]), _tier(r["to_tier"]), r["customers"], f"{r['monetary']:,.2f}") for r in summary]
    output.table([_("From"), _("To"), _("Customers"), _("Spent in the window")], rows)
    movers = [
        (
            r["customer_id"],
            _tier(r["from_tier"]),
            _tier(r["to_tier"]),
            r["old_score"],
            r["new_score"],
            f"{r['monetary']:,.2f}",
        )
        for r in people
    ]
    headings = [_("Customer"), _("From"), _("To"), _("Score now"), _("Score then"), _("Spent in the window")]
    output.table(headings, movers, title=_("Those who spent most"))
    output.say(_("To make it so, run zhike refresh with the same options."))


def _advice(lake: Lake, run: Run) -> RfmAdvice:
    scores = scores_of(lake, run)
    return recommend_rfm(scores.filter(~scores.never_purchased), Settings.from_run(run).rfm)


def _say_advice(advice: RfmAdvice) -> None:
    if advice.changes:
        output.say(_("{advice} To compare: zhike preview --mode {mode}.", advice=advice.reason(), mode=advice.mode))


def _settings_line(run: Run) -> str:
    rfm = run.settings["rfm"]
    return _(
        "Settings: window {days} days, RFM {mode}, weights {weights}, thresholds {thresholds}. They stay for the next "
        "refresh; --reset returns to the defaults.",
        days=run.settings["window_days"],
        mode=rfm["mode"],
        weights=", ".join(f"{w:g}" for w in rfm["weights"]),
        thresholds=", ".join(f"{t:g}" for t in rfm["thresholds"]),
    )


def _tier(code: str) -> str:
    return label("value_tier", code)


def _count(lake: Lake, run: Run, column: str) -> dict[str, int]:
    scores = scores_of(lake, run)
    counts = scores.filter(scores[column].notnull()).group_by(column).agg(customers=ibis._.count())
    found = lake.engine.to_pyarrow(counts.order_by(ibis.desc("customers"))).to_pylist()
    return {row[column]: row["customers"] for row in found}


def _settings(run: Run | None, given: dict[str, Any]) -> Settings:
    """The settings of the last refresh, then the file's, then the options', each over the one before."""
    settings = Settings.from_run(run) if run and not given["reset"] else Settings()
    if given["settings_file"]:
        settings = Settings.from_file(Path(given["settings_file"]))
    rfm = {
        "weights": numbers(given["weights"], "--weights"),
        "thresholds": numbers(given["thresholds"], "--thresholds"),
        "mode": given["mode"],
    }
    if rfm["mode"] and rfm["mode"] != "fixed":
        settings = settings.with_changes({"rfm": {"cuts": None, "mode": rfm["mode"]}})
    value = {"margin": given["margin"], "lifespan_years": given["lifespan_years"]}
    top = {"window_days": given["window_days"]}
    nested = {"rfm": _given(rfm), "value": _given(value)} | _given(top)
    return settings.with_changes(nested)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
