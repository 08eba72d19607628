"""Who is in a segment: entering and leaving as sets, history that stays, fixed lists, refreshes, undoing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from tests.crm.segments.conftest import NOW, bought, column, customers, inside, work
from zhike_crm import bulk
from zhike_crm.accounts.models import Membership
from zhike_crm.audit.models import AuditEntry
from zhike_crm.customers.actions import delete_customer
from zhike_crm.customers.merging import merge, unmerge
from zhike_crm.customers.models import Customer, Score
from zhike_crm.fields.actions import archive_field, define_field
from zhike_crm.insights.actions import refresh_now
from zhike_crm.segments import members
from zhike_crm.segments.actions import (
    archive_segment,
    change_segment,
    compute_again,
    create_segment,
    earlier_rules,
    go_back,
    restore_segment,
)
from zhike_crm.segments.computing import compute
from zhike_crm.segments.models import Member, Segment, Turn
from zhike_crm.workspaces.models import Workspace

pytestmark = pytest.mark.django_db
Made = Callable[..., Segment]


def numbers(*found: int) -> set[str]:
    return {f"{number:02}" for number in found}


def rows(segment: Segment) -> int:
    """Memberships, those that are over among them."""
    return int(Member.objects.of(segment.workspace_id).filter(segment=segment).count())


def turns(segment: Segment) -> list[tuple[str, int, int, int]]:
    """Oldest first: why, entered, left, how many then."""
    return [(turn.cause, turn.entered, turn.left, turn.count) for turn in reversed(segment.turns.all())]


def test_a_rule_about_what_nobody_has_done_yet_is_about_nobody(made: Made) -> None:
    """Where nothing was imported, Django sees by itself that no row can meet it."""
    segment = made("Tea", bought("at_least", 1, category="tea"))
    assert (segment.count, segment.problem) == (0, "")
    assert segment.counted_at is not None


def test_who_no_longer_meets_the_rule_leaves_and_is_remembered(shop: Workspace, boss: Membership, made: Made) -> None:
    segment = made("Often", column("orders", "gte", 10))
    change_segment(segment, boss, tree=column("orders", "between", [8, 11]))
    work()
    change_segment(segment, boss, tree=column("orders", "gte", 11))
    work()
    segment.refresh_from_db()
    assert inside(segment) == numbers(11, 12)
    assert turns(segment) == [("rule", 3, 0, 3), ("rule", 2, 1, 4), ("rule", 1, 3, 2)]
    assert (segment.count, segment.entered, segment.left) == (2, 1, 3)
    # 12 was in, out and in again: two memberships, and none of the others is gone.
    assert rows(segment) == 6
    twelve = Member.objects.of(shop).filter(segment=segment, customer__name="Name 12").order_by("pk")
    moments = [turn.at for turn in reversed(segment.turns.all())]
    assert [(one.entered_at, one.left_at) for one in twelve] == [(moments[0], moments[1]), (moments[2], None)]


def test_computing_twice_changes_nothing(shop: Workspace, boss: Membership, made: Made) -> None:
    segment = made("Tea", bought("at_least", 1, category="tea"))
    before = rows(segment)
    compute_again(segment, boss)
    work()
    assert rows(segment) == before
    assert turns(segment)[-1] == ("asked", 0, 0, 6)


def test_indexes_made_anew_are_the_same(
    shop: Workspace, made: Made, monkeypatch: pytest.MonkeyPatch, boss: Membership
) -> None:
    monkeypatch.setattr(bulk, "_MANY", 1)
    segment = made("Everybody", column("orders", "gte", 1))
    change_segment(segment, boss, tree=column("orders", "gte", 12))
    work()
    assert inside(segment) == numbers(12)
    twelve = customers(shop, 12).get()
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        Member.objects.create(workspace=shop, segment=segment, customer=twelve, entered_at=segment.created_at)


def test_a_refresh_computes_what_follows_its_rule_and_nothing_else(
    shop: Workspace, boss: Membership, made: Made
) -> None:
    rich = column("revenue", "gte", 1000)
    following, frozen = made("Following", rich), made("Frozen", rich, dynamic=False)
    dependent = made("Dependent", {"not": column("segment", "any_of", [str(following.pk)])})
    Score.objects.of(shop).update(revenue=0)
    delete_customer(customers(shop, 1).get(), boss)
    refresh_now(shop, NOW)
    assert inside(following) == inside(frozen) == numbers(10, 11, 12)
    assert inside(dependent) == numbers(*range(2, 10))
    assert [turn[0] for turn in turns(following)] == ["rule", "refresh"]
    assert turns(dependent)[-1] == ("refresh", 0, 1, 8)
    assert [turn[0] for turn in turns(frozen)] == ["rule"]


def test_a_rule_that_cannot_be_answered_keeps_its_members_and_says_why(
    shop: Workspace, boss: Membership, made: Made
) -> None:
    field = define_field(boss, record_type="customers.customer", label="Size", kind="text")
    segment = made("No size", {"all": [column("field.size", "empty"), column("orders", "gte", 11)]})
    other = made("Other", column("orders", "gte", 12))
    archive_field(field, boss)
    refresh_now(shop, NOW)
    segment.refresh_from_db()
    assert "field.size" in segment.problem
    assert inside(segment) == numbers(11, 12)
    assert turns(other)[-1][0] == "refresh"
    change_segment(segment, boss, tree=column("orders", "gte", 1))
    work()
    segment.refresh_from_db()
    assert (segment.problem, segment.count) == ("", 12)


def test_a_rule_that_changes_while_it_is_answered_is_answered_anew(shop: Workspace, made: Made) -> None:
    segment = made("Often", column("orders", "gte", 10))
    late = Segment.objects.of(shop).select_related("workspace").get(pk=segment.pk)
    Segment.objects.of(shop).filter(pk=segment.pk).update(tree=column("orders", "gte", 12))
    compute(late, Turn.Cause.REFRESH)
    assert inside(segment) == numbers(12)


# -- rules: versions ---------------------------------------------------------------------------------------------------
def test_every_rule_there_was_can_be_in_force_again(shop: Workspace, boss: Membership, made: Made) -> None:
    segment = made("Often", column("orders", "gte", 10))
    change_segment(segment, boss, tree=column("orders", "gte", 12), name="Most often")
    work()
    known = earlier_rules(segment)
    assert [one.changes["tree"][1]["value"] for one in known] == [12, 10]
    go_back(segment, known[1], boss)
    work()
    segment.refresh_from_db()
    assert (inside(segment), segment.name) == (numbers(10, 11, 12), "Most often")
    assert len(earlier_rules(segment)) == 3


def test_a_change_can_be_taken_back_by_its_audit_entry(
    shop: Workspace, boss: Membership, made: Made, client_as: Callable[..., Client]
) -> None:
    segment = made("Often", column("orders", "gte", 10))
    change_segment(segment, boss, tree=column("orders", "gte", 12), description="x", owner=None)
    work()
    written = AuditEntry.objects.of(shop).get(verb="segment.changed")
    answer = client_as("owner").post(f"/w/shop/undo/{written.group}")
    assert answer.json() == {"undone": 1}
    work()
    segment.refresh_from_db()
    assert (inside(segment), segment.description, segment.owner) == (numbers(10, 11, 12), "", boss)


def test_names_are_one_segments_alone_while_it_is_in_use(shop: Workspace, boss: Membership, made: Made) -> None:
    first = made("Tea", bought("at_least", 1))
    for name in ("Tea", "  Tea ", " "):
        with pytest.raises(ValidationError):
            create_segment(boss, name=name, kind="list")
    archive_segment(first, boss)
    made("Tea")
    with pytest.raises(ValidationError, match="already"):
        restore_segment(first, boss)


def test_what_others_ask_about_is_not_archived(shop: Workspace, boss: Membership, made: Made) -> None:
    tea = made("Tea", bought("at_least", 1))
    user = made("User of tea", column("segment", "any_of", [str(tea.pk)]))
    with pytest.raises(ValidationError, match="User of tea"):
        archive_segment(tea, boss)
    archive_segment(user, boss)
    archive_segment(tea, boss)
    restore_segment(tea, boss)
    work()
    assert inside(tea) == numbers(*range(1, 13))


# -- fixed lists -------------------------------------------------------------------------------------------------------
def test_a_fixed_list_is_changed_by_hand_and_taken_back(
    shop: Workspace, made: Made, client_as: Callable[..., Client]
) -> None:
    client, segment = client_as("marketer"), made("Guests")

    def bulk_action(action: str, value: Any, **which: Any) -> Any:
        return client.post("/w/shop/customers/bulk", {"action": action, "value": value, **which})

    ids = list(customers(shop, 1, 2, 3).values_list("pk", flat=True))
    added = bulk_action("add_to_segment", segment.pk, id=ids)
    assert "3 customers added to Guests" in added.json()["said"]
    assert inside(segment) == numbers(1, 2, 3)
    # All that match, among them some who are on the list.
    tea = json.dumps(column("orders", "lte", 4))
    assert bulk_action("add_to_segment", segment.pk, all="1", where=tea).json()["said"].startswith("1 customer ")
    out = bulk_action("remove_from_segment", segment.pk, id=ids[:2]).json()
    assert inside(segment) == numbers(3, 4)
    client.post(out["undo"])
    assert inside(segment) == numbers(1, 2, 3, 4)
    client.post(added.json()["undo"])
    assert inside(segment) == numbers(4)
    # Taken back twice it changes nothing.
    before = rows(segment)
    client.post(added.json()["undo"])
    assert rows(segment) == before
    segment.refresh_from_db()
    assert segment.count == len(inside(segment))
    assert {turn[0] for turn in turns(segment)} == {Turn.Cause.PEOPLE}


def test_a_new_list_is_made_of_ticked_customers(shop: Workspace, client_as: Callable[..., Client]) -> None:
    client = client_as("marketer")
    ids = list(customers(shop, 5, 6).values_list("pk", flat=True))
    assert (
        client.post("/w/shop/customers/bulk", {"action": "new_segment", "value": "VIPs", "id": ids}).status_code == 200
    )
    segment = Segment.objects.of(shop).get(name="VIPs")
    assert (segment.kind, segment.count, inside(segment)) == ("list", 2, numbers(5, 6))
    nothing = client.post("/w/shop/customers/bulk", {"action": "add_to_segment", "value": segment.pk, "id": ids}).json()
    assert (nothing["said"], nothing["undo"]) == ("0 customers added to VIPs.", "")
    assert segment.turns.count() == 1
    again = client.post("/w/shop/customers/bulk", {"action": "new_segment", "value": "VIPs", "id": ids})
    assert again.status_code == 400
    assert "already" in again.json()["error"]


@pytest.mark.parametrize("value", ["", "x", "0", "999999", "9" * 40, "1; DROP TABLE segments_member"])
def test_a_list_that_is_not_there_is_refused(
    shop: Workspace, made: Made, client_as: Callable[..., Client], value: str
) -> None:
    made("Guests")
    sent = {"action": "add_to_segment", "value": value, "all": "1"}
    assert client_as("marketer").post("/w/shop/customers/bulk", sent).status_code == 400


def test_only_who_may_change_segments_is_offered_it(shop: Workspace, client_as: Callable[..., Client]) -> None:
    sent = {"action": "new_segment", "value": "Mine", "all": "1"}
    for role in ("viewer", "sales", "service"):
        assert client_as(role).post("/w/shop/customers/bulk", sent).status_code == 404
    assert not Segment.objects.of(shop).exists()


def test_only_customers_within_reach_are_put_on_a_list(
    shop: Workspace, made: Made, member: Callable[..., Membership], client_as: Callable[..., Client]
) -> None:
    segment, mine = made("Guests"), customers(shop, 7)
    mine.update(owner=member("marketer", sees="own"))
    ids = list(Customer.objects.of(shop).values_list("pk", flat=True))
    client_as("marketer").post("/w/shop/customers/bulk", {"action": "add_to_segment", "value": segment.pk, "id": ids})
    assert inside(segment) == numbers(7)


def test_lists_follow_merges_and_lose_nothing(shop: Workspace, boss: Membership, made: Made) -> None:
    segment = made("Guests")
    members.add(segment, customers(shop, 1, 2), boss)
    one, two, three = (customers(shop, number).get() for number in (1, 2, 3))
    first = merge(three, one, boss)
    second = merge(two, three, boss)
    refresh_now(shop, NOW)
    segment.refresh_from_db()
    assert (segment.count, numbers(2) <= inside(segment)) == (1, True)
    unmerge(second, boss)
    unmerge(first, boss)
    refresh_now(shop, NOW)
    segment.refresh_from_db()
    assert numbers(1, 2) <= inside(segment)
    assert segment.count == len(inside(segment))


def test_a_fixed_list_has_no_rule(shop: Workspace, boss: Membership, made: Made) -> None:
    segment = made("Guests")
    with pytest.raises(ValidationError):
        change_segment(segment, boss, tree=column("orders", "gte", 1))
    with pytest.raises(ValidationError):
        compute_again(segment, boss)


# -- bounds ------------------------------------------------------------------------------------------------------------
def test_as_many_queries_whatever_the_number_of_customers(
    shop: Workspace, made: Made, django_assert_max_num_queries: Any
) -> None:
    segment = made("Often", column("orders", "gte", 2))
    with django_assert_max_num_queries(25):
        compute(segment, "asked")
    many = Customer.objects.bulk_create(Customer(workspace=shop, name=f"C{n}") for n in range(300))
    Score.objects.bulk_create(
        Score(workspace=shop, customer=one, run=1, as_of=NOW, never_purchased=False, orders=5) for one in many
    )
    with django_assert_max_num_queries(25):
        compute(segment, "asked")
    segment.refresh_from_db()
    assert segment.count == 311
