"""Conditions of lists: what they mean, and what they refuse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zhike_crm.accounts.models import Membership
from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.models import Customer, Score
from zhike_crm.fields.models import FieldDefinition, FieldValue
from zhike_crm.ui.lists import listing
from zhike_crm.ui.lists.conditions import BadCondition, query
from zhike_crm.ui.lists.listing import Question
from zhike_crm.workspaces.models import Workspace

TODAY = dt.date(2026, 11, 1)
MemberOf = Callable[..., Membership]


def where(column: str, name: str, value: Any = None) -> dict[str, Any]:
    return {"column": column, "test": name, "value": value}


@pytest.fixture
def people(workspace: Workspace) -> list[Customer]:
    """Five customers: Ann 100 in Paris, Bob 200, Cid 300 in Rome, Dan without a score, Eve merged away."""
    made = [
        Customer.objects.create(workspace=workspace, name=name, city=city)
        for name, city in (("Ann", "Paris"), ("Bob", ""), ("Cid", "Rome"), ("Dan", "Paris"), ("Eve", "Rome"))
    ]
    Customer.objects.of(workspace).filter(name="Eve").update(merged_into=made[0])
    for i, customer in enumerate(made[:3], start=1):
        Score.objects.create(
            workspace=workspace,
            customer=customer,
            run=1,
            as_of=TODAY,
            never_purchased=False,
            revenue=100.0 * i,
            value_tier=["high", "potential", "at_risk"][i - 1],
            last_at=TODAY - dt.timedelta(days=10 * i),
        )
    return made


@pytest.fixture
def names(member: MemberOf, people: list[Customer]) -> Callable[..., list[str]]:
    def of(conditions: dict[str, Any], role: str = "owner", **question: Any) -> list[str]:
        page = CustomerList(member(role)).page(Question(conditions, **question), TODAY)
        return [row.name for row in page.rows]

    return of


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, ["Cid", "Bob", "Ann", "Dan"]),
        (where("revenue", "gte", 200), ["Cid", "Bob"]),
        (where("revenue", "between", [150, 250]), ["Bob"]),
        (where("revenue", "empty"), ["Dan"]),
        (where("value_tier", "any_of", ["high", "at_risk"]), ["Cid", "Ann"]),
        (where("value_tier", "none_of", ["high"]), ["Cid", "Bob", "Dan"]),
        (where("city", "is", "Paris"), ["Ann", "Dan"]),
        (where("city", "empty"), ["Bob"]),
        (where("city", "lacks", "ar"), ["Cid", "Bob"]),
        (where("last_at", "last_days", 15), ["Ann"]),
        (where("last_at", "before", "2026-10-15"), ["Cid", "Bob"]),
        ({"all": [where("city", "is", "Rome"), where("revenue", "gt", 100)]}, ["Cid"]),
        ({"any": [where("city", "is", "Rome"), where("name", "starts", "b")]}, ["Cid", "Bob"]),
        ({"not": where("city", "is", "Paris")}, ["Cid", "Bob"]),
        ({"not": {"any": [where("revenue", "gt", 150), where("revenue", "empty")]}}, ["Ann"]),
        ({"all": []}, ["Cid", "Bob", "Ann", "Dan"]),
    ],
    ids=str,
)
def test_conditions_mean_what_they_say(names: Any, conditions: dict[str, Any], expected: list[str]) -> None:
    assert names(conditions) == expected


REFUSED = [
    where("password", "is", "x"),
    where("owner__user__password", "is", "x"),
    where("workspace", "is", "1"),
    where("revenue", "regex", ".*"),
    where("revenue", "gte__lt", 1),
    where("name", "icontains", "x"),
    where("revenue", "gt", "much"),
    where("revenue", "gt", float("nan")),
    where("revenue", "between", [1]),
    where("last_at", "before", "yesterday"),
    where("last_at", "last_days", 10**9),
    where("value_tier", "any_of", []),
    where("value_tier", "any_of", [{"a": 1}]),
    where("name", "is", "a\0b"),
    where("name", "is", "x" * 201),
    where("name", "is", "a\ud800"),
    where("name", "\ud800", "a"),
    where("\ud800", "is", "a"),
    where("value_tier", "any_of", ["high", "\udfff"]),
    where("last_at", "before", "\ud800"),
    where("revenue", "gt", "\ud800"),
    {"all": "x"},
    {"unknown": []},
    [],
    {"all": [where("name", "is", "x")] * 51},
]


@pytest.mark.parametrize("conditions", REFUSED, ids=lambda c: str(c)[:60])
def test_what_is_no_condition_is_refused_with_a_sentence(member: MemberOf, conditions: Any) -> None:
    columns = CustomerList(member("owner")).columns
    if conditions == []:
        assert query(conditions, columns, today=TODAY) is not None
        return
    with pytest.raises(BadCondition, match=r"\w") as refused:
        query(conditions, columns, today=TODAY)
    assert str(refused.value).encode()


@pytest.mark.parametrize("value", [10.0**15, 1e16, 1e30, -1e30])
@pytest.mark.parametrize("column", ["orders", "revenue"])
def test_a_number_that_no_column_has_room_for_is_only_large(
    names: Any, people: list[Customer], column: str, value: float
) -> None:
    Score.objects.of(people[0].workspace_id).update(orders=2)
    for test, low in (("gt", value < 0), ("gte", value < 0), ("lt", value > 0), ("lte", value > 0), ("eq", False)):
        assert len(names(where(column, test, value))) == (3 if low else 0), test
    assert len(names(where(column, "between", sorted([0, value])))) == (3 if value > 0 else 0)


@pytest.mark.parametrize(
    "query", [{"where": r'{"column": "orders", "test": "empty", "value": "\ud800"}'}, {"q": "\ud800"}]
)
def test_half_a_character_is_no_question(query: dict[str, str]) -> None:
    with pytest.raises(BadCondition):
        Question.from_query(query)


def test_half_a_character_in_an_address_is_no_error(client_as: Callable[..., Any], people: list[Customer]) -> None:
    client = client_as("owner")
    for value in (r'{"column": "name", "test": "is", "value": "\ud800"}', r'{"column": "\udfff", "test": "is"}'):
        assert client.get("/w/shop/customers/", {"where": value}).status_code in (200, 302)


def test_nesting_ends(member: MemberOf) -> None:
    tree: dict[str, Any] = where("name", "is", "x")
    for _level in range(50):
        tree = {"not": tree}
    with pytest.raises(BadCondition):
        query(tree, CustomerList(member("owner")).columns, today=TODAY)


def test_hidden_columns_cannot_be_found_out(names: Any, member: MemberOf) -> None:
    for role in ("viewer", "analyst"):
        assert not {"email", "phone"} & set(CustomerList(member(role)).columns)
        with pytest.raises(BadCondition):
            names(where("email", "contains", "a"), role=role)
        # Sorting by it is the same as not sorting.
        assert names({}, role=role, sort="email") == names({}, role=role, sort="no_such_column")


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)
    )
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_comes_is_read_or_refused(member: MemberOf, tree: Any) -> None:
    columns = CustomerList(member("owner")).columns
    for conditions in (tree, {"all": [tree]}, {"column": "revenue", "test": "gt", "value": tree}):
        with suppress(BadCondition):
            query(conditions, columns, today=TODAY)


@pytest.mark.parametrize("sort", ["revenue", "-revenue", "name", "-last_at", "field.points", "-field.points"])
@pytest.mark.parametrize("counted", [listing.COUNTED, 1])
def test_both_plans_give_the_same_page(
    names: Any, workspace: Workspace, people: list[Customer], monkeypatch: Any, sort: str, counted: int
) -> None:
    """Few matches are found first and then sorted, many are met along an index: the same rows in the same order."""
    field = FieldDefinition.objects.create(
        workspace=workspace, record_type="customers.customer", name="points", label="Points", kind="number"
    )
    for customer, points in zip(people, (5, 1, 3), strict=False):
        FieldValue.objects.create(workspace=workspace, field=field, record_id=customer.pk, number=points)
    expected = {
        "revenue": ["Ann", "Bob", "Cid", "Dan"],
        "-revenue": ["Cid", "Bob", "Ann", "Dan"],
        "name": ["Ann", "Bob", "Cid", "Dan"],
        "-last_at": ["Ann", "Bob", "Cid", "Dan"],
        "field.points": ["Bob", "Cid", "Ann", "Dan"],
        "-field.points": ["Ann", "Cid", "Bob", "Dan"],
    }[sort]
    monkeypatch.setattr(listing, "COUNTED", counted)
    assert names({}, sort=sort) == expected
    assert names({"not": where("name", "is", "Bob")}, sort=sort) == [n for n in expected if n != "Bob"]
    monkeypatch.setattr(listing, "PAGE", 2)
    assert names({}, sort=sort) + names({}, sort=sort, page=2) == expected


def test_a_list_asks_as_many_questions_whatever_its_length(
    client_as: Callable[..., Any], workspace: Workspace, people: list[Customer], django_assert_max_num_queries: Any
) -> None:
    client = client_as("owner")
    client.get("/w/shop/customers/")
    with django_assert_max_num_queries(12):
        client.get("/w/shop/customers/")
    Customer.objects.bulk_create(Customer(workspace=workspace, name=f"C{i}") for i in range(200))
    with django_assert_max_num_queries(12):
        client.get("/w/shop/customers/?columns=name,owner,revenue")


@pytest.mark.parametrize("today", [TODAY, dt.date(2028, 2, 29), dt.date(2026, 2, 28), dt.date(2026, 12, 31)])
def test_ages_are_those_that_are_shown(workspace: Workspace, member: MemberOf, today: dt.date) -> None:
    """Around every birthday, a leap day's among them: a condition finds whom the column shows with this age."""
    from zhike_crm.ui.lists.columns import age

    born = [
        dt.date(2000, 2, 29),
        dt.date(1999, 3, 1),
        *(today.replace(year=2003, day=28) + dt.timedelta(n) for n in range(-2, 3)),
    ]
    for number, day in enumerate(born):
        Customer.objects.create(workspace=workspace, name=f"{number}", birth_date=day)
    columns = CustomerList(member("owner")).columns
    rows = Customer.objects.of(workspace)
    for years in range(18, 30):
        ages = [age(day, today) for day in born]
        for test, value, expected in (
            ("gte", years, [n for n, one in enumerate(ages) if one >= years]),
            ("lte", years, [n for n, one in enumerate(ages) if one <= years]),
            ("between", [years, years + 2], [n for n, one in enumerate(ages) if years <= one <= years + 2]),
        ):
            met = rows.filter(query(where("age", test, value), columns, today=today))
            assert sorted(int(row.name) for row in met) == expected, (test, value)
