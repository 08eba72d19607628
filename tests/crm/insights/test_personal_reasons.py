"""A churn model of the customers' list reads personal columns too: what it says of them is not for everybody."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from django.test import Client

from tests.crm.api.conftest import Caller
from zhike.importing.importer import Choices, import_file
from zhike.settings import Settings
from zhike_crm.accounts.access import grants
from zhike_crm.accounts.actions import create_token
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.actions import RECORD_TYPE
from zhike_crm.customers.models import Score
from zhike_crm.customers.personal import is_open_rule, open_columns, open_reasons
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


@pytest.fixture
def fields(member: Of) -> dict[str, FieldDefinition]:
    """Plan is for everybody, the age is not; income and Mood were never made fields."""
    told = {"AGE_DESC": True, "Plan": False}
    return {
        name: define_field(
            member("owner"), record_type=RECORD_TYPE, label=name, kind="choice", personal=personal,
            told_by=[f"attributes.{name}"],
        )
        for name, personal in told.items()
    }  # fmt: skip


@pytest.fixture
def learnt(workspace: Workspace, fields: object, member: Of, tmp_path: Path) -> RunSummary:
    file = tmp_path / "people.csv"
    file.write_text("\n".join(("customer_id,AGE_DESC,income,Plan,Mood,Churn", *rows(), "")))
    with lake_of(workspace) as lake:
        import_file(lake, file, Choices(table="customers"))
    put_in_force(Settings.from_dict(SETTINGS), "", by=member("owner"))
    return refresh_now(workspace, dt.date(2026, 6, 1))


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


def test_what_cannot_be_read_back_is_not_told() -> None:
    assert is_open_rule("AGE_DESC is 45-54", None)
    assert not is_open_rule("Plan is bed and breakfast", ("Plan",))
    assert not is_open_rule("Plan is a", ())
    assert open_reasons(None, ("Plan",)) is None
    assert json.loads(open_reasons('[{"topic": "年龄段"}, {"topic": "套餐"}]', ("套餐",)) or "") == [{"topic": "套餐"}]
