"""What the builder of conditions is told when somebody opens it, and that a list does not wait for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from zhike_crm.accounts.models import Membership, User
from zhike_crm.workspaces.models import Workspace

Signed = Callable[..., Client]


def test_columns_tests_and_words(workspace: Workspace, client_as: Signed) -> None:
    told = client_as("owner").get("/w/shop/customers/conditions").json()
    columns = {column["name"]: column for column in told["columns"]}
    assert columns["revenue"]["kind"] == "money"
    assert ["high", "High value"] in columns["value_tier"]["choices"]
    assert ["gte", "at least"] in told["tests"]["money"]
    assert told["words"]["condition"] == "Add a condition"
    assert "tree" not in told


@pytest.mark.parametrize(("role", "open_book"), [("owner", True), ("analyst", False)])
def test_personal_columns_are_for_those_who_may_see_them(
    workspace: Workspace, client_as: Signed, role: str, open_book: bool
) -> None:
    told = client_as(role).get("/w/shop/customers/conditions").json()
    assert ("email" in {column["name"] for column in told["columns"]}) is open_book


def test_in_the_language_of_the_reader(
    workspace: Workspace, client_as: Signed, member: Callable[..., Membership]
) -> None:
    client = client_as("viewer")
    words = {}
    for language in ("en", "zh-hans", "en"):
        User.objects.filter(pk=member("viewer").user_id).update(language=language)
        words[language] = dict(client.get("/w/shop/customers/conditions").json()["tests"]["text"])["contains"]
    assert words["en"] == "contains"
    assert words["zh-hans"] != "contains"


def test_the_list_says_where_it_is(workspace: Workspace, client_as: Signed) -> None:
    assert (
        'data-source="/w/shop/customers/conditions"' in client_as("viewer").get("/w/shop/customers/").content.decode()
    )
