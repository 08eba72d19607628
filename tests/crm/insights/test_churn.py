"""The churn page: figures that lead to as many customers as they say, a preview that changes nothing, honest marks."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.churn import rhythms as shop
from tests.crm.kept import Company, kept_company
from zhike.importing.importer import Choices, import_file
from zhike.lake.lake import Lake
from zhike.pipeline import refresh
from zhike.settings import Settings
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.models import Customer, Identity, Score, ScoredRun
from zhike_crm.insights import health
from zhike_crm.insights.actions import publish, published, refresh_now
from zhike_crm.insights.churn_forms import ChurnForm
from zhike_crm.insights.history import differences
from zhike_crm.insights.models import PublishedSettings, RunSummary
from zhike_crm.insights.runs import shown
from zhike_crm.jobs.models import Job
from zhike_crm.ui.fragments import FRAGMENTS
from zhike_crm.ui.lists.listing import Question
from zhike_crm.workspaces.models import Workspace

Signed = Callable[..., Client]
SETTINGS = {"churn": {"days": 60}}


@pytest.fixture(scope="session")
def shop_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop of four hundred customers, scored."""
    folder = tmp_path_factory.mktemp("churn")
    with Lake(folder / "lake") as lake:
        for name, table in shop.tables().items():
            pq.write_table(table, folder / f"{name}.parquet")
            import_file(lake, folder / f"{name}.parquet", Choices(table=name))
        refresh(lake, shop.LAST, Settings.from_dict(SETTINGS))
    return folder / "lake"


@pytest.fixture(scope="module")
def kept_shop(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory, shop_lake: Path
) -> Iterator[Company]:
    """The shop as a workspace whose lists and pages show its scores."""

    def fill(workspace: Workspace) -> None:
        shutil.copytree(shop_lake, workspace.lake_folder)
        PublishedSettings.objects.create(workspace=workspace, values=Settings.from_dict(SETTINGS).to_dict())
        refresh_now(workspace, shop.LAST)

    with kept_company(django_db_blocker, tmp_path_factory.mktemp("shop") / "files", fill) as made:
        yield made


@pytest.fixture
def churned(kept_shop: Company, workspace: Workspace) -> RunSummary:
    return RunSummary.objects.of(workspace).select_related("workspace").get()


