"""The order of a list that the database tells is the same whether it goes along an index or sorts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from zhike_crm.accounts.models import Membership
from zhike_crm.customers.lists import CustomerList, RecycleBin
from zhike_crm.customers.models import Customer, Score
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
