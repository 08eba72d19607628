"""The satisfaction page: what it counts is what was answered, every figure leads to its answers, and nobody sees more
than they may."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.crm.insights.conftest import NOW, rows
from tests.crm.insights.test_pages import options
from tests.crm.kept import Company, kept_company
from zhike import nps
from zhike.importing.importer import Choices, import_file
from zhike.lake.lake import Lake
from zhike.pipeline import refresh
from zhike_crm.customers.models import Customer
from zhike_crm.insights.actions import refresh_now
from zhike_crm.insights.models import RunSummary
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace

Signed = Callable[..., Client]
HOSTILE = "<script>alert(1)</script> terrible, arrived late"


def feedback() -> list[dict[str, Any]]:
    """Of forty customers, each asked every other month: the regular ones are content, the others wait for parcels."""
    found: list[dict[str, Any]] = []
    for customer in range(40):
        for month in (1, 3, 5):
            content = customer % 3 == 0
            text = "Friendly staff, thank you" if content else "Delivery took three weeks, far too slow"
            found.append(
                {
                    "feedback_id": f"f{customer}-{month}",
                    "customer_id": f"c{customer:02}",
                    "given_at": f"2025-{month:02}-{1 + customer % 27:02}",
                    "nps": (10 if content else 3) if customer % 10 else 8,
                    "text": HOSTILE if customer == 1 and month == 5 else text,
                    "channel": "app" if customer % 2 else "shop",
                    "quality": 5 if content else 4,
                    "speed": 4 if content else 1 + customer % 2,
                    "price": 2 + customer % 3,
                    "$[0": 2 + customer % 3,
                    "a.b' \" ->> x": 1 + customer % 5,
                }
            )
    found[-1]["given_at"] = ""  # nobody knows when
    return found


def write(folder: Path, name: str, table: list[dict[str, Any]]) -> Path:
    file = folder / f"{name}.csv"
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    return file


@pytest.fixture(scope="module")
def asked_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("satisfaction")
    orders = folder / "orders.csv"
    orders.write_text("\n".join(["order_id,customer_id,ordered_at,amount", *rows()]))
    with Lake(folder / "lake") as lake:
        import_file(lake, orders, Choices(table="orders"))
        import_file(lake, write(folder, "feedback", feedback()), Choices(table="feedback"))
        refresh(lake, NOW)
    return folder / "lake"


@pytest.fixture(scope="module")
def kept_answers(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory, asked_lake: Path
) -> Iterator[Company]:
    def fill(workspace: Workspace) -> None:
        shutil.copytree(asked_lake, workspace.lake_folder)
        refresh_now(workspace, NOW)

    with kept_company(django_db_blocker, tmp_path_factory.mktemp("answers") / "files", fill) as made:
        yield made


@pytest.fixture
def answered(kept_answers: Company, workspace: Workspace) -> RunSummary:
    return RunSummary.objects.of(workspace).select_related("workspace").get()


def page(client: Client, **query: Any) -> str:
    answer = client.get("/w/shop/satisfaction/", query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_it_counts_what_was_answered(answered: RunSummary, client_as: Signed) -> None:
    told = answered.figures["satisfaction"]
    whole = nps(pa.Table.from_pylist(feedback()))
    found = told["metrics"]["nps"]
    assert (found["n"], found["value"], found["low"], found["high"]) == (120, whole.value, whole.low, whole.high)
    assert found["counts"] == whole.counts
    assert told["undated"] == 1
    assert sum(month["n"] for month in found["months"]) == 119
    assert {row["code"] for row in found["by"]["channel"]} == {"app", "shop"}
    assert sum(row["n"] for row in found["by"]["stage"]) == 120
    assert told["metrics"]["csat"] is None
    html = page(client_as("viewer"))
    assert whole.sentence("en") in html
    assert "1 answer has no date" in html


def test_the_short_board_is_what_costs(answered: RunSummary, client_as: Signed) -> None:
    rows_of = answered.figures["satisfaction"]["metrics"]["nps"]["drivers"]["rows"]
    worst = rows_of[0]
    assert worst["topic"] in ("delivery", "waiting")
    assert worst["cost"] < 0
    html = page(client_as("owner"))
    assert "The short board is" in html
    # What was said has the whole width, and not that of the column of topics.
    assert re.search(r'<tr class="below"><td colspan="3"><div[^>]*>“', html)
    assert "Delivery took three weeks" in html


def test_aspects_make_an_index(answered: RunSummary, client_as: Signed) -> None:
    found = answered.figures["satisfaction"]["csi"]
    assert next(part["aspect"] for part in found["parts"]) == "speed"
    speed = [(row["speed"] - 1) / 4 * 100 for row in feedback()]
    assert found["parts"][0]["value"] == pytest.approx(sum(speed) / len(speed))
    assert found["n"] == 120
    # A heading may look like anything; one that looks like a path is left out.
    assert {part["aspect"] for part in found["parts"]} == {"speed", "price", "a.b' \" ->> x"}
    assert "the aspects that were rated" in page(client_as("viewer"))


def links(html: str) -> list[tuple[str, int]]:
    """Address and count of every figure that leads to answers."""
    found = re.findall(r'<a href="(/w/shop/satisfaction/answers\?[^"]*)">([\d,]+)</a>', html)
    return [(address.replace("&amp;", "&"), int(count.replace(",", ""))) for address, count in found]


def test_a_figure_leads_to_as_many_answers(answered: RunSummary, client_as: Signed) -> None:
    client = client_as("owner")
    html = page(client)
    found = links(html)
    # Kinds, months, channels, tiers, grades, stages.
    assert len(found) >= 3 + 3 + 2 + 3
    for address, count in found:
        answer = client.get(address)
        assert (answer.context["count"], len(answer.context["rows"])) == (count, min(count, 100)), address
    marks = [mark for one in options(html, "chart-trend")["series"] for mark in one["data"] if isinstance(mark, dict)]
    assert marks
    assert all("answers?" in mark["address"] for mark in marks)


def test_a_topic_leads_to_the_texts_about_it(answered: RunSummary, client_as: Signed) -> None:
    client = client_as("owner")
    for one in answered.figures["satisfaction"]["metrics"]["nps"]["drivers"]["rows"]:
        query = {"metric": "nps", "topic": one["topic"], "tone": one["tone"]}
        assert client.get("/w/shop/satisfaction/answers", query).context["count"] == one["texts"]


def test_the_page_does_not_wait_for_the_lake(
    answered: RunSummary,
    client_as: Signed,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = client_as("viewer")
    page(client)
    monkeypatch.setattr("zhike_crm.insights.views.satisfaction.lake_of", lambda _w: pytest.fail("read the lake"))
    with django_assert_max_num_queries(16):
        page(client)


def test_answers_take_few_queries(
    answered: RunSummary, client_as: Signed, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_as("viewer")
    with django_assert_max_num_queries(14):
        assert len(client.get("/w/shop/satisfaction/answers", {"metric": "nps"}).context["rows"]) == 100


def test_who_sees_a_part_reads_no_texts_of_others(answered: RunSummary, member: Any, client_as: Signed) -> None:
    client = client_as("sales", sees="own")
    html = page(client)
    assert "those you may see" in html
    assert "Delivery took three weeks" not in html
    nobody = client.get("/w/shop/satisfaction/answers", {"metric": "nps"})
    assert nobody.context["rows"] == []
    assert "Delivery took" not in nobody.content.decode()
    own = Customer.objects.of(answered.workspace).get(identities__identity="c01")
    Customer.objects.of(answered.workspace).filter(pk=own.pk).update(owner=member("sales"))
    assert {row["customer"].pk for row in _answers(client)} == {own.pk}


def _answers(client: Client, **query: str) -> list[dict[str, Any]]:
    return list(client.get("/w/shop/satisfaction/answers", {"metric": "nps", **query}).context["rows"])


def test_hostile_texts_are_harmless(answered: RunSummary, client_as: Signed) -> None:
    client = client_as("owner")
    for html in (page(client), client.get("/w/shop/satisfaction/answers", {"metric": "nps"}).content.decode()):
        assert "<script>alert" not in html
    assert any(row["text"] == HOSTILE for row in _answers(client, month="2025-05"))


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"metric": "password"},
        {"metric": "nps", "kind": "satisfied"},
        {"metric": "nps", "split": "customer_id"},
        {"metric": "csat", "kind": "'; DROP TABLE feedback"},
    ],
)
def test_answers_of_nothing(answered: RunSummary, client_as: Signed, query: dict[str, str]) -> None:
    assert client_as("owner").get("/w/shop/satisfaction/answers", query).url == "/w/shop/satisfaction/"


@pytest.mark.parametrize(
    "query", [{"code": "' OR 1=1 --", "split": "channel"}, {"month": "2025-13"}, {"topic": "x", "tone": "y"}]
)
def test_answers_nobody_gave(answered: RunSummary, client_as: Signed, query: dict[str, str]) -> None:
    assert _answers(client_as("owner"), **query) == []


def test_nobody_was_asked(summary: RunSummary, client_as: Signed) -> None:
    assert summary.figures["satisfaction"]["answers"] == 0
    html = page(client_as("owner"))
    assert "Nobody has been asked yet" in html
    assert "/w/shop/imports" in html
    assert "Import a file" not in page(client_as("viewer")).split("<main")[1]


def test_texts_without_a_rating(summary: RunSummary, client_as: Signed) -> None:
    why = {"en": "By the word list.", "zh": "按词表。"}
    counts = {"read": 10, "praise": 6, "complaint": 3, "unclear": 1, "most": False}
    summary.figures["satisfaction"] |= {"answers": 10, "all": 10, "texts": counts | {"why": why}}
    summary.save()
    html = page(client_as("owner"))
    assert "Nobody has rated anything here" in html
    assert "By the word list." in html
    assert "60%" in html


def test_reviews_that_are_only_good_or_bad(workspace: Workspace, client_as: Signed, tmp_path: Path) -> None:
    reviews = [
        {
            "customer_id": f"c{row['customer_id']}",
            "given_at": row["given_at"],
            "label": int(row["nps"] > 8),
            "review": row["text"],
        }
        for row in feedback()
    ]
    with lake_of(workspace) as lake:
        orders = tmp_path / "orders.csv"
        orders.write_text("\n".join(["order_id,customer_id,ordered_at,amount", *rows()]))
        import_file(lake, orders, Choices(table="orders"))
        import_file(lake, write(tmp_path, "reviews", reviews))
    made = refresh_now(workspace, NOW)
    found = made.figures["satisfaction"]["metrics"]["positive"]
    assert found["counts"] == {
        "good": sum(row["label"] for row in reviews),
        "bad": sum(not row["label"] for row in reviews),
    }
    client = client_as("owner")
    html = page(client)
    assert "Good-review rate" in html
    assert "points of good-review rate" in html
    assert len(links(html)) > 4
    for address, count in links(html):
        assert client.get(address).context["count"] == count, address


def test_figures_of_before_there_was_the_page(summary: RunSummary, client_as: Signed) -> None:
    del summary.figures["satisfaction"]
    summary.save()
    assert "Not counted for these figures" in page(client_as("owner"))


def test_empty_workspace(workspace: Workspace, client_as: Signed) -> None:
    client = client_as("owner")
    assert "Nothing is computed yet" in page(client)
    assert client.get("/w/shop/satisfaction/answers", {"metric": "nps"}).url == "/w/shop/satisfaction/"


def test_figures_are_plain_json(answered: RunSummary) -> None:
    assert json.loads(json.dumps(answered.figures["satisfaction"])) == answered.figures["satisfaction"]


def test_the_portrait_says_what_was_answered_last(answered: RunSummary, client_as: Signed) -> None:
    unhappy = Customer.objects.of(answered.workspace).get(identities__identity="c02")
    html = client_as("owner").get(f"/w/shop/customers/{unhappy.pk}/").content.decode()
    assert "3 of 10" in html
    assert "Asked on 2025-05-03: 3 of 10, a detractor." in html
    assert "It complains about" in html
    assert "Before that 3 of 10, on 2025-03-03." in html


def test_the_portrait_of_who_was_never_asked(summary: RunSummary, client_as: Signed) -> None:
    someone = Customer.objects.of(summary.workspace).get(identities__identity="c02")
    html = client_as("owner").get(f"/w/shop/customers/{someone.pk}/").content.decode()
    assert "detractor" not in html
    assert '<span class="tile-label">Satisfaction' not in html
