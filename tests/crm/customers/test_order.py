"""The order of a list that the database tells is the same whether it goes along an index or sorts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.crm.api.conftest import caller as caller
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.lists import CustomerList, RecycleBin
from zhike_crm.customers.models import Customer, Score
from zhike_crm.fields.actions import change_field, define_field
from zhike_crm.fields.models import FieldDefinition, FieldValue
from zhike_crm.ui.lists import paging
from zhike_crm.ui.lists.listing import Question
from zhike_crm.workspaces.models import Workspace

TODAY = dt.date(2025, 6, 30)


@pytest.fixture
def customers(workspace: Workspace, member: Callable[..., Membership]) -> list[Customer]:
    """Of every third nothing is known, equal revenues among the others; every fourth is of somebody in sales."""
    sales = member("sales", sees="own")
    made = [Customer(workspace=workspace, name=f"c{n}", owner=None if n % 4 else sales) for n in range(120)]
    Customer.objects.bulk_create(made)
    rows = [
        Score(
            workspace=workspace,
            customer=one,
            run=1,
            as_of=TODAY,
            never_purchased=False,
            revenue=float(n % 7),
            rank=n + 1,
        )
        for n, one in enumerate(made)
        if n % 3
    ]
    Score.objects.bulk_create(rows)
    return made


@pytest.mark.parametrize("sort", ["-revenue", "revenue", "rank", "name", "-clv", ""])
@pytest.mark.parametrize("page", [1, 2, 3])
def test_along_the_index_or_sorted(
    customers: list[Customer], member: Callable[..., Membership], monkeypatch: pytest.MonkeyPatch, sort: str, page: int
) -> None:
    everybody = CustomerList(member("owner"))
    assert everybody.dense
    asked = Question(sort=sort, page=page)
    along = [row.pk for row in everybody.page(asked, TODAY).rows]
    monkeypatch.setattr(CustomerList, "dense", False)
    assert along == [row.pk for row in everybody.page(asked, TODAY).rows]
    assert len(along) == (50, 50, 20)[page - 1]


def test_only_where_nearly_all_are_seen(customers: list[Customer], member: Callable[..., Membership]) -> None:
    sales = CustomerList(member("sales"))
    assert not sales.dense
    assert sales.page(Question(), TODAY).total == 30
    assert not RecycleBin(member("owner")).dense


# Neither by code nor by label: as somebody has put them.
PLANS = ("Small", "Middle", "Large", "Custom")


@pytest.fixture
def planned(customers: list[Customer], member: Callable[..., Membership]) -> FieldDefinition:
    """A plan for two of three customers, and one that is no option any more."""
    options = [("", plan) for plan in PLANS]
    field = define_field(
        member("owner"), record_type="customers.customer", label="Plan", kind="choice", options=options
    )
    FieldValue.objects.bulk_create(
        FieldValue(
            workspace=field.workspace, field=field, record_id=one.pk, text="gone" if n == 4 else PLANS[n % 4].lower()
        )
        for n, one in enumerate(customers)
        if n % 3
    )
    return field


@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("step", [7, 2_000])
def test_a_choice_is_in_the_order_of_its_options(
    planned: FieldDefinition,
    customers: list[Customer],
    member: Callable[..., Membership],
    monkeypatch: pytest.MonkeyPatch,
    dense: bool,
    sign: str,
    step: int,
) -> None:
    monkeypatch.setattr(CustomerList, "dense", dense)
    monkeypatch.setattr(paging, "STEP", step)
    records = CustomerList(member("owner"))
    asked = Question(sort=f"{sign}field.plan", columns=["field.plan"])
    rows = [row for page in (1, 2, 3) for row in records.page(replace(asked, page=page), TODAY).rows]
    plans = {row.record_id: row.text for row in FieldValue.objects.of(planned.workspace).filter(field=planned)}
    order = [*(plan.lower() for plan in PLANS), "gone"]
    have = sorted((order.index(plans[one.pk]), one.pk) for one in customers if one.pk in plans)
    expected = [pk for _place, pk in (reversed(have) if sign else have)]
    expected += [one.pk for one in customers if one.pk not in plans]
    assert [row.pk for row in rows] == expected


def test_the_options_may_be_put_into_another_order(planned: FieldDefinition, member: Callable[..., Membership]) -> None:
    def first() -> str:
        (row, *_others) = CustomerList(member("owner")).page(Question(sort="field.plan"), TODAY).rows
        return str(FieldValue.objects.of(planned.workspace).get(record_id=row.pk).text)

    assert first() == "small"
    options = [(option["code"], option["label"]) for option in planned.options]
    change_field(planned, member("owner"), label="Plan", options=options[::-1])
    assert first() == "custom"


def test_a_score_is_in_the_order_of_its_codes_names(
    customers: list[Customer], member: Callable[..., Membership], caller: Callable[..., Any]
) -> None:
    """On the page and over the API, page by page."""
    tiers = ("at_risk", "high", "general", "potential", "high")
    for n, tier in enumerate(tiers):
        Score.objects.of(customers[0].workspace).filter(pk=customers[3 * n + 1].pk).update(value_tier=tier)
    column = CustomerList(member("owner")).columns["value_tier"]
    assert list(column.by_code) != sorted(column.by_code)
    expected = [code for code in column.by_code for tier in tiers if tier == code]
    for sign in ("", "-"):
        wanted = expected[::-1] if sign else expected
        rows = CustomerList(member("owner")).page(Question(sort=f"{sign}value_tier"), TODAY).rows
        assert [row.score.value_tier for row in rows[:5]] == wanted
        mine, cursor, told = caller("owner"), "", list[str]()
        while len(told) < 6:
            page = mine.get(f"/customers?sort={sign}value_tier&limit=2&cursor={cursor}").json()
            told += [(one["scores"] or {}).get("value_tier") for one in page["items"]]
            cursor = page["next"]
        assert told[:6] == [*wanted, None]
