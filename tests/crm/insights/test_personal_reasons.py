"""A churn model of the customers' list reads personal columns too: what it says of them is not for everybody."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
from django.test import Client

from tests.crm.api.conftest import Caller
from tests.crm.kept import Company, kept_company
from zhike.importing.importer import Choices, import_file
from zhike.settings import Settings
from zhike_crm.accounts.access import Role, grants
from zhike_crm.accounts.actions import create_token
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.actions import RECORD_TYPE
from zhike_crm.customers.models import Score
from zhike_crm.customers.personal import is_open_rule, open_columns, open_columns_by_run, open_reasons
from zhike_crm.fields.actions import archive_field, define_field
from zhike_crm.fields.models import FieldDefinition
from zhike_crm.insights.actions import put_in_force, refresh_now
from zhike_crm.insights.models import RunSummary
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace

SETTINGS = {"churn": {"flag": "Churn"}}
LEAVING = {"19-24": 0.5, "45-54": 0.2, "65+": 0.0}
SECRET = ("AGE_DESC", "income", "Mood", "19-24", "45-54", "65+")
Signed = Callable[..., Client]
Of = Callable[..., Membership]


def rows() -> list[str]:
    """Who is young, or of plan "a", leaves."""
    dice = random.Random(2)
    found = []
    for n in range(600):
        age, income, plan = dice.choice(list(LEAVING)), dice.choice((20000, 60000)), dice.choice("ab")
        mood = dice.choice(("up", "down"))
        chance = LEAVING[age] + 0.15 * (income == 20000) + 0.3 * (plan == "a") + 0.05 * (mood == "down")
        found.append(f"h{n},{age},{income},{plan},{mood},{'Yes' if dice.random() < chance else 'No'}")
    return found


def _define_fields(owner: Membership) -> None:
    """Plan is for everybody, the age is not; income and Mood were never made fields."""
    for name, personal in {"AGE_DESC": True, "Plan": False}.items():
        told_by = [f"attributes.{name}"]
        define_field(owner, record_type=RECORD_TYPE, label=name, kind="choice", personal=personal, told_by=told_by)


@pytest.fixture(scope="module")
def kept_people(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("people")

    def fill(workspace: Workspace) -> None:
        owner = Membership.objects.of(workspace).select_related("workspace", "user").get(role=Role.OWNER)
        _define_fields(owner)
        file = folder / "people.csv"
        file.write_text("\n".join(("customer_id,AGE_DESC,income,Plan,Mood,Churn", *rows(), "")))
        with lake_of(workspace) as lake:
            import_file(lake, file, Choices(table="customers"))
        put_in_force(Settings.from_dict(SETTINGS), "", by=owner)
        refresh_now(workspace, dt.date(2026, 6, 1))

    with kept_company(django_db_blocker, folder / "files", fill) as made:
        yield made


@pytest.fixture
def fields(kept_people: Company, workspace: Workspace) -> dict[str, FieldDefinition]:
    return {field.label: field for field in FieldDefinition.objects.of(workspace)}


@pytest.fixture
def learnt(kept_people: Company, workspace: Workspace) -> RunSummary:
    return RunSummary.objects.of(workspace).select_related("workspace").get()


def risk_reasons(client: Client, workspace: Workspace) -> str:
    """What the portraits of those at risk say it goes by."""
    at_risk = Score.objects.of(workspace).filter(churn_risk="high").values_list("customer_id", flat=True)[:5]
    pages = [client.get(f"/w/shop/customers/{pk}/") for pk in at_risk]
    assert pages
    return " ".join(said for page in pages for said, _raises in page.context["portrait"].risk_reasons)


def churn_page(client: Client) -> str:
    """The page as far as it says why: the settings name the column that says who left."""
    return unescape(client.get("/w/shop/churn/").content.decode()).partition('id="settings"')[0]


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_reasons_of_personal_columns_are_for_those_who_may_see_them(
    role: str, learnt: RunSummary, workspace: Workspace, client_as: Signed
) -> None:
    everything = risk_reasons(client_as("owner"), workspace)
    assert "AGE_DESC: 19-24" in everything
    assert "income: 20,000" in everything
    some = risk_reasons(client_as(role), workspace)
    assert "Plan: a" in some
    assert not [word for word in SECRET if word in some]


def test_the_churn_page_tells_each_reader_what_they_may_read(learnt: RunSummary, client_as: Signed) -> None:
    assert any("AGE_DESC is 19-24" in rule["conditions"]["en"] for rule in learnt.proofs["churn"]["details"]["rules"])
    # The owner first: what is kept for them is not for the viewer.
    everything, some = churn_page(client_as("owner")), churn_page(client_as("viewer"))
    assert "AGE_DESC: 19-24" in everything
    assert "AGE_DESC is 19-24" in everything
    assert "Plan: a" in some
    assert not [word for word in SECRET if word in some]


def test_the_api_leaves_them_out_too(learnt: RunSummary, workspace: Workspace, member: Of) -> None:
    pk = Score.objects.of(workspace).filter(churn_risk="high").values_list("customer_id", flat=True)[0]
    told = {}
    for role in ("owner", "viewer"):
        caller = Caller(*create_token(workspace, "test", grants(role), by=member(role)))
        told[role] = caller.get(f"/customers/{pk}/scores").json()[-1]["churn_reasons"]
    assert {"AGE_DESC", "Plan"} <= {reason["topic"] for reason in json.loads(told["owner"])}
    assert {reason["topic"] for reason in json.loads(told["viewer"])} == {"Plan"}


def test_a_field_that_becomes_personal_is_told_no_longer(
    learnt: RunSummary, fields: dict[str, FieldDefinition], client_as: Signed
) -> None:
    viewer = client_as("viewer")
    assert "Plan: a" in churn_page(viewer)
    FieldDefinition.objects.of(learnt.workspace).filter(pk=fields["Plan"].pk).update(personal=True)
    assert "Plan: a" not in churn_page(viewer)


def test_open_columns(workspace: Workspace, fields: dict[str, FieldDefinition], member: Of) -> None:
    viewer = member("viewer")
    assert open_columns(member("owner"), SETTINGS) is None
    assert open_columns(viewer, {"churn": {"flag": None}}) is None
    # A column of the list that is called like one of our features is a column of the list.
    by_run = open_columns_by_run(viewer, {1: SETTINGS, 2: {"churn": {"flag": None}}})
    assert by_run == {1: open_columns(viewer, SETTINGS), 2: None}
    assert not {"contact", "spending", "overdue"} & set(by_run[1] or ())
    told = open_columns(viewer, SETTINGS) or ()
    assert {"Plan", "city", "education"} <= set(told)
    assert not {"AGE_DESC", "age", "gender", "birth_year", "income", "marital_status", "name"} & set(told)
    archive_field(fields["AGE_DESC"], member("owner"))
    assert "AGE_DESC" not in (open_columns(viewer, SETTINGS) or ())
    # A second field of the same column does not open it.
    again = {"label": "Band", "kind": "text", "told_by": ["attributes.AGE_DESC"]}
    define_field(member("owner"), record_type=RECORD_TYPE, **again)
    assert "AGE_DESC" not in (open_columns(viewer, SETTINGS) or ())
    define_field(member("owner"), record_type=RECORD_TYPE, label="Pay", kind="number", told_by=["income"])
    assert "income" in (open_columns(viewer, SETTINGS) or ())


def test_a_rule_is_judged_by_its_columns() -> None:
    rule = {"columns": ["Plan"], "conditions": {"en": "Plan is bed and AGE_DESC is 45-54"}}
    assert is_open_rule(rule, None)
    assert is_open_rule(rule, ("Plan",))
    assert not is_open_rule(rule, ())
    # Of an older Zhike.
    assert not is_open_rule({"conditions": {"en": "Plan is a"}}, ("Plan",))
    assert open_reasons(None, ("Plan",)) is None
    kept = '[{"topic": "年龄段", "by": "年龄段"}, {"topic": "套餐", "by": "套餐"}]'
    assert json.loads(open_reasons(kept, ("套餐",)) or "") == [{"topic": "套餐", "by": "套餐"}]


def test_it_is_said_that_there_are_rules_one_may_not_see(learnt: RunSummary, client_as: Signed) -> None:
    rules = learnt.proofs["churn"]["details"]["rules"]
    assert all(len(rule["columns"]) == rule["conditions"]["en"].count(" and ") + 1 for rule in rules)
    rules[0]["columns"] = ["Plan"]
    learnt.save(update_fields=["proofs"])
    said = "may be about personal data, which your role may not see"
    assert said not in churn_page(client_as("owner"))
    some = churn_page(client_as("viewer"))
    assert f"{len(rules) - 1} rules {said}" in some
    assert rules[0]["conditions"]["en"] in some
    assert rules[1]["conditions"]["en"] not in some


def test_rules_kept_without_their_columns_are_hidden_and_counted(learnt: RunSummary, client_as: Signed) -> None:
    rules = learnt.proofs["churn"]["details"]["rules"]
    for rule in rules:
        del rule["columns"]
    learnt.save(update_fields=["proofs"])
    some = churn_page(client_as("viewer"))
    assert not [rule for rule in rules if rule["conditions"]["en"] in some]
    assert f"{len(rules)} rules may be about personal data, which your role may not see" in some
    assert "Nothing that also holds" not in some
    assert rules[0]["conditions"]["en"] in churn_page(client_as("owner"))
