"""Beside each figure about who is gone stands what is counted, and why another page counts another number."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from zhike_crm.customers.models import Score
from zhike_crm.insights.models import RunSummary

Signed = Callable[..., Client]
pytestmark = pytest.mark.one_database


def text(client: Client, page: str) -> str:
    answer = client.get(f"/w/shop/{page}")
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_both_pages_say_why_their_numbers_differ(summary: RunSummary, client_as: Signed) -> None:
    client, scores = client_as("viewer"), Score.objects.of(summary.workspace)
    gone, stage = scores.filter(churn_risk="gone").count(), scores.filter(stage="churn").count()
    assert gone != stage
    days = summary.proofs["churn"]["details"]["days"]
    lifecycle, churn = text(client, "lifecycle/"), text(client, "churn/")
    assert "no purchase for 3 times that pause" in lifecycle
    assert f"The page Churn counts {gone} as gone" in lifecycle
    assert f"no purchase for {days} days or more, the same for everybody" in lifecycle
    assert f"The stages count {stage} as gone" in churn
    assert '/w/shop/lifecycle/#settings"' in churn
    for page in (lifecycle, churn):
        assert 'id="settings"' in page


def test_a_figure_stands_beside_its_definition(summary: RunSummary, client_as: Signed) -> None:
    client = client_as("viewer")
    days = summary.proofs["churn"]["details"]["days"]
    assert f"gone is only who has none for {days} days" in text(client, "retention/")
    assert f"no purchase in the {days} days after the day that was asked about" in text(client, "health/")
    home, rfm = text(client, ""), text(client, "rfm/")
    assert "customers slowing down or gone" in home
    assert "At risk: a value tier, an RFM score below 0.5" in home
    assert "At risk: a value tier, an RFM score below 0.5" in rfm
    assert "Active: a purchase in the last 90 days; silent: in the last 180; lost: longer ago." in rfm


def test_pages_from_before_churn_was_computed(summary: RunSummary, client_as: Signed) -> None:
    summary.proofs, summary.figures["churn"] = {}, {}
    summary.save(update_fields=["proofs", "figures"])
    client = client_as("viewer")
    for page in ("", "lifecycle/", "rfm/", "retention/", "health/", "churn/"):
        assert "The page Churn counts" not in text(client, page)
