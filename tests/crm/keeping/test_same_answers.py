"""A list says the same from the file of its columns as from the database, whatever is asked, and whatever changed."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from typing import Any

import pytest
from django.db import connection, models
from django.utils import timezone

from tests.crm.keeping.conftest import FIELDS, TODAY, agree, score_of, told
from zhike_crm.accounts.models import Membership
from zhike_crm.customers import keeping
from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.models import Customer, Score
from zhike_crm.segments.models import Segment
from zhike_crm.ui.lists import finding, paging
from zhike_crm.ui.lists.column_tests import TESTS
from zhike_crm.ui.lists.columns import Kind
from zhike_crm.ui.lists.listing import Question
from zhike_crm.workspaces.models import Workspace

pytestmark = pytest.mark.django_db

# Small steps, so that few customers go every way that many do.
WAYS = {
    "looked up": {"CHECKED": 4_000},
    "few are gathered": {"CHECKED": 0, "SAMPLE": 1},
    "gathered": {"CHECKED": 0, "GATHERED": 0, "SAMPLE": 1},
    "sampled": {"CHECKED": 0, "GATHERED": 0, "SAMPLE": 1_000, "STEP": 7},
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in WAYS[request.param].items():
        monkeypatch.setattr(finding, name, value)
    monkeypatch.setattr(paging, "COUNTED", 10_000 if request.param == "looked up" else 5)
    monkeypatch.setattr(paging, "SORTED", 2_000 if request.param == "looked up" else 5)
    monkeypatch.setattr(paging, "PAGE", 8)
    return str(request.param)


VALUES: dict[Kind, list[Any]] = {
    Kind.TEXT: ["ann", "Li", "a_", "%", "李", "ä", "China", "Zoë", "'"],
    Kind.NUMBER: [0, 1, 2, 0.3, -5.5],
    Kind.MONEY: [0, 100, 0.1 + 0.2, 1e12],
    Kind.DATE: ["2026-11-01", "2026-10-22", "2020-01-01"],
    Kind.MOMENT: [timezone.now().date().isoformat(), "0001-01-01", "9999-12-31"],
    Kind.CHOICE: [["high"], ["vip", "growth", "A", "red", "person"], ["none of these"]],
    Kind.YESNO: [None],
    Kind.PERSON: [[1], [2, 3]],
    Kind.LINK: [[1]],
    Kind.GROUP: [[1], [1, 2], [99]],
    Kind.AGE: [26, 46, 76],
}


def every_condition(records: CustomerList) -> list[dict[str, Any]]:
    """Every column with every test of its kind, each with the next value."""
    found = []
    for column in records.columns.values():
        values = itertools.cycle(VALUES[column.kind])
        for test in TESTS[column.kind]:
            for _ in range(3 if column.kind is Kind.TEXT else 1):
                value = next(values)
                asked = [value, value] if test == "between" else 30 if test.endswith("_days") else value
                found.append({"column": column.name, "test": test, "value": asked})
    return found


def _ids_of(conditions: list[dict[str, Any]], workspace: Workspace, members: list[Membership]) -> None:
    """The numbers of people and segments are those of this database."""
    segments = list(Segment.objects.of(workspace).order_by("pk").values_list("pk", flat=True))
    for condition in conditions:
        known = {"owner": [one.pk for one in members], "segment": segments}.get(condition["column"])
        if known and isinstance(condition["value"], list):
            condition["value"] = [known[one - 1] if one <= len(known) else 10**9 for one in condition["value"]]


def test_every_condition_means_the_same(
    kept: None, monkeypatch: pytest.MonkeyPatch, members: list[Membership], workspace: Workspace
) -> None:
    monkeypatch.setattr(finding, "CHECKED", 0)
    conditions = every_condition(CustomerList(members[0]))
    _ids_of(conditions, workspace, members)
    agree(members[0], *(Question(asked) for one in conditions for asked in (one, {"not": one})))


@pytest.fixture
def without_gaps(
    monkeypatch: pytest.MonkeyPatch, people: list[Customer], members: list[Membership], workspace: Workspace
) -> None:
    """Everybody has an owner and every score, so that no column has a NULL."""
    draw = random.Random(5)
    scored = set(Score.objects.of(workspace).values_list("customer_id", flat=True))
    Score.objects.bulk_create(score_of(workspace, one, draw) for one in people if one.pk not in scored)
    filling: dict[type[Any], Any] = {
        models.IntegerField: 2,
        models.FloatField: 7.5,
        models.BooleanField: False,
        models.DateField: TODAY,
        models.CharField: "high",
    }
    for field in Score._meta.concrete_fields:
        value = next((value for kind, value in filling.items() if isinstance(field, kind)), None)
        if field.null:
            value = value[: field.max_length] if isinstance(value, str) else value
            Score.objects.of(workspace).filter(**{f"{field.name}__isnull": True}).update(**{field.name: value})
    Customer.objects.of(workspace).filter(owner=None).update(owner=members[1])
    Customer.objects.of(workspace).update(updated_at=timezone.now() - dt.timedelta(days=3))
    monkeypatch.setattr(keeping, "MANY", 1)
    keeping.keep_again(workspace)


def test_every_condition_means_the_same_where_nothing_is_missing(
    without_gaps: None, monkeypatch: pytest.MonkeyPatch, members: list[Membership], workspace: Workspace
) -> None:
    monkeypatch.setattr(finding, "CHECKED", 0)
    records = CustomerList(members[0])
    assert records.kept is not None
    assert not records.kept.table.column("score__orders").null_count
    conditions = every_condition(records)
    _ids_of(conditions, workspace, members)
    conditions += [
        {"column": column, "test": test, "value": [0, value] if test == "between" else value}
        for column in ("orders", "rank", "recency_days", "warnings")
        for test in ("eq", "lt", "lte", "gt", "gte", "between")
        for value in (2.5, 1e30, -1e30, 2)
    ]
    agree(members[0], *(Question(asked) for one in conditions for asked in (one, {"not": one})))
    orders = ("orders", "-rank", "recency_days", "owner", "-owner")
    agree(members[1], *(Question(search="ann", sort=sort) for sort in orders))


def test_every_order_is_the_same(kept: None, way: str, members: list[Membership]) -> None:
    red = {"column": "field.colour", "test": "any_of", "value": ["red"]}
    growing = {"column": "stage", "test": "any_of", "value": ["growth"]}
    some = {"any": [growing, red, {"column": "city", "test": "empty"}]}
    columns = ["name", "revenue", "stage", "owner", "created_at", "last_at", "no such column", *FIELDS]
    asked = itertools.product(columns, ("", "-"), (1, 6, 40), (some,) if way != "looked up" else ({}, some))
    agree(members[0], *(Question(where, sort=f"{sign}{name}", page=page) for name, sign, page, where in asked))


def test_conditions_together_mean_the_same(
    kept: None, way: str, members: list[Membership], workspace: Workspace
) -> None:
    draw = random.Random(11)
    conditions = every_condition(CustomerList(members[0]))
    _ids_of(conditions, workspace, members)

    def tree(depth: int) -> dict[str, Any]:
        if depth == 0 or draw.random() < 0.3:
            return draw.choice(conditions)
        if draw.random() < 0.25:
            return {"not": tree(depth - 1)}
        return {draw.choice(["all", "any"]): [tree(depth - 1) for _ in range(draw.randint(0, 3))]}

    orders = ["", "-clv", "revenue", "stage", "-name", "owner", "-field.points", "created_at"]
    for by in members:
        words = ["", "", "ann", "Ä", "P1"]
        asked = [(tree(3), draw.choice(words), draw.choice(orders), draw.choice([1, 1, 2, 4])) for _ in range(25)]
        agree(by, *(Question(where, search, sort=sort, page=page) for where, search, sort, page in asked))


def test_searching_finds_the_same(kept: None, members: list[Membership]) -> None:
    for by in members:
        agree(by, *(Question(search=words) for words in ("ann", "ANN", "李", "ä", "P1", "p1", "+86", "nobody", "%")))


def test_a_number_is_found_by_the_search(kept: None, people: list[Customer], members: list[Membership]) -> None:
    records = CustomerList(members[0])
    assert records.kept is not None
    assert people[10].pk in told(records, Question(search=f"C{people[10].pk}"))[0]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL takes no NUL")
def test_a_text_ends_for_the_file_where_it_ends_for_the_database(
    monkeypatch: pytest.MonkeyPatch, people: list[Customer], members: list[Membership], workspace: Workspace
) -> None:
    long_ago = timezone.now() - dt.timedelta(days=3)
    for one, text in zip(people[10:14], ("Ann\0hidden", "\0Ann", "Zed\0", "Köln\0\nBonn"), strict=True):
        Customer.objects.of(workspace).filter(pk=one.pk).update(name=text, city=text, updated_at=long_ago)
    monkeypatch.setattr(keeping, "MANY", 1)
    monkeypatch.setattr(finding, "CHECKED", 0)
    keeping.keep_again(workspace)
    words = ("ann", "hidden", "Zed", "bonn", "Köln")
    tests = ("contains", "lacks", "is", "is_not", "starts", "empty", "filled")
    asked = itertools.product(("name", "city"), tests, words)
    agree(members[0], *(Question({"column": column, "test": test, "value": word}) for column, test, word in asked))
    agree(members[0], *(Question(search=word) for word in words))
