"""The pages of the insights: every figure leads to as many customers as it says, and none waits for the lake."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from zhike_crm.customers.models import Customer, Score
from zhike_crm.insights.models import RunSummary
from zhike_crm.jobs.models import Job, State
from zhike_crm.workspaces.models import Workspace

PAGES = ["", "rfm/", "lifecycle/", "value/", "retention/"]

Signed = Callable[..., Client]


def options(html: str, key: str) -> dict[str, Any]:
    found = re.search(rf'<script id="{key}" type="application/json">(.*?)</script>', html)
    assert found, key
    return json.loads(found[1])


@pytest.mark.parametrize("path", [*PAGES, "refresh/schedule"])
@pytest.mark.parametrize("role", ["owner", "viewer"])
def test_empty_workspace(workspace: Workspace, client_as: Signed, path: str, role: str) -> None:
    assert client_as(role).get(f"/w/shop/{path}").status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_pages_do_not_wait_for_the_lake(
    summary: RunSummary, client_as: Signed, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_as("viewer")
    client.get(f"/w/shop/{path}")
    monkeypatch.setattr("zhike_crm.insights.moves.lake_of", lambda _w: pytest.fail("the page read the lake"))
    assert client.get(f"/w/shop/{path}").status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_few_queries(
    summary: RunSummary,
    client_as: Signed,
    path: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = client_as("owner")
    client.get(f"/w/shop/{path}")
    with django_assert_max_num_queries(16):
        client.get(f"/w/shop/{path}")


def marks(chart: dict[str, Any]) -> list[dict[str, Any]]:
    return [mark for one in chart["series"] for mark in one["data"] if isinstance(mark, dict) and mark.get("address")]


@pytest.mark.parametrize(
    ("path", "key"),
    [("", "chart-value_tier"), ("", "chart-stage"), ("rfm/", "chart-grade"), ("value/", "chart-lifetime")],
)
def test_a_mark_leads_to_as_many_customers(summary: RunSummary, client_as: Signed, path: str, key: str) -> None:
    client = client_as("owner")
    found = marks(options(client.get(f"/w/shop/{path}").content.decode(), key))
    assert found
    for mark in found:
        assert _count(client, mark["address"]) == mark["value"]


def test_cohorts_lead_to_their_customers(summary: RunSummary, client_as: Signed) -> None:
    client = client_as("owner")
    heat = client.get("/w/shop/retention/").context["heat"]
    assert len(heat["rows"]) > 3
    for row in heat["rows"]:
        assert _count(client, row.address) == row.customers


def test_pareto_points_lead_to_the_best(summary: RunSummary, client_as: Signed) -> None:
    client = client_as("owner")
    points = marks(options(client.get("/w/shop/value/").content.decode(), "chart-pareto"))
    last = points[-1]
    assert last["value"] == [100, 100]
    assert _count(client, last["address"]) == summary.figures["headline"]["customers"]


def test_movers_are_exactly_those_counted(summary: RunSummary, client_as: Signed) -> None:
    client = client_as("owner")
    chart = options(client.get("/w/shop/lifecycle/").content.decode(), "chart-moves")
    for link in chart["series"][0]["links"]:
        page = client.get(link["address"])
        assert page.context["count"] == len(page.context["rows"]) == link["value"]


def test_movers_keep_to_what_a_member_sees(summary: RunSummary, client_as: Signed) -> None:
    chart = options(client_as("owner").get("/w/shop/lifecycle/").content.decode(), "chart-moves")
    link = chart["series"][0]["links"][0]
    page = client_as("sales", sees="own").get(link["address"])
    assert page.status_code == 200
    assert page.context["rows"] == []


@pytest.mark.parametrize("query", ["", "column=password&before=1&after=2", "column=stage&before=x&after=9"])
def test_movers_of_nothing(summary: RunSummary, client_as: Signed, query: str) -> None:
    assert client_as("owner").get(f"/w/shop/movers/?{query}").url == "/w/shop/lifecycle/"


@pytest.mark.parametrize("path", PAGES)
def test_an_earlier_day_links_to_no_list(past: RunSummary, summary: RunSummary, client_as: Signed, path: str) -> None:
    page = client_as("owner").get(f"/w/shop/{path}?run={past.run}")
    assert page.context["summary"] == past
    html = page.content.decode()
    assert "where=" not in html
    assert "You are looking back" in html


@pytest.mark.parametrize("run", ["999", "x", "-1", "9" * 40, "٣"])
def test_an_unknown_day_shows_the_newest(summary: RunSummary, client_as: Signed, run: str) -> None:
    assert client_as("owner").get("/w/shop/lifecycle/", {"run": run, "from": run}).context["summary"] == summary


def test_hostile_names_are_harmless(workspace: Workspace, summary: RunSummary, client_as: Signed) -> None:
    first = Score.objects.of(workspace).get(rank=1)
    Customer.objects.of(workspace).filter(pk=first.customer_id).update(name="<script>alert(1)</script>")
    html = client_as("owner").get("/w/shop/value/").content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


def test_who_sees_a_part_is_told(summary: RunSummary, client_as: Signed) -> None:
    html = client_as("sales", sees="own").get("/w/shop/rfm/").content.decode()
    assert "those you may see" in html


def test_progress_loads_the_page_anew_at_the_end(workspace: Workspace, client_as: Signed) -> None:
    client = client_as("viewer")
    job = Job.objects.create(workspace=workspace, kind="refresh", state=State.RUNNING, step="models")
    running = client.get("/w/shop/refresh/state")
    assert "2 of 4" in running.content.decode()
    assert "HX-Refresh" not in running
    Job.objects.of(workspace).filter(pk=job.pk).update(state=State.DONE)
    assert client.get("/w/shop/refresh/state")["HX-Refresh"] == "true"
    Job.objects.of(workspace).filter(pk=job.pk).update(state=State.FAILED, error="<b>no disk</b>")
    failed = client.get("/w/shop/refresh/state").content.decode()
    assert "&lt;b&gt;no disk" in failed
    assert "hx-trigger" not in failed


def _count(client: Client, address: str) -> int:
    """How many customers the list at an address has."""
    total = re.search(r'class="[^"]*list-total[^"]*"[^>]*>\s*([\d,]+)', client.get(address).content.decode())
    assert total, address
    return int(total[1].replace(",", ""))
