"""A run of the lake into the figures that the pages show, once after each refresh."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db import transaction

from zhike.lake.lake import Lake
from zhike.lake.runs import Run
from zhike.report.data import read_figures
from zhike.report.figures import ReportFigures
from zhike_crm.insights.churn_figures import churn_figures
from zhike_crm.insights.feedback import read_satisfaction
from zhike_crm.insights.models import RunSummary
from zhike_crm.workspaces.models import Workspace

_LEFT_OUT = ("run", "imports", "advice", "moves", "companies")


def summarise(workspace: Workspace, lake: Lake, run: Run) -> RunSummary:
    """Keep the figures of a run."""
    figures = _plain(read_figures(lake, run))
    figures |= {"satisfaction": read_satisfaction(lake, run), "churn": churn_figures(lake, run)}
    values = {
        "as_of": run.as_of,
        "customers": run.customers,
        "settings": run.settings,
        "figures": figures,
        "proofs": run.proofs,
    }
    return RunSummary.objects.update_or_create(workspace=workspace, run=run.run, defaults=values)[0]


@transaction.atomic
def make_current(summary: RunSummary) -> None:
    """From now on the pages show this run."""
    RunSummary.objects.of(summary.workspace_id).filter(current=True).update(current=False)
    RunSummary.objects.of(summary.workspace_id).filter(pk=summary.pk).update(current=True)


def current(workspace: Workspace) -> RunSummary | None:
    return RunSummary.objects.of(workspace).filter(current=True).first()


def _plain(figures: ReportFigures) -> dict[str, Any]:
    """As JSON has it: a pair of stages as "from>to"."""
    plain = {name: value for name, value in asdict(figures).items() if name not in _LEFT_OUT}
    moves, advice = figures.moves, figures.advice
    plain["moves"] = moves and {
        "since": moves.since,
        "same_settings": moves.same_settings,
        "drift": dict(moves.drift),
        "stages": [[before, after, count] for (before, after), count in moves.customers.items()],
    }
    plain["advice"] = advice and {
        "changes": advice.changes,
        "reasons": {language: advice.reason(language) for language in ("en", "zh")},
        "settings": asdict(advice.settings),
        "tiers_now": dict(advice.tiers_now),
        "tiers_then": dict(advice.tiers_then),
    }
    plain["models"] = [asdict(model) for model in figures.models]
    return plain
