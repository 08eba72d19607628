"""What changed between two refreshes, and why: the causes add up, and each does what it says."""

from __future__ import annotations

import datetime as dt

import pytest

from zhike.settings import Settings
from zhike_crm.insights.actions import publish, refresh_now
from zhike_crm.insights.home import why
from zhike_crm.insights.models import RunMoves, RunSummary
from zhike_crm.insights.moves import between
from zhike_crm.workspaces.models import Workspace

# The lake counts; the database keeps what it said.
pytestmark = pytest.mark.one_database


def moves_of(workspace: Workspace) -> RunMoves:
    return RunMoves.objects.of(workspace).select_related("before", "after").latest("pk")


@pytest.mark.parametrize("column", ["stage", "value_tier"])
def test_causes_add_up(workspace: Workspace, summary: RunSummary, column: str) -> None:
    told = moves_of(workspace).causes[column]
    assert told["codes"]
    for before, time, data, settings, after in told["codes"].values():
        assert before + time + data + settings == after


def test_sizes_after_are_those_of_the_run(workspace: Workspace, summary: RunSummary) -> None:
    told = moves_of(workspace).causes["stage"]["codes"]
    sizes = {row["code"]: row["customers"] for row in summary.figures["stages"]}
    assert {code: row[4] for code, row in told.items() if row[4]} == sizes


def test_time_alone_makes_customers_leave(workspace: Workspace, summary: RunSummary) -> None:
    """Without an order nobody gets better; new orders bring back, or bring in, what time took."""
    told = moves_of(workspace).causes["stage"]
    churn = told["codes"]["churn"]
    assert churn[1] > 0 > churn[2]
    assert told["moved"]["settings"] == 0


def test_settings_have_a_column_of_their_own(workspace: Workspace, summary: RunSummary, member) -> None:
    stricter = Settings().with_changes({"lifecycle": {"slow_after": 0.2, "churn_after": 0.4}})
    publish(stricter, "", by=member("owner"))
    refresh_now(workspace, summary.as_of)
    told = why(moves_of(workspace), "stage")
    assert not told["same_settings"]
    assert told["moved"]["settings"] > 0
    assert sum(row.settings for row in told["rows"]) == 0  # they move customers, they make none


def test_moves_are_counted_once(
    workspace: Workspace, past: RunSummary, summary: RunSummary, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = between(workspace, past, summary)
    monkeypatch.setattr("zhike_crm.insights.moves.lake_of", lambda _w: pytest.fail("read the lake again"))
    assert between(workspace, past, summary) == first
    assert sum(n for origin, _goal, n in first.stage if origin) == past.customers
    assert sum(n for _origin, goal, n in first.stage if goal) == summary.customers


def test_same_day_again_changes_nothing(workspace: Workspace, summary: RunSummary) -> None:
    before = moves_of(workspace).causes
    assert refresh_now(workspace, dt.date(2025, 6, 30)).run == summary.run
    assert moves_of(workspace).causes == before
