"""Every query says which workspace it is about."""

from __future__ import annotations

import pytest
from django.db.models import Q

from zhike_crm.customers.models import Customer, Note
from zhike_crm.workspaces.models import Workspace
from zhike_crm.workspaces.scoping import Unscoped


@pytest.fixture
def customer(workspace: Workspace) -> Customer:
    return Customer.objects.create(workspace=workspace, name="Li Wei")


UNSCOPED = {
    "all": lambda: list(Customer.objects.all()),
    "filter": lambda: list(Customer.objects.filter(name="Li Wei")),
    "get": lambda: Customer.objects.get(pk=1),
    "first": lambda: Customer.objects.first(),
    "count": lambda: Customer.objects.count(),
    "exists": lambda: Customer.objects.filter(name="Li Wei").exists(),
    "aggregate": lambda: Customer.objects.aggregate(),
    "values": lambda: list(Customer.objects.values_list("name")),
    "iterator": lambda: list(Customer.objects.iterator()),
    "update": lambda: Customer.objects.update(name="x"),
    "delete": lambda: Customer.objects.all().delete(),
    "in_bulk": lambda: Customer.objects.in_bulk(),
    "or": lambda: list(Customer.objects.filter(Q(workspace=1) | Q(name="Li Wei"))),
    "not": lambda: list(Customer.objects.exclude(workspace=1)),
    "another table's workspace": lambda: list(Note.objects.filter(customer__workspace=1)),
}


@pytest.mark.parametrize("query", UNSCOPED.values(), ids=list(UNSCOPED))
def test_a_query_over_all_workspaces_raises(customer: Customer, query: object) -> None:
    with pytest.raises(Unscoped):
        query()
    assert Customer.objects.of(customer.workspace).get().name == "Li Wei"


def test_a_query_of_one_workspace_sees_its_rows_only(customer: Customer, other_workspace: Workspace) -> None:
    Customer.objects.create(workspace=other_workspace, name="Elsewhere")
    assert [c.name for c in Customer.objects.of(customer.workspace)] == ["Li Wei"]
    assert Customer.objects.of(other_workspace).filter(name="Li Wei").count() == 0
    assert Customer.objects.filter(workspace__in=[customer.workspace]).exists()


def test_rows_reached_from_a_row_of_the_workspace_need_not_say_it_again(customer: Customer) -> None:
    Note.objects.create(workspace=customer.workspace, customer=customer, text="Called")
    assert customer.notes.count() == 1
    fetched = Customer.objects.of(customer.workspace).prefetch_related("notes").get()
    assert [note.text for note in fetched.notes.all()] == ["Called"]
