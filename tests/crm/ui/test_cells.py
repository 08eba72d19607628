"""How values are written: large sums in the reader's language, links by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from zhike_crm.accounts.models import Membership
from zhike_crm.customers.actions import RECORD_TYPE, change_customer, create_customer
from zhike_crm.customers.lists import CustomerList
from zhike_crm.fields.actions import define_field
from zhike_crm.languages import in_language
from zhike_crm.ui.lists.listing import Question
from zhike_crm.ui.templatetags.zhike import cell, short_money

# How values are written.
pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", ["1.2 M", "34.6 k", "999"]), ("zh-hans", ["123.5万", "3.5万", "999"])],
)
def test_large_sums_are_short_in_the_way_of_the_language(language: str, said: list[str]) -> None:
    with in_language(language):
        assert [short_money(value) for value in (1_234_567, 34_567, 999)] == said


def test_links_are_shown_by_name_and_only_to_whom_they_may_be(member: Callable[..., Membership]) -> None:
    owner, sales = member("owner"), member("sales", sees="own")
    field = define_field(owner, record_type=RECORD_TYPE, label="Referred by", kind="link")
    friend = create_customer(owner, name="Ann Friend")
    guest = create_customer(owner, name="Bob Guest", owner=sales)
    change_customer(guest, owner, custom={field.name: friend.pk})
    for who, shown in ((owner, "Ann Friend"), (sales, f"#{friend.pk}")):
        records = CustomerList(who)
        column = records.columns[f"field.{field.name}"]
        asked = Question(search="Bob", columns=("name", column.name))
        (row,) = records.page(asked, dt.date(2026, 11, 1)).rows
        assert cell(column, row) == shown
