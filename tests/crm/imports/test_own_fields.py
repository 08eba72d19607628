"""Columns for which customers have no place, from the mapping page onto the records and back again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from tests.crm.imports.conftest import again, columns_of
from zhike.intake.held import Held
from zhike.pipeline import refresh
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.actions import RECORD_TYPE, change_customer
from zhike_crm.customers.forms import CustomerForm
from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.models import Customer
from zhike_crm.customers.queries import profile
from zhike_crm.customers.sync import copy_run
from zhike_crm.fields.actions import archive_field, define_field
from zhike_crm.fields.models import FieldDefinition, FieldValue
from zhike_crm.fields.values import definitions
from zhike_crm.imports import actions
from zhike_crm.imports.models import Import
from zhike_crm.imports.own_fields import kind_of, offers
from zhike_crm.segments.gallery import recipes
from zhike_crm.segments.reading import known_shares
from zhike_crm.segments.traits import traits_of
from zhike_crm.ui.lists.listing import Question
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace

Made = Callable[..., Import]
HEADINGS = "customer_id,name,education,AGE_DESC,Kids,Loyal,Shop,Ref"
AGES = ("45-54", "65+", "19-24", "Under 18", "")
ROWS = [
    f"h{n},Ann {n},{('PhD', 'Master')[n % 2]},{AGES[n % 5]},{n % 4},{('Y', 'N')[n % 3 > 0]},main,R-{n:05}"
    for n in range(40)
]


@pytest.fixture
def found(imported: Made) -> Import:
    return imported(*ROWS, headings=HEADINGS, name="people.csv", until="found")


def form_of(imported: Import, by: Membership, **said: str) -> dict[str, str]:
    """What the page would send as it is proposed, but for what is said: number of the column → choice."""
    feeds = {theirs: ours for ours, theirs in columns_of(imported).items()}
    offered = offers(imported, by, feeds, None)
    form = {}
    for number, theirs in enumerate(imported.inspection["columns"]):
        form[f"column-{number}"] = feeds.get(theirs, "")
        form[f"field-{number}"] = said.get(theirs, offered[theirs].choice)
        form[f"label-{number}"] = offered[theirs].label
    return form


def refreshed(workspace: Workspace, day: int) -> None:
    with lake_of(workspace) as lake:
        copy_run(workspace, lake, refresh(lake, dt.date(2026, 6, day)))


@pytest.fixture
def through(client_as: Callable[..., Client], work: Callable[[], None], member: Any) -> Callable[..., Import]:
    """Bring an import from its columns into the lake, by the pages."""

    def go(imported: Import, role: str = "owner", **said: str) -> Import:
        browser, address = client_as(role), f"/w/shop/imports/{imported.pk}/"
        answer = browser.post(f"{address}columns", form_of(imported, member(role), **said))
        assert answer.status_code == 302, answer.content.decode()
        work()
        browser.post(f"{address}run")
        work()
        return again(imported)

    return go


def test_what_is_informative_is_proposed_with_its_kind(found: Import, client_as: Any, member: Any) -> None:
    feeds = {theirs: ours for ours, theirs in columns_of(found).items()}
    offered = offers(found, member("owner"), feeds, None)
    told = {theirs: (o.choice, o.label, o.personal) for theirs, o in offered.items()}
    assert {theirs: one for theirs, one in told.items() if theirs not in ("customer_id", "name")} == {
        "education": ("choice", "Education", False),
        "AGE_DESC": ("choice", "AGE DESC", True),
        "Kids": ("number", "Kids", False),
        "Loyal": ("yesno", "Loyal", False),
        "Shop": ("", "Shop", False),
        "Ref": ("", "Ref", False),
    }  # fmt: skip
    page = client_as("owner").get(f"/w/shop/imports/{found.pk}/").content.decode()
    assert "the same in every row" in page
    assert "different in nearly every row" in page
    assert "personal: only for those" in page
    # Who may not define fields is not offered new ones.
    assert 'label="New field"' not in client_as("marketer").get(f"/w/shop/imports/{found.pk}/").content.decode()


@pytest.mark.parametrize(
    ("held", "kind"),
    [
        (Held(0, 0, 0, 0, 0, 0, 0, 0), ""),
        (Held(500, 1, 500, 500, 500, 0, 0, 0), ""),
        (Held(500, 2, 500, 500, 500, 0, 500, 0), "yesno"),
        (Held(500, 3, 500, 500, 500, 0, 400, 0), "number"),
        (Held(500, 500, 500, 500, 500, 0, 0, 0), ""),
        (Held(500, 500, 500, 500, 20, 0, 0, 0), "number"),
        (Held(500, 480, 490, 470, 470, 0, 0, 0), ""),
        (Held(500, 300, 500, 0, 0, 500, 0, 0), "date"),
        (Held(500, 12, 500, 0, 0, 0, 0, 500), "choice"),
        (Held(500, 5, 500, 430, 430, 0, 200, 70), "choice"),
        (Held(500, 300, 500, 0, 0, 0, 0, 0), "text"),
        (Held(500, 490, 500, 0, 0, 0, 0, 0), ""),
    ],
)
def test_the_kind_that_fits(held: Held, kind: str) -> None:
    assert kind_of(held) == kind


def test_from_the_page_onto_records_lists_and_back(
    found: Import, through: Any, imported: Made, workspace: Workspace, client_as: Any, member: Any, work: Any
) -> None:
    imported()
    made = through(found, Shop="text", Kids="")
    fields = {field.label: field for field in definitions(workspace, RECORD_TYPE)}
    assert {label: (f.kind, f.told_by, f.personal) for label, f in fields.items()} == {
        "Education": ("choice", ["education"], False),
        "AGE DESC": ("choice", ["attributes.AGE_DESC"], True),
        "Loyal": ("yesno", ["attributes.Loyal"], False),
        "Shop": ("text", ["attributes.Shop"], False),
    }
    refreshed(workspace, 1)
    fields["AGE DESC"].refresh_from_db()
    assert [o["label"] for o in fields["AGE DESC"].options] == ["Under 18", "19-24", "45-54", "65+"]
    ann = Customer.objects.of(workspace).get(name="Ann 1")
    known = {one.label: (str(one.value), one.source) for one in profile(ann, member("owner"))}
    assert known["AGE DESC"] == ("65+", "from the customer file")
    assert known["Education"] == ("Master", "from the customer file")
    assert "from the customer file" in client_as("owner").get(f"/w/shop/customers/{ann.pk}/").content.decode()
    asked = CustomerList(member("owner"))
    condition = {"column": "field.age_desc", "test": "any_of", "value": ["65"]}
    page = asked.page(Question(conditions=condition), dt.date(2026, 6, 1))
    assert page.total == 8
    change_customer(ann, member("owner"), custom={"shop": "by hand"})
    client_as("owner").post(f"/w/shop/imports/{made.pk}/undo")
    # Out of sight at once, but for what somebody has typed into.
    assert [field.label for field in definitions(workspace, RECORD_TYPE)] == ["Shop"]
    work()
    refreshed(workspace, 2)
    left = FieldValue.objects.of(workspace).filter(field=fields["Shop"])
    assert [(row.record_id, row.text) for row in left] == [(ann.pk, "by hand")]


def test_a_corrected_file_brings_the_same_fields_back(
    found: Import, through: Any, imported: Made, workspace: Workspace, client_as: Any, work: Any
) -> None:
    made = through(found)
    refreshed(workspace, 1)
    before = {field.label: field.pk for field in definitions(workspace, RECORD_TYPE)}
    client_as("owner").post(f"/w/shop/imports/{made.pk}/undo")
    work()
    assert definitions(workspace, RECORD_TYPE) == []
    through(imported(*ROWS[:30], headings=HEADINGS, name="fixed.csv", until="found"))
    assert {field.label: field.pk for field in definitions(workspace, RECORD_TYPE)} == before


def test_a_second_file_fills_the_fields_that_are_there_and_undoing_one_keeps_them(
    found: Import, through: Any, imported: Made, workspace: Workspace, client_as: Any, work: Any
) -> None:
    first = through(found)
    second = imported(
        *(f"{row.replace('h', 'k', 1)}" for row in ROWS), headings=HEADINGS.replace("Kids", "kids"), until="found"
    )
    page = client_as("marketer").get(f"/w/shop/imports/{second.pk}/").content.decode()
    assert "fills the field “Education”" in page
    through(second, role="marketer")
    kids = FieldDefinition.objects.of(workspace).get(label="Kids")
    # One letter differs; by its label it is the same field.
    assert kids.told_by == ["attributes.Kids", "attributes.kids"]
    client_as("owner").post(f"/w/shop/imports/{first.pk}/undo")
    work()
    assert len(definitions(workspace, RECORD_TYPE)) == 4


def test_ranges_are_refused_where_a_number_of_ours_is_wanted(found: Import, member: Any, client_as: Any) -> None:
    columns = columns_of(found)
    for ours in ("age", "birth_year", "birth_date", "income"):
        with pytest.raises(ValidationError, match="ranges such as 45-54"):
            actions.choose_columns(found, columns | {ours: "AGE_DESC"}, by=member("owner"))
    form = form_of(found, member("owner")) | {"column-3": "age"}
    answer = client_as("owner").post(f"/w/shop/imports/{found.pk}/columns", form)
    assert answer.status_code == 422
    assert "no Age follows from a range" in answer.content.decode()


def test_personal_fields_are_nowhere_for_those_who_may_not_see_them(
    found: Import, through: Any, workspace: Workspace, client_as: Any, member: Any
) -> None:
    through(found)
    refreshed(workspace, 1)
    ann = Customer.objects.of(workspace).get(name="Ann 1")
    viewer, analyst = member("viewer"), member("analyst")
    assert "AGE DESC" not in [one.label for one in profile(ann, viewer)]
    assert "Education" in [one.label for one in profile(ann, viewer)]
    for role in ("viewer", "analyst", "owner"):
        page = client_as(role).get(f"/w/shop/customers/{ann.pk}/").content.decode()
        assert ("AGE DESC" in page) == (role == "owner")
    assert "field.age_desc" not in CustomerList(analyst).columns
    assert "field.age_desc" in CustomerList(member("sales")).columns
    # No form lets them set it either, and no rule asks for it.
    assert "field.age_desc" not in CustomerForm(instance=ann, member=viewer).fields
    assert [code for code in recipes_of(analyst) if "age_desc" in code] == []
    assert [code for code in recipes_of(member("owner")) if "age_desc" in code] == ["field_age_desc"]


def recipes_of(by: Membership) -> list[str]:
    return [recipe.code for group in recipes(CustomerList(by)) for recipe in group.recipes if not recipe.lacks]


def test_groups_are_told_apart_by_them_once(found: Import, through: Any, member: Any, workspace: Workspace) -> None:
    through(found)
    refreshed(workspace, 1)
    traits = traits_of(CustomerList(member("owner")))
    # Education is offered already, as what the customer file says.
    assert {"field.age_desc", "field.kids", "field.loyal", "profile.education"} <= set(traits)
    assert "field.education" not in traits
    assert traits["field.age_desc"].is_personal
    known = known_shares(workspace)
    assert (known["field.kids"], known["field.age_desc"]) == (1.0, 0.8)


def test_the_fields_of_a_stranger_are_not_reached(
    found: Import, member: Any, other_workspace: Workspace, client_as: Any
) -> None:
    theirs = FieldDefinition.objects.create(
        workspace=other_workspace, record_type=RECORD_TYPE, name="secret", label="Kids", kind="number"
    )
    form = form_of(found, member("owner"), Kids=f"field:{theirs.pk}")
    client_as("owner").post(f"/w/shop/imports/{found.pk}/columns", form)
    chosen = {one["theirs"]: one["choice"] for one in again(found).choices["fields"]}
    assert "Kids" not in chosen
    assert form_of(found, member("owner"))["field-4"] == "number"


def test_there_is_an_end_to_fields(found: Import, member: Any, client_as: Any, workspace: Workspace) -> None:
    by = member("owner")
    for number in range(98):
        field = define_field(by, record_type=RECORD_TYPE, label=f"F{number}", kind=("text", "link")[number % 2])
        if number < 90:
            # What is in the archive can come back, so it counts here as it does in the end.
            archive_field(field, by)
    form = form_of(found, by)
    assert [form[f"field-{number}"] for number in (2, 3, 4)] == ["choice", "choice", ""]
    full = form | {"field-4": "number", "field-5": "yesno"}
    answer = client_as("owner").post(f"/w/shop/imports/{found.pk}/columns", full)
    assert answer.status_code == 422
    assert "100 custom fields at most" in answer.content.decode()


def test_other_tables_have_no_such_columns(imported: Made, member: Any) -> None:
    orders = imported(until="found")
    assert offers(orders, member("owner"), {}, None) == {}
    assert orders.inspection["held"] == {}
