"""Defining custom fields, by their actions and by their pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from zhike_crm.accounts.models import Membership
from zhike_crm.customers.actions import RECORD_TYPE, create_customer
from zhike_crm.fields import actions
from zhike_crm.fields.models import FieldDefinition
from zhike_crm.fields.values import definitions, values_of
from zhike_crm.workspaces.models import Workspace

MemberOf = Callable[..., Membership]
ClientAs = Callable[..., Client]


def define(by: Membership, label: str = "Channel", kind: str = "choice") -> FieldDefinition:
    options = [("", "Mail"), ("", "电话")] if kind in ("choice", "choices") else []
    return actions.define_field(by, record_type=RECORD_TYPE, label=label, kind=kind, options=options)


def test_names_are_made_of_labels_and_never_collide(member: MemberOf) -> None:
    by = member("admin")
    names = [define(by, label, "text").name for label in ("Best before", "Best Before", "渠道", "品牌")]
    assert names == ["best_before", "best_before_2", "field", "field_2"]
    assert [option["code"] for option in define(by).options] == ["mail", "field"]


def test_renaming_an_option_keeps_its_values_and_a_used_one_stays(member: MemberOf, workspace: Workspace) -> None:
    by = member("admin")
    field = define(by)
    ann = create_customer(by, name="Ann", custom={"channel": "mail"})
    actions.change_field(field, by, label="Way", options=[("mail", "E-mail"), ("field", "电话"), ("", "Post")])
    [stored] = definitions(workspace, RECORD_TYPE)
    assert (stored.label, [o["label"] for o in stored.options]) == ("Way", ["E-mail", "电话", "Post"])
    with pytest.raises(ValidationError, match="E-mail"):
        actions.change_field(field, by, label="Way", options=[("field", "电话")])
    assert values_of([stored], [ann.pk])[ann.pk] == {"channel": "mail"}


def test_an_archived_field_comes_back_with_its_values(
    client_as: ClientAs, member: MemberOf, workspace: Workspace
) -> None:
    by = member("admin")
    field = define(by, "Brand", "text")
    ann = create_customer(by, name="Ann", custom={"brand": "Acme"})
    browser = client_as("admin")
    browser.post(reverse("archive_field", args=["shop", field.pk]))
    assert definitions(workspace, RECORD_TYPE) == []
    assert "1 record has a value" in browser.get(reverse("fields", args=["shop"])).content.decode()
    browser.post(reverse("bring_back_field", args=["shop", field.pk]))
    assert values_of(definitions(workspace, RECORD_TYPE), [ann.pk])[ann.pk] == {"brand": "Acme"}


def test_a_field_is_defined_in_the_browser(client_as: ClientAs, workspace: Workspace) -> None:
    form = {
        "record_type": RECORD_TYPE,
        "label": "<b>Way</b>",
        "kind": "choice",
        "option_code": ["", "", ""],
        "option_label": ["Mail", "", "Phone"],
        "workspace": "999",
        "position": "77",
    }
    answer = client_as("manager").post(reverse("new_field", args=["shop"]), form, follow=True)
    [field] = definitions(workspace, RECORD_TYPE)
    assert ([o["label"] for o in field.options], field.position) == (["Mail", "Phone"], 0)
    assert "<b>Way</b>" not in answer.content.decode()


def test_a_choice_needs_something_to_choose_from(client_as: ClientAs, workspace: Workspace) -> None:
    form = {"record_type": RECORD_TYPE, "label": "Way", "kind": "choice"}
    answer = client_as("manager").post(reverse("new_field", args=["shop"]), form)
    assert "Write at least one option" in answer.content.decode()
    assert definitions(workspace, RECORD_TYPE) == []


@pytest.mark.parametrize("role", ["sales", "service", "viewer", "analyst", "marketer"])
def test_who_may_not_define_fields_changes_nothing(
    client_as: ClientAs, member: MemberOf, workspace: Workspace, role: str
) -> None:
    field = define(member("admin"))
    browser = client_as(role)
    for route, args in (("fields", []), ("new_field", []), ("edit_field", [field.pk])):
        assert browser.get(reverse(route, args=["shop", *args])).status_code == 403
    for route in ("archive_field", "move_field", "bring_back_field", "edit_field"):
        assert browser.post(reverse(route, args=["shop", field.pk]), {"label": "x"}).status_code == 403
    assert FieldDefinition.objects.of(workspace).get().label == "Channel"


def test_fields_of_another_workspace_are_not_there(
    client_as: ClientAs, member: MemberOf, other_workspace: Workspace
) -> None:
    foreign = FieldDefinition.objects.create(
        workspace=other_workspace, record_type=RECORD_TYPE, name="secret", label="Secret", kind="text"
    )
    browser = client_as("admin")
    for route in ("archive_field", "move_field", "bring_back_field", "edit_field"):
        assert browser.post(reverse(route, args=["shop", foreign.pk]), {"label": "x"}).status_code == 404
    assert FieldDefinition.objects.of(other_workspace).get().label == "Secret"


def test_changing_by_get_is_refused(client_as: ClientAs, member: MemberOf) -> None:
    field = define(member("admin"))
    for route in ("archive_field", "move_field", "bring_back_field"):
        assert client_as("admin").get(reverse(route, args=["shop", field.pk])).status_code == 405
