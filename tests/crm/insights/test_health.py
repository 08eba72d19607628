"""Model health: what a test found is told as it is, whether it holds or not, and marked where the score is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest

from zhike.adviser import Inventory, advise
from zhike_crm.insights.models import RunSummary

# What is said of figures that were kept whole.
pytestmark = pytest.mark.one_database

Signed = Callable[[str], Any]
PROOF = {
    "subject": "clv",
    "model": "MBGNBD",
    "measure": "rmse",
    "error": 1.2,
    "baseline": 1.6,
    "cut": "2011-08-07",
    "end": "2011-12-09",
    "customers": 3190,
    "expected": 4435.2,
    "actual": 4437.0,
    "groups": [{"customers": 319, "expected": 4.8, "actual": 5.1}, {"customers": 2871, "expected": 0.9, "actual": 1.0}],
    "reasons": {"en": "MBGNBD was chosen.", "zh": "选用 MBGNBD。"},
    "details": {},
}


def proven(summary: RunSummary, **changes: Any) -> None:
    summary.proofs = {"clv": PROOF | changes}
    summary.save()


def shown(client: Any, **query: str) -> str:
    answer = client.get("/w/shop/health/", query)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize(("error", "verdict"), [(1.2, "holds"), (1.6, "not proven"), (1.9, "not proven")])
def test_the_verdict_follows_from_the_errors(
    summary: RunSummary, client_as: Signed, error: float, verdict: str
) -> None:
    proven(summary, error=error)
    page = shown(client_as("analyst"))
    assert f">{verdict}</span>" in page
    assert "MBGNBD was chosen." in page
    assert "25% smaller" in page.replace(" %", "%") if error == 1.2 else "smaller" not in page


def test_without_a_model_the_reason_is_told(summary: RunSummary, client_as: Signed) -> None:
    proven(summary, model="", error=None, baseline=None, groups=[], reasons={"en": "Too few came back.", "zh": "…"})
    page = shown(client_as("viewer"))
    assert "no model fits yet" in page
    assert "Too few came back." in page
    assert "chart-clv-groups" not in page


def test_the_error_is_shown_over_time_once_there_are_two(summary: RunSummary, client_as: Signed) -> None:
    proven(summary)
    assert "a trend needs two" in shown(client_as("owner"))
    RunSummary.objects.create(
        workspace=summary.workspace,
        run=summary.run + 100,
        as_of=summary.as_of.replace(year=summary.as_of.year - 1),
        customers=10,
        figures=summary.figures,
        proofs={"clv": PROOF | {"error": 1.4}},
    )
    assert "chart-clv-drift" in shown(client_as("owner"))


def test_a_workspace_without_a_refresh(workspace: Any, client_as: Signed) -> None:
    assert "Nothing is computed yet" in shown(client_as("owner"))


def test_a_workspace_without_a_test(summary: RunSummary, client_as: Signed) -> None:
    summary.proofs = {}
    summary.save()
    assert "No model has been tested yet" in shown(client_as("owner"))


def test_money_and_the_way_over_time_are_drawn_where_they_were_told(summary: RunSummary, client_as: Signed) -> None:
    proven(summary)
    assert "chart-clv-money" not in shown(client_as("analyst"))
    money = {"error": 72.0, "baseline": 87.0, "expected": 60449.3, "actual": 70976.4, "groups": PROOF["groups"]}
    tracked = {"until": ["2011-08-06", "2011-08-13"], "actual": [10, 12], "expected": [9.5, 11.8]}
    proven(summary, details={"money": money, "tracking": tracked})
    page = shown(client_as("analyst"))
    assert "chart-clv-money" in page
    assert "chart-clv-tracking" in page
    # The line stands where the model had seen its last day.
    assert '"data": [{"xAxis": "2011-08-13"}]' in page
    assert "60,449 expected in money, 70,976 came" in page


def test_the_adviser_tells_what_fits_and_what_would_unlock_more(summary: RunSummary, client_as: Signed) -> None:
    summary.figures.pop("models")
    summary.save()
    assert "Which models fit your data" not in shown(client_as("analyst"))
    stock = Inventory(buyers=500, returning=200, regular=90, purchases=1500, days=200)
    summary.figures["models"] = [asdict(advice) for advice in advise(stock)]
    summary.save()
    page = shown(client_as("analyst"))
    assert "Know what they are worth" in page
    assert "Orders of 694 days in all" in page
    assert 'href="/w/shop/segments/">Groups found in the data</a>' in page


@pytest.mark.parametrize(
    ("index", "verdict"), [(0.04, "steady"), (0.1001, "moved"), (0.3, "other customers than before")]
)
def test_moved_scores_are_told(summary: RunSummary, client_as: Signed, index: float, verdict: str) -> None:
    moves = {"since": "2011-09-30", "same_settings": False, "stages": [], "drift": {"rfm_score": index}}
    summary.figures["moves"] = moves
    summary.save()
    page = shown(client_as("analyst"))
    assert f">{verdict}</span>" in page
    assert "The settings have changed since." in page
