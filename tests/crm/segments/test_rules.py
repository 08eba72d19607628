"""What rules mean, on customers counted by hand; what they refuse; segments that ask about segments."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.crm.segments.conftest import bought, column, inside, work
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.lists import CustomerList
from zhike_crm.segments.actions import change_segment
from zhike_crm.segments.models import Segment
from zhike_crm.segments.rules import check, in_order, used
from zhike_crm.ui.lists.conditions import BadCondition
from zhike_crm.workspaces.models import Workspace

pytestmark = pytest.mark.django_db
Made = Callable[..., Segment]


def numbers(*found: int) -> set[str]:
    return {f"{number:02}" for number in found}


EVERYBODY = set(range(1, 13))
EVEN, ODD = set(range(2, 13, 2)), set(range(1, 13, 2))


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (column("orders", "gte", 10), {10, 11, 12}),
        (column("city", "is", "上海"), ODD),
        (column("age", "lte", 28), {12}),
        (column("age", "between", [60, 68]), {2, 3, 4}),
        (column("age", "gte", 72), {1}),
        (bought("at_least", 10), {10, 11, 12}),
        (bought("at_least", 1, category="tea"), EVEN),
        (bought("at_least", 3, 60), set()),
        (bought("at_least", 2, 60), EVERYBODY - {1}),
        (bought("none", None, None, category="Tea"), ODD),
        (bought("at_most", 2), {1, 2}),
        (bought("amount_at_least", 1000), {10, 11, 12}),
        (bought("amount_at_least", 1000, category="Tea"), {10, 12}),
        ({"event": "ticket", "test": "at_least", "value": 1}, {3, 6, 9, 12}),
        ({"event": "ticket", "test": "none"}, EVERYBODY - {3, 6, 9, 12}),
        ({"event": "touch", "test": "none"}, EVERYBODY),
        ({"event": "touch", "test": "at_least", "value": 1}, set()),
        (
            {
                "event": "profile",
                "test": "at_least",
                "value": 1,
                "where": [{"detail": "tags", "test": "contains", "value": "yog"}],
            },
            {1, 2, 3},
        ),
        ({"all": [bought("at_least", 1, category="tea"), column("orders", "gte", 7)]}, {8, 10, 12}),
        ({"any": [column("orders", "eq", 1), {"event": "ticket", "test": "at_least", "value": 1}]}, {1, 3, 6, 9, 12}),
        ({"not": {"any": [bought("at_least", 1, category="tea"), column("orders", "lt", 9)]}}, {9, 11}),
    ],
    ids=str,
)
def test_rules_mean_what_they_say(shop: Workspace, made: Made, tree: dict[str, Any], expected: set[int]) -> None:
    segment = made("Asked", tree)
    assert segment.problem == ""
    assert inside(segment) == numbers(*expected)
    assert segment.count == len(expected)


def test_before_the_first_refresh_nobody_did_anything(workspace: Workspace, boss: Membership, made: Made) -> None:
    from zhike_crm.customers.actions import create_customer

    create_customer(boss, name="Name 01")
    assert inside(made("Bought", bought("at_least", 1))) == set()
    assert inside(made("Never bought", bought("none"))) == numbers(1)


REFUSED = [
    {},
    {"all": []},
    [],
    {"event": "burglary", "test": "none"},
    {"all": [{"event": "purchase", "test": "at_least", "value": "x"}]},
    column("password", "is", "x"),
    column("segment", "any_of", ["999"]),
    column("segment", "any_of", ["1 OR 1=1"]),
    column("segment", "any_of", [10**30]),
    column("segment", "contains", "1"),
    column("age", "gte", 1.5),
    column("age", "gte", -1),
    column("age", "between", [1]),
    {"raw": "1=1"},
    {"all": [bought("at_least", 1)] * 51},
]


@pytest.mark.parametrize("tree", REFUSED, ids=lambda tree: str(tree)[:60])
def test_what_is_no_rule_is_refused_with_a_sentence(boss: Membership, tree: Any) -> None:
    with pytest.raises(BadCondition, match=r"\w"):
        check(tree, CustomerList(boss))


def test_a_wrong_condition_is_named_by_its_place(boss: Membership) -> None:
    good = column("orders", "gte", 1)
    tree = {"all": [good, {"any": [good, bought("at_least", 0)]}]}
    with pytest.raises(BadCondition) as caught:
        check(tree, CustomerList(boss))
    assert caught.value.place == 2
    with pytest.raises(BadCondition) as caught:
        check({"all": [good, column("segment", "any_of", ["999"])]}, CustomerList(boss))
    assert caught.value.place == 1


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)
    )
)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_comes_is_read_or_refused(boss: Membership, anything: Any) -> None:
    records = CustomerList(boss)
    for tree in (anything, {"all": [anything]}, column("segment", "any_of", anything), bought("at_least", anything)):
        with suppress(BadCondition):
            check(tree, records)


def test_a_segment_can_ask_about_another(shop: Workspace, made: Made) -> None:
    tea = made("Tea", bought("at_least", 1, category="tea"))
    often = column("orders", "gte", 9)
    both = made("Tea, often", {"all": [column("segment", "any_of", [str(tea.pk)]), often]})
    other = made("Often, no tea", {"all": [column("segment", "none_of", [tea.pk]), often]})
    assert inside(both) == numbers(10, 12)
    assert inside(other) == numbers(9, 11)


def test_who_depends_on_a_segment_follows_it(shop: Workspace, boss: Membership, made: Made) -> None:
    tea = made("Tea", bought("at_least", 1, category="tea"))
    second = made("Second", column("segment", "any_of", [str(tea.pk)]))
    third = made("Third", column("segment", "any_of", [str(second.pk)]))
    frozen = made("Frozen", column("segment", "any_of", [str(tea.pk)]), dynamic=False)
    change_segment(tea, boss, tree=column("orders", "eq", 5))
    work()
    assert inside(second) == inside(third) == numbers(5)
    assert inside(frozen) == numbers(*EVEN)


@pytest.mark.parametrize("written", ["{}", " {} ", "+{}"])
def test_a_segment_cannot_depend_on_itself(shop: Workspace, boss: Membership, made: Made, written: str) -> None:
    first = made("First", column("orders", "gte", 1))
    second = made("Second", column("segment", "any_of", [str(first.pk)]))
    third = made("Third", {"not": column("segment", "any_of", [str(second.pk)])})
    for segment, way in ((first, "First → First"), (second, "First → Second → First"), (third, "Third → Second")):
        with pytest.raises(BadCondition, match=way):
            change_segment(first, boss, tree=column("segment", "none_of", [written.format(segment.pk)]))
    first.refresh_from_db()
    assert first.tree == column("orders", "gte", 1)
    assert inside(first) == numbers(*EVERYBODY)


def test_those_that_others_ask_about_come_first() -> None:
    def segment(pk: int, *asked: int) -> Segment:
        return Segment(pk=pk, tree={"any": [column("segment", "any_of", [str(one)]) for one in asked]})

    rows = [segment(1, 3), segment(2, 1, 3), segment(3, 4), segment(4, 99)]
    assert [row.pk for row in in_order(rows)] == [4, 3, 1, 2]
    # A circle that two people made at the same moment ends too.
    assert {row.pk for row in in_order([segment(1, 2), segment(2, 1)])} == {1, 2}
    assert used({"not": column("segment", "any_of", "7")}) == {7}


def test_hidden_columns_cannot_be_asked_about(member: Callable[..., Membership]) -> None:
    for name in ("email", "phone", "gender", "age"):
        with pytest.raises(BadCondition):
            check(column(name, "filled"), CustomerList(member("analyst")))
        check(column(name, "filled"), CustomerList(member("marketer")))


def test_of_another_workspace_nobody_is_asked(
    shop: Workspace, made: Made, other_workspace: Workspace, boss: Membership
) -> None:
    stranger = Membership.objects.of(other_workspace).select_related("workspace", "user").get()
    tea = made("Tea", bought("at_least", 1, category="tea"))
    with pytest.raises(BadCondition, match="no segment"):
        check(column("segment", "any_of", [str(tea.pk)]), CustomerList(stranger))
    from zhike_crm.ui.lists.listing import Question

    for test in ("any_of", "none_of", "filled", "empty"):
        asked = Question(column("segment", test, [str(tea.pk)]))
        assert CustomerList(stranger).page(asked, __import__("datetime").date.today()).rows == []
