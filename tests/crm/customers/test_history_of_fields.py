"""Changes of custom fields in a customer's history: whose they are, and for whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client

from zhike_crm.accounts.models import Membership
from zhike_crm.audit.log import of_record
from zhike_crm.customers.actions import RECORD_TYPE, change_customer
from zhike_crm.customers.models import Customer
from zhike_crm.customers.queries import hidden_value
from zhike_crm.fields.actions import archive_field, define_field
from zhike_crm.workspaces.models import Workspace

Member = Callable[..., Membership]
Signed = Callable[..., Client]


def page(client: Client, customer: Customer) -> str:
    answer = client.get(f"/w/shop/customers/{customer.pk}/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def known(workspace: Workspace, by: Membership, label: str, value: Any, **field: Any) -> tuple[Customer, Any]:
    defined = define_field(by, record_type=RECORD_TYPE, label=label, **field)
    customer = Customer.objects.create(workspace=workspace, name="Ann")
    change_customer(customer, by, custom={defined.name: value})
    return customer, defined


def test_a_personal_field_stays_hidden_when_it_is_archived(
    workspace: Workspace, member: Member, client_as: Signed
) -> None:
    customer, field = known(workspace, member("owner"), "Pay", 987654, kind="number", personal=True)
    assert "987654" in page(client_as("owner"), customer)
    assert "987654" not in page(client_as("viewer"), customer)
    archive_field(field, member("owner"))
    assert "987654" not in page(client_as("viewer"), customer)


def test_a_short_value_is_not_told_by_its_ends(workspace: Workspace, member: Member, client_as: Signed) -> None:
    customer, _field = known(workspace, member("owner"), "Blood group", "AB+", kind="text", personal=True)
    html = page(client_as("viewer"), customer)
    assert "•••" in html
    assert "AB" not in html.split("<main")[1]
    assert [hidden_value(*one) for one in (("gender", "f"), ("phone", "110"), ("phone", "13800138000"))] == [
        "•••",
        "•••",
        "1•••00",
    ]


def test_a_field_called_like_ours_is_not_taken_for_it(workspace: Workspace, member: Member, client_as: Signed) -> None:
    owner = member("owner")
    customer, field = known(workspace, owner, "Owner", "Bob Smith", kind="text")
    assert "Bob Smith" in page(client_as("owner"), customer)
    assert of_record(customer)[0].changes == {f"field.{field.name}": [None, "Bob Smith"]}
    # As such changes were written before.
    entry = of_record(customer)[0]
    type(entry).objects.of(workspace).filter(pk=entry.pk).update(changes={"owner": [None, "Bob Smith"]})
    assert "Bob Smith" in page(client_as("owner"), customer)