def page(client: Client, **query: str) -> str:
    answer = client.get("/w/shop/churn/", query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def behind(member: Membership, address: str) -> int:
    """How many customers a link leads to."""
    query = parse_qs(urlsplit(unescape(address)).query)
    asked = Question.from_query({name: values[0] for name, values in query.items()})
    return int(CustomerList(member).page(asked, shop.LAST).total)


def test_the_figures_are_those_of_the_lists(
    churned: RunSummary, member: Callable[..., Membership], client_as: Signed
) -> None:
    answer = client_as("owner").get("/w/shop/churn/")
    context, owner = answer.context, member("owner")
    assert context["proof"].details["method"] == "learnt"
    for band in context["bands"]:
        assert (
            behind(owner, band.address)
            == band.customers
            == Score.objects.of(churned.workspace).filter(churn_risk=band.code).count()
        )
    assert sum(band.customers for band in context["bands"]) == churned.customers
    assert context["answer"]["high"] == context["bands"][0].customers > 0
    fired = [one for one in context["warnings"] if one.customers]
    assert fired
    for one in fired:
        assert behind(owner, one.address) == one.customers
    marks = [mark for one in context["tiers"].options["series"] for mark in one["data"]]
    assert all(behind(owner, mark["address"]) == mark["value"] for mark in marks)


def test_save_first_is_risk_times_what_is_to_come_and_within_reach(
    churned: RunSummary, member: Callable[..., Membership], client_as: Signed
) -> None:
    rows = client_as("owner").get("/w/shop/churn/").context["save_first"]
    stakes = [row.probability * row.worth for row in rows]
    assert stakes == sorted(stakes, reverse=True)
    assert {row.risk for row in rows} <= {"high", "middle"}
    assert any(row.why for row in rows)
    assert not client_as("sales", sees="own").get("/w/shop/churn/").context["save_first"]
    Customer.objects.of(churned.workspace).filter(pk=rows[0].customer.pk).update(owner=member("sales", sees="own"))
    mine = client_as("sales", sees="own").get("/w/shop/churn/").context["save_first"]
    assert [row.customer.pk for row in mine] == [rows[0].customer.pk]


def test_save_first_follows_the_identities(
    churned: RunSummary, member: Callable[..., Membership], client_as: Signed
) -> None:
    """The same customers are seen, but the first of them stands for other figures since customers were merged."""
    first, second, *_others = client_as("owner").get("/w/shop/churn/").context["save_first"]
    rows = Customer.objects.of(churned.workspace)
    rows.filter(pk=first.customer.pk).update(owner=member("sales", sees="own"))
    mine = client_as("sales", sees="own")

    def table() -> str:
        found = re.search(r'<table class="[^"]*save-first.*?</table>', page(mine), re.DOTALL)
        assert found
        return found.group()

    before = table()
    theirs = [list(Identity.objects.of(churned.workspace).filter(customer=one.customer)) for one in (first, second)]
    for identities, owner in zip(theirs, (second.customer, first.customer), strict=True):
        for one in identities:
            one.customer = owner
            one.save()
    now = table()
    FRAGMENTS.clear()
    assert now == table() != before


def test_few_queries_and_no_lake(
    churned: RunSummary,
    client_as: Signed,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = client_as("owner")
    page(client)
    monkeypatch.setattr("zhike_crm.insights.churn_preview.lake_of", lambda _w: pytest.fail("the page read the lake"))
    with django_assert_max_num_queries(16):
        page(client)


@pytest.mark.parametrize("role", ["owner", "viewer"])
def test_an_empty_workspace_and_figures_from_before(workspace: Workspace, client_as: Signed, role: str) -> None:
    assert "Nothing is computed yet" in page(client_as(role))
    RunSummary.objects.create(workspace=workspace, run=1, as_of=shop.LAST, customers=1, current=True, figures={})
    assert "from before churn was computed" in page(client_as(role))


def values(**changes: str) -> dict[str, str]:
    form = ChurnForm(base=Settings.from_dict(SETTINGS))
    given = {name: form.initial.get(name) for name in form.fields if name != "note"}
    told = {name: "on" if value is True else str(value) for name, value in given.items() if value not in (None, False)}
    return {name: value for name, value in (told | changes).items() if value}


def test_a_preview_says_who_would_be_gone_and_warned_of_and_changes_nothing(
    churned: RunSummary, client_as: Signed
) -> None:
    client = client_as("analyst")
    same = client.post("/w/shop/churn/preview", values()).context["preview"]
    assert same.days == 60
    assert {line.change for line in same.lines} == {0}
    other = client.post("/w/shop/churn/preview", values(days="30", overdue_threshold="9", carts_on="")).context[
        "preview"
    ]
    lines = {line.name: line for line in other.lines}
    gone = Score.objects.of(churned.workspace).filter(recency_days__gte=30).count()
    assert lines["Gone already"].then == gone > lines["Gone already"].now
    assert lines["High risk"].then is None
    assert lines["Overdue"].then < lines["Overdue"].now
    assert lines["Carts left behind"].then == 0
    assert not Job.objects.of(churned.workspace).exists()
    assert published(churned.workspace).churn.days == 60


@pytest.mark.parametrize(
    "wrong",
    [{"high": "20"}, {"high": "nan"}, {"days": "0"}, {"days": "x"}, {"middle": ""}, {"activity_threshold": "0"},
     {"overdue_at_least": "-1"}, {"flag": "x" * 201}],
)  # fmt: skip
def test_what_cannot_be_is_refused(churned: RunSummary, client_as: Signed, wrong: dict[str, str]) -> None:
    answer = client_as("owner").post("/w/shop/churn/preview", values(**wrong))
    assert 'role="alert"' in answer.content.decode()
    assert client_as("owner").post("/w/shop/churn/publish", values(**wrong)).status_code == 302
    assert published(churned.workspace).churn.days == 60
    assert not Job.objects.of(churned.workspace).exists()


def test_a_column_that_does_not_exist_is_told_before_it_is_published(churned: RunSummary, client_as: Signed) -> None:
    refused = client_as("manager").post("/w/shop/churn/preview", values(flag="churned")).context
    assert "Your list of customers has no column churned." in refused["error"]


def test_a_column_that_looks_as_if_it_said_who_left_is_proposed(churned: RunSummary, client_as: Signed) -> None:
    assert churned.proofs["churn"]["details"]["flag_found"] == ""
    assert "looks as if it said who left" not in page(client_as("owner"))
    churned.proofs["churn"]["details"]["flag_found"] = "是否流失"
    churned.save()
    assert "是否流失" in page(client_as("owner"))
    assert 'value="是否流失"' not in page(client_as("owner"))
    assert 'value="是否流失"' in page(client_as("owner"), take="flag")
    # Who may not change the settings is not asked to.
    assert "是否流失" not in page(client_as("viewer"))
    publish(Settings.from_dict({"churn": {"flag": "Left"}}), "", by=published_by(churned))
    assert 'value="Left"' in page(client_as("owner"), take="flag")


def published_by(summary: RunSummary) -> Membership:
    return Membership.objects.of(summary.workspace).select_related("workspace", "user").get(role="owner")


def test_scores_that_are_gone_are_told_in_both_languages(churned: RunSummary, client_as: Signed) -> None:
    RunSummary.objects.of(churned.workspace).update(run=99)
    client = client_as("owner")
    assert "no longer in the lake" in client.post("/w/shop/churn/preview", values()).context["error"]
    client.cookies["django_language"] = "zh-hans"
    assert "no longer" not in client.post("/w/shop/churn/preview", values()).context["error"]


def test_publishing_keeps_what_was_changed_and_the_rest(churned: RunSummary, client_as: Signed) -> None:
    client = client_as("manager")
    client.post("/w/shop/churn/publish", values(days="", high="75", carts_on="", activity_threshold="40"))
    now = published(churned.workspace).churn
    assert (now.days, now.high, now.indicators.carts.on, now.indicators.activity.threshold) == (None, 0.75, False, 0.4)
    assert now.indicators.complaints.words == Settings().churn.indicators.complaints.words
    assert Job.objects.of(churned.workspace).get().kind == "refresh"
    said = " ".join(differences(Settings.from_dict(SETTINGS).to_dict(), published(churned.workspace).to_dict()))
    assert "Carts left behind: used: yes → no" in said
    assert "Buys less: fires from: 0.5 → 0.4" in said
    assert client_as("viewer").post("/w/shop/churn/publish", values(days="9")).status_code == 403


def test_the_words_that_name_events_are_the_companys_own(churned: RunSummary, client_as: Signed) -> None:
    client = client_as("manager")
    client.post("/w/shop/churn/publish", values(carts_words="Warenkorb， 购物袋;BAG,"))
    rules = published(churned.workspace).churn.indicators
    assert rules.carts.words == ("warenkorb", "购物袋", "bag")
    assert rules.complaints.words == Settings().churn.indicators.complaints.words
    assert 'value="warenkorb, 购物袋, bag"' in page(client)
    client.post("/w/shop/churn/publish", values(carts_words=" , "))
    assert published(churned.workspace).churn.indicators.carts.words == Settings().churn.indicators.carts.words


def test_a_failed_test_is_marked_wherever_its_scores_are(churned: RunSummary, client_as: Signed, owner: Any) -> None:
    client, workspace = client_as("owner"), churned.workspace
    first = Score.objects.of(workspace).filter(churn_risk="high").first()
    portrait = f"/w/shop/customers/{first.pk}/"
    listed = "/w/shop/customers/?columns=name,churn_probability,churn_risk"
    assert "not proven" not in client.get(listed).content.decode()
    assert "badge ms-auto flex-shrink-0 bg-green-lt" in page(client)
    assert "Probability of leaving" in client.get(portrait).content.decode()
    assert ScoredRun.objects.of(workspace).get().unproven == []
    ScoredRun.objects.of(workspace).update(unproven=["churn"])
    assert client.get(listed).content.decode().count("not-proven") == 2
    assert "not-proven" not in client.get("/w/shop/customers/?columns=name,clv").content.decode()
    sent = b"".join(client.get("/w/shop/customers/export?columns=name,churn_risk,clv").streaming_content).decode()
    assert sent.lstrip("\ufeff").splitlines()[0] == '"Customer","Risk of leaving (not proven)","Lifetime value"'
    churned.proofs["churn"]["sure"] = False
    churned.save()
    assert "bg-orange-lt" in page(client)


def test_the_portrait_tells_the_risk_and_what_to_do(churned: RunSummary, client_as: Signed) -> None:
    rows = Score.objects.of(churned.workspace).filter(churn_risk="high").order_by("-churn_probability")
    client = client_as("owner")
    html = client.get(f"/w/shop/customers/{rows[0].pk}/").content.decode()
    told = client.get(f"/w/shop/customers/{rows[0].pk}/").context["portrait"]
    assert told.risk_reasons
    assert any(raises for _said, raises in told.risk_reasons)
    assert told.next_step.why in unescape(html)
    assert f"{rows[0].churn_probability * 100:.0f} %" in told.next_step.why
    assert re.search(r"High risk of leaving: \d+ % that no purchase follows in 60 days", html)


def test_health_shows_the_test_of_churn(churned: RunSummary, client_as: Signed) -> None:
    html = client_as("viewer").get("/w/shop/health/").content.decode()
    assert "chart-churn-groups" in html
    assert "Ranking (AUC)" in html
    found = {check.proof.subject: check for check in health.checks(shown(churned.workspace))}  # type: ignore[arg-type]
    assert found["churn"].is_share
    assert not found["clv"].is_share
    assert found["churn"].ranking is not None
    assert found["clv"].ranking is None


def test_the_api_and_the_list_filter_and_sort_by_it(churned: RunSummary, member: Callable[..., Membership]) -> None:
    records = CustomerList(member("owner"))
    tree = {"all": [{"column": "churn_risk", "test": "any_of", "value": ["high", "middle"]}]}
    rows = records.page(Question(tree, sort="-churn_probability"), shop.LAST).rows
    told = [row.score.churn_probability for row in rows]
    assert told == sorted(told, reverse=True)
    assert len(told) == Score.objects.of(churned.workspace).filter(churn_risk__in=["high", "middle"]).count()


def test_a_definition_by_a_list_that_is_not_there_scores_nobody(
    workspace: Workspace, orders: None, member: Callable[..., Membership], client_as: Signed
) -> None:
    publish(Settings.from_dict({"churn": {"flag": "Churn"}}), "", by=member("owner"))
    made = refresh_now(workspace)
    assert made.proofs["churn"]["model"] == ""
    assert "no list of customers" in page(client_as("owner"))
    assert json.dumps(made.figures["churn"]["groups"]) == "[]"


def test_a_company_with_contracts_alone_is_told_of_its_customers(churned: RunSummary, client_as: Signed) -> None:
    churned.figures["headline"] |= {"customers": 0, "never_purchased": 7043}
    churned.figures["churn"]["groups"] = [
        {"churn_risk": risk, "value_tier": None, "customers": n, "worth": 0.0, "monetary": 0.0}
        for risk, n in (("high", 494), ("low", 4000), ("gone", 1869))
    ]
    churned.save()
    tiles = client_as("viewer").get("/w/shop/").context["tiles"]
    assert [(tile.label, tile.value) for tile in tiles] == [
        ("Customers", 7043),
        ("High risk", 494),
        ("Middle risk", 0),
        ("Gone already", 1869),
    ]
