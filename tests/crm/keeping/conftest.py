"""Ninety customers with everything a list can ask about, some of it missing, and the file of their columns."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from zhike_crm.accounts.models import Membership, Team
from zhike_crm.customers import keeping
from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.models import Customer, Identity, Score, ScoredRun
from zhike_crm.fields.models import FieldDefinition, FieldValue
from zhike_crm.segments.models import Member, Segment
from zhike_crm.ui.lists.listing import Question
from zhike_crm.workspaces.models import Workspace

TODAY = dt.date(2026, 11, 1)
NUMBER = 90
FIELDS = tuple(f"field.{name}" for name in ("points", "colour", "since", "remark", "vegan"))
MemberOf = Callable[..., Membership]


@pytest.fixture
def members(member: MemberOf, workspace: Workspace) -> list[Membership]:
    """One who sees all, one who sees their team's, one who sees their own."""
    boss, one, other = member("owner"), member("sales"), member("service")
    team = Team.objects.create(workspace=workspace, name="North")
    Membership.objects.of(workspace).filter(pk__in=[one.pk, other.pk]).update(team=team)
    one, other = (Membership.objects.of(workspace).get(pk=who.pk) for who in (one, other))
    one.sees, other.sees = "team", "own"
    one.save()
    other.save()
    return [boss, one, other]


@pytest.fixture
def people(workspace: Workspace, members: list[Membership]) -> list[Customer]:
    """Customers with every kind of value, ties and gaps among them; some hidden, some without scores."""
    draw = random.Random(7)
    rows = [_customer(workspace, members, draw, number) for number in range(NUMBER)]
    made = Customer.objects.bulk_create(rows)
    Identity.objects.bulk_create(
        Identity(workspace=workspace, customer=one, first_customer=one, identity=f"C{one.pk}") for one in made
    )
    Score.objects.bulk_create(score_of(workspace, one, draw) for one in made if one.pk % 7)
    _fields(workspace, made, draw)
    _segments(workspace, made)
    Customer.objects.of(workspace).filter(pk__in=[made[3].pk, made[4].pk]).update(deleted_at=timezone.now())
    Customer.objects.of(workspace).filter(pk=made[5].pk).update(merged_into=made[6])
    long_ago = timezone.now() - dt.timedelta(days=3)
    Customer.objects.of(workspace).update(updated_at=long_ago)
    ScoredRun.objects.create(workspace=workspace, run=1)
    return made


def _customer(workspace: Workspace, members: list[Membership], draw: random.Random, number: int) -> Customer:
    return Customer(
        workspace=workspace,
        name=draw.choice(["Ann Li", "ann", "Bob%", "李伟", "Zoë", "ÄNNE", "a_b", "O'Neil"])
        + draw.choice(["", " 1", " 2"]),
        kind=draw.choice(["person", "company"]),
        email=draw.choice(["", f"P{number}@example.com", f"p{number}@example.net"]),
        phone=draw.choice(["", "+86 13", "0049 1", f"+86 {number}"]),
        gender=draw.choice(["", "female", "male"]),
        birth_date=draw.choice([None, dt.date(1980, 5, 5), dt.date(2000, 2, 29), dt.date(1950, 11, 1)]),
        country=draw.choice(["China", "Germany", "china", ""]),
        region=draw.choice(["", "North"]),
        city=draw.choice(["", "Köln", "Bonn", "北京"]),
        owner=draw.choice([None, None, *members]),
    )


def score_of(workspace: Workspace, customer: Customer, draw: random.Random) -> Score:
    some = lambda *values: draw.choice([None, *values])  # noqa: E731
    return Score(
        workspace=workspace,
        customer=customer,
        run=1,
        as_of=TODAY,
        never_purchased=draw.random() < 0.2,
        value_tier=some("high", "potential", "at_risk"),
        grade=some("vip", "new"),
        stage=some("churn", "growth"),
        abc=some("A", "C"),
        octant=some("champions"),
        churn_risk=some("high", "low"),
        revenue=some(-5.5, 0.0, 100.0, 100.0, 0.1 + 0.2, 1e12),
        clv=some(1.0, 2.0),
        orders=some(0, 1, 2),
        rank=some(1, 2, 3),
        recency_days=some(0, 40),
        warnings=some(0, 1, 2),
        warn_carts=some(True, False),
        first_at=some(TODAY, TODAY - dt.timedelta(400)),
        last_at=some(TODAY, TODAY - dt.timedelta(10), TODAY - dt.timedelta(400)),
    )


def _fields(workspace: Workspace, made: list[Customer], draw: random.Random) -> None:
    values: dict[str, tuple[str, list[Any]]] = {
        "points": ("number", [1.0, 2.0, 2.0]),
        "colour": ("choice", ["red", "blue"]),
        "since": ("date", [TODAY, dt.date(2020, 1, 1)]),
        "remark": ("text", ["ann", "Ä"]),
        "vegan": ("yesno", [0.0, 1.0]),
    }
    for name, (kind, possible) in values.items():
        field = FieldDefinition.objects.create(
            workspace=workspace, record_type="customers.customer", name=name, label=name, kind=kind
        )
        FieldValue.objects.bulk_create(
            FieldValue(workspace=workspace, field=field, record_id=one.pk, **{field.column: draw.choice(possible)})
            for one in made
            if draw.random() < 0.6
        )


def _segments(workspace: Workspace, made: list[Customer]) -> None:
    for name, of in (("half", 2), ("few", 30)):
        segment = Segment.objects.create(workspace=workspace, name=name, kind=Segment.Kind.LIST, count=len(made) // of)
        Member.objects.bulk_create(
            Member(workspace=workspace, segment=segment, customer=one, entered_at=timezone.now()) for one in made[::of]
        )


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, people: list[Customer], workspace: Workspace) -> None:
    monkeypatch.setattr(keeping, "MANY", 1)
    keeping.keep_again(workspace)


def told(records: CustomerList, question: Question) -> Any:
    page = records.page(question, TODAY)
    return [row.pk for row in page.rows], page.total, page.more


def agree(by: Membership, *questions: Question) -> None:
    fast, slow = CustomerList(by), CustomerList(by)
    assert fast.kept is not None
    slow.__dict__["kept"] = None
    for question in questions:
        assert told(fast, question) == told(slow, question), question


def files(workspace: Workspace) -> list[Path]:
    return sorted((workspace.folder / "lists").glob("*"))
