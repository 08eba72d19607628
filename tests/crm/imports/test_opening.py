"""Who may not see personal data opens nobody's hidden columns, by whatever way a column can take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from tests.crm.imports.conftest import again, columns_of, csv
from tests.crm.imports.test_own_fields import form_of
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.actions import RECORD_TYPE
from zhike_crm.fields.actions import define_field
from zhike_crm.fields.models import FieldDefinition
from zhike_crm.imports import actions
from zhike_crm.imports.models import Import, State
from zhike_crm.imports.own_fields import chosen_fields

HEADINGS = "customer_id,name,city,AGE_DESC,Secret,Phone2"
ROWS = tuple(f"h{n},Ann {n},Leeds,{('45-54', '65+')[n % 2]},likes tea {n % 3},0113 496 {n:04}" for n in range(12))
REFUSED = "may hold personal data"


@pytest.fixture
def analyst(member: Callable[..., Membership]) -> Membership:
    return member("analyst")


@pytest.fixture
def boss(member: Callable[..., Membership]) -> Membership:
    return member("owner")


@pytest.fixture
def fields(boss: Membership) -> dict[str, FieldDefinition]:
    made = {}
    for label, personal in (("Open", False), ("Closed", True)):
        made[label] = define_field(boss, record_type=RECORD_TYPE, label=label, kind="text", personal=personal)
    return made


def into(imported: Import, theirs: str, choice: str, by: Membership) -> list[dict[str, Any]]:
    return chosen_fields(imported, {theirs: (choice, "")}, columns_of(imported), by)


def test_of_a_file_that_somebody_else_brought(
    imported: Any, fields: dict[str, FieldDefinition], analyst: Membership, client_as: Any, boss: Membership
) -> None:
    found = imported(*ROWS, headings=HEADINGS, name="people.csv", until="found")
    browser, address = client_as("analyst"), f"/w/shop/imports/{found.pk}/"
    form = form_of(found, analyst)
    opened, closed = (f"field:{field.pk}" for field in fields.values())
    opening = [{"column-4": "city"}, {"column-1": "city"}, {"field-4": opened}, {"field-5": opened}]
    # Names everybody reads, and of addresses and numbers the ends.
    opening += [{"column-5": "name", "column-1": ""}, {"column-4": "email"}, {"column-4": "phone"}]
    for change in opening:
        answer = browser.post(f"{address}columns", form | {"column-2": ""} | change)
        assert (answer.status_code, REFUSED in answer.content.decode()) == (422, True), change
        assert again(found).state == State.FOUND
    # Which row has the headings decides which values are headings.
    answer = browser.post(f"{address}look", {"header_row": "3"}, follow=True)
    assert "by whoever brought it" in answer.content.decode()
    assert again(found).state == State.FOUND
    assert into(found, "Secret", closed, analyst)[0]["personal"]
    # What was proposed is no question, and what is for few may go to where few see it.
    assert browser.post(f"{address}columns", form | {"field-4": closed}).status_code == 302
    assert again(found).state == State.CHECKING


def test_what_somebody_settled_who_saw_it(
    imported: Any, fields: dict[str, FieldDefinition], analyst: Membership, boss: Membership, work: Any
) -> None:
    found = imported(*ROWS, headings=HEADINGS, name="people.csv", until="found")
    columns = columns_of(found) | {"city": "Secret"}
    chosen = into(found, "Phone2", f"field:{fields['Open'].pk}", boss)
    actions.choose_columns(found, columns, by=boss, fields=chosen)
    work()
    actions.back_to_columns(again(found), by=analyst)
    actions.choose_columns(again(found), columns, by=analyst, fields=chosen)
    assert again(found).state == State.CHECKING


def test_of_a_file_of_their_own(
    analyst: Membership, work: Any, fields: dict[str, FieldDefinition], member: Callable[..., Membership]
) -> None:
    mine = actions.upload(csv(*ROWS, headings=HEADINGS, name="people.csv"), by=analyst)
    work()
    mine = again(mine)
    opened, closed = (f"field:{field.pk}" for field in fields.values())
    columns = columns_of(mine)
    for theirs in ("AGE_DESC", "Phone2"):
        with pytest.raises(ValidationError, match=REFUSED):
            actions.choose_columns(mine, columns, by=analyst, fields=into(mine, theirs, opened, analyst))
        with pytest.raises(ValidationError, match=REFUSED):
            actions.choose_columns(mine, columns | {"occupation": theirs}, by=analyst)
    # Declared personal by somebody, whatever it is called.
    closed_field = fields["Closed"]
    closed_field.told_by = ["attributes.Secret"]
    closed_field.save()
    assert into(mine, "Secret", opened, analyst)[0]["personal"]
    closed_field.told_by = []
    closed_field.save()
    actions.look_again(mine, by=analyst)
    work()
    both = [*into(mine, "Secret", opened, analyst), *into(mine, "AGE_DESC", closed, analyst)]
    actions.choose_columns(again(mine), columns, by=analyst, fields=both)
    assert again(mine).state == State.CHECKING
    theirs = into(mine, "AGE_DESC", opened, member("marketer"))
    work()
    actions.back_to_columns(again(mine), by=member("marketer"))
    actions.choose_columns(again(mine), columns, by=member("marketer"), fields=theirs)


def test_of_other_tables(imported: Any, analyst: Membership, boss: Membership) -> None:
    rows = ("A1,c1,2026-01-05,10,likes tea", "A2,c2,2026-01-06,20,")
    found = imported(*rows, headings="Order No,Customer ID,Order Date,Total,Buyer name", until="found")
    columns = columns_of(found)
    with pytest.raises(ValidationError, match=REFUSED):
        actions.choose_columns(found, columns | {"country": "Buyer name"}, by=analyst)
    actions.choose_columns(found, columns, by=analyst)
    assert again(found).state == State.CHECKING


def test_what_would_be_refused_is_not_proposed(
    imported: Any, analyst: Membership, boss: Membership, client_as: Any
) -> None:
    """Fields with the names of columns; the analyst who posts the page as it is has to come through."""
    for label in ("Secret", "AGE DESC"):
        define_field(boss, record_type=RECORD_TYPE, label=label, kind="text")
    found = imported(*ROWS, headings=HEADINGS, name="people.csv", until="found")
    assert [form_of(found, boss)[f"field-{number}"][:6] for number in (3, 4)] == ["field:", "field:"]
    form = form_of(found, analyst)
    assert [form[f"field-{number}"] for number in (3, 4)] == ["", ""]
    browser, address = client_as("analyst"), f"/w/shop/imports/{found.pk}/"
    assert "Not right? Correct it" not in browser.get(address).content.decode()
    assert "Not right? Correct it" in client_as("marketer").get(address).content.decode()
    assert browser.post(f"{address}columns", form).status_code == 302


def test_a_new_field_of_a_hidden_column_is_for_few(imported: Any, member: Callable[..., Membership]) -> None:
    """By a token that may define fields and not see personal data."""
    found = imported(*ROWS, headings=HEADINGS, name="people.csv", until="found")
    program = member("analyst")
    program.role, program.scopes = "owner", frozenset({"imports.run", "fields.edit"})
    assert [one["personal"] for one in into(found, "Secret", "text", program)] == [True]
    assert [one["personal"] for one in into(found, "Secret", "text", member("owner"))] == [False]
