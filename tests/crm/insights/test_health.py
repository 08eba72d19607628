"""Model health: what a test found is told as it is, whether it holds or not, and marked where the score is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from zhike_crm.insights.models import RunSummary

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


def tested(summary: RunSummary, **changes: Any) -> None:
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
    tested(summary, error=error)
    page = shown(client_as("analyst"))
    assert f">{verdict}</span>" in page
    assert "MBGNBD was chosen." in page
    assert "25% smaller" in page.replace(" %", "%") if error == 1.2 else "smaller" not in page


def test_without_a_model_the_reason_is_told(summary: RunSummary, client_as: Signed) -> None:
    tested(summary, model="", error=None, baseline=None, groups=[], reasons={"en": "Too few came back.", "zh": "…"})
    page = shown(client_as("viewer"))
    assert "no model fits yet" in page
    assert "Too few came back." in page
    assert "chart-clv-groups" not in page


def test_the_error_is_shown_over_time_once_there_are_two(summary: RunSummary, client_as: Signed) -> None:
    tested(summary)
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


def test_a_workspace_without_a_refresh_and_one_without_a_test(
    workspace: Any, client_as: Signed, request: pytest.FixtureRequest
) -> None:
    assert "Nothing is computed yet" in shown(client_as("owner"))
    summary = request.getfixturevalue("summary")
    summary.proofs = {}
    summary.save()
    assert "No model has been tested yet" in shown(client_as("owner"))
