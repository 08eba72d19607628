"""Merging and taking apart: nothing is lost, in any order."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from zhike_crm.accounts.models import Membership
from zhike_crm.audit.models import AuditEntry
from zhike_crm.customers.actions import change_customer, create_customer, create_task, write_note
from zhike_crm.customers.families import family, now_known_as
from zhike_crm.customers.merging import facts_of, merge, unmerge
from zhike_crm.customers.models import Customer, Identity, Note, Task
from zhike_crm.fields.actions import define_field
from zhike_crm.workspaces.models import Workspace

MemberOf = Callable[..., Membership]


@pytest.fixture
def by(member: MemberOf) -> Membership:
    made = member("manager")
    define_field(made, record_type="customers.customer", label="Brand", kind="text")
    define_field(
        made, record_type="customers.customer", label="Channels", kind="choices", options=[("", "Mail"), ("", "Phone")]
    )
    return made


def make(by: Membership, name: str, **values: Any) -> Customer:
    custom = {"brand": values.pop("brand", None), "channels": values.pop("channels", None)}
    customer = create_customer(by, name=name, custom=custom, **values)
    write_note(customer, f"note of {name}", by)
    create_task(by, title=f"task of {name}", customer=customer)
    return customer


def state(workspace: Workspace) -> dict[str, Any]:
    """Everything a merge touches, as plain values."""
    rows = Customer.objects.of(workspace).order_by("pk")
    return {
        "customers": {c.pk: (facts_of(c), c.merged_into_id, c.deleted_at) for c in rows},
        **{
            model.__name__: dict(model.objects.of(workspace).order_by("pk").values_list("pk", "customer_id"))
            for model in (Identity, Note, Task)
        },
    }


def again(customer: Customer) -> Customer:
    return Customer.objects.of(customer.workspace_id).get(pk=customer.pk)


def test_merge_moves_everything_and_takes_the_chosen_fields(by: Membership, workspace: Workspace) -> None:
    a = make(by, "Ann Lee", email="ann@example.com", city="Leeds")
    b = make(by, "A. Lee", email="a.lee@example.com", phone="0113 496 0000", brand="Acme", channels=["mail", "phone"])
    merge(a, b, by, take={"email": True, "name": False})
    kept = again(a)
    assert (kept.name, kept.email, kept.phone, kept.city) == (
        "Ann Lee",
        "a.lee@example.com",
        "0113 496 0000",
        "Leeds",
    )
    assert facts_of(kept)["field.brand"] == "Acme"
    assert facts_of(kept)["field.channels"] == ["mail", "phone"]
    assert kept.notes.count() == kept.tasks.count() == kept.identities.count() == 2
    assert now_known_as(again(b)) == kept
    assert family(kept) == [a.pk, b.pk]
    verbs = AuditEntry.objects.of(workspace).filter(record_id__in=[a.pk, b.pk]).values_list("verb", flat=True)
    assert list(verbs).count("customer.merged") == 2


def test_unmerge_gives_back_exactly_what_was(by: Membership, workspace: Workspace) -> None:
    a = make(by, "Ann Lee", birth_date="1980-02-03")
    b = make(by, "A. Lee", email="a.lee@example.com", brand="Acme", channels=["phone"])
    before = state(workspace)
    done = merge(a, b, by, take={"name": True, "birth_date": True})
    assert state(workspace) != before
    assert unmerge(done, by).newer == []
    assert state(workspace) == before
    with pytest.raises(ValidationError):
        unmerge(done, by)


def test_what_was_changed_since_stays_and_is_said(by: Membership, workspace: Workspace) -> None:
    a = make(by, "Ann")
    b = make(by, "Bob", email="bob@example.com", city="York")
    done = merge(a, b, by)
    change_customer(again(a), by, email="new@example.com")
    later = write_note(again(a), "written after", by)
    assert unmerge(done, by).newer == ["email"]
    assert (again(a).email, again(a).city) == ("new@example.com", "")
    assert (again(b).email, again(b).city) == ("bob@example.com", "York")
    assert Note.objects.of(workspace).get(pk=later.pk).customer_id == a.pk


@pytest.mark.parametrize("shape", ["chain", "star"])
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_several_merges_are_undone_in_any_order(
    by: Membership, workspace: Workspace, shape: str, order: tuple[int, ...]
) -> None:
    a, b, c, d = (make(by, name, email=f"{name}@example.com", brand=name) for name in ("a", "b", "c", "d"))
    before = state(workspace)
    take = {"name": True, "email": True, "field.brand": True}
    pairs = [(c, d), (b, c), (a, b)] if shape == "chain" else [(a, b), (a, c), (a, d)]
    merges = [merge(kept, other, by, take=take) for kept, other in pairs]
    assert again(a).notes.count() == 4
    assert again(a).email == "d@example.com"
    for number in order:
        assert unmerge(merges[number], by).newer == []
    assert state(workspace) == before


def test_merging_again_after_taking_apart(by: Membership, workspace: Workspace) -> None:
    a, b, c = (make(by, name) for name in "abc")
    first = merge(b, c, by)
    second = merge(a, b, by)
    unmerge(first, by)
    third = merge(a, c, by)
    unmerge(second, by)
    assert set(Note.objects.of(workspace).filter(customer=a).values_list("text", flat=True)) == {
        "note of a",
        "note of c",
    }
    unmerge(third, by)
    assert {n.customer.name for n in Note.objects.of(workspace).select_related("customer")} == {"a", "b", "c"}


def test_a_company_does_not_become_its_own(by: Membership) -> None:
    firm = make(by, "Firm", kind="company")
    double = make(by, "Firm Ltd", kind="company", company=firm)
    merge(firm, double, by)
    assert again(firm).company_id is None


@pytest.mark.parametrize("wrong", ["same", "merged", "deleted"])
def test_what_cannot_be_merged(by: Membership, wrong: str) -> None:
    a, b = make(by, "a"), make(by, "b")
    if wrong == "merged":
        merge(make(by, "c"), b, by)
    if wrong == "deleted":
        Customer.objects.of(by.workspace_id).filter(pk=b.pk).update(deleted_at="2026-01-01T00:00Z")
    with pytest.raises(ValidationError):
        merge(a, a if wrong == "same" else b, by)


def test_nothing_of_another_workspace_is_merged(by: Membership, other_workspace: Workspace) -> None:
    foreign = Customer.objects.create(workspace=other_workspace, name="Foreign")
    with pytest.raises(ValidationError):
        merge(make(by, "a"), foreign, by)
