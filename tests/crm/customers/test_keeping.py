"""A list says the same from the file of its columns as from the database, whatever is asked, and whatever changed."""

from __future__ import annotations

import datetime as dt
import errno
import itertools
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.db import connection, models, transaction
from django.utils import timezone

from zhike_crm import bulk
from zhike_crm.accounts.models import Membership, Team
from zhike_crm.customers import keeping
from zhike_crm.customers.actions import change_customer, delete_customer, restore_customer
from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.merging import merge, unmerge
from zhike_crm.customers.models import Customer, Identity, Score, ScoredRun
from zhike_crm.fields.models import FieldDefinition, FieldValue
from zhike_crm.jobs.models import Job
from zhike_crm.jobs.queue import HANDLERS
from zhike_crm.segments.models import Member, Segment
from zhike_crm.ui.lists import finding, paging
from zhike_crm.ui.lists.bulk import apply, undo
from zhike_crm.ui.lists.column_tests import TESTS
from zhike_crm.ui.lists.columns import Kind
from zhike_crm.ui.lists.listing import Question
from zhike_crm.workspaces.models import Workspace

pytestmark = pytest.mark.django_db

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
    Score.objects.bulk_create(_score(workspace, one, draw) for one in made if one.pk % 7)
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


def _score(workspace: Workspace, customer: Customer, draw: random.Random) -> Score:
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
    Score.objects.bulk_create(_score(workspace, one, draw) for one in people if one.pk not in scored)
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


# -- what changes after the file was written ---------------------------------------------------------------------------
def _new(by: Membership, people: list[Customer]) -> None:
    Customer.objects.create(workspace=by.workspace, name="Aaron", city="Köln", owner=by)


def _changed(by: Membership, people: list[Customer]) -> None:
    change_customer(people[0], by, name="Aaron", city="Köln")


def _deleted(by: Membership, people: list[Customer]) -> None:
    delete_customer(people[10], by)


def _restored(by: Membership, people: list[Customer]) -> None:
    restore_customer(people[3], by)


def _merged(by: Membership, people: list[Customer]) -> None:
    merge(people[20], people[21], by)


def _unmerged(by: Membership, people: list[Customer]) -> None:
    unmerge(merge(people[20], people[21], by), by)


def _given_away(by: Membership, people: list[Customer]) -> None:
    Customer.objects.of(by.workspace).filter(pk__in=[one.pk for one in people[30:60]]).update(owner=by, city="Köln")


CHANGES = [_new, _changed, _deleted, _restored, _merged, _unmerged, _given_away]


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_since_is_known(
    kept: None,
    monkeypatch: pytest.MonkeyPatch,
    members: list[Membership],
    people: list[Customer],
    change: Callable[..., None],
) -> None:
    monkeypatch.setattr(paging, "PAGE", 40)
    monkeypatch.setattr(paging, "COUNTED", 30)
    change(members[0], people)
    here = {"column": "city", "test": "is", "value": "Köln"}
    rich = {"column": "revenue", "test": "gte", "value": 100}
    points = {"column": "field.points", "test": "gt", "value": 1}
    asked = [
        Question(conditions, sort=sort, page=1 + len(sort) % 2)
        for conditions in ({}, here, {"not": here}, {"any": [rich, here]}, {"all": [points, {"not": here}]})
        for sort in ("", "-name", "-field.points")
    ]
    for by in members[:2]:
        agree(by, *asked, Question(search="aaron"))


def test_every_write_moves_the_moment_of_the_last_change(people: list[Customer], members: list[Membership]) -> None:
    def moment() -> dt.datetime:
        return Customer.objects.of(people[0].workspace_id).get(pk=people[0].pk).updated_at

    seen = moment()
    for write in (
        lambda: Customer.objects.of(people[0].workspace_id).filter(pk=people[0].pk).update(city="Bonn"),
        lambda: people[0].save(update_fields=["city"]),
        lambda: people[0].save(),
    ):
        write()
        assert moment() > seen
        seen = moment()


# -- the file itself ---------------------------------------------------------------------------------------------------
def files(workspace: Workspace) -> list[Path]:
    return sorted((workspace.folder / "lists").glob("*"))


def test_without_its_file_a_list_asks_the_database(kept: None, members: list[Membership], workspace: Workspace) -> None:
    (file,) = files(workspace)
    file.unlink()
    records = CustomerList(members[0])
    assert records.kept is None
    assert records.page(Question(), TODAY).rows


def test_a_file_that_nobody_can_read_is_as_good_as_none(
    kept: None, members: list[Membership], workspace: Workspace
) -> None:
    (file,) = files(workspace)
    file.write_bytes(b"ARROW1 but not really")
    assert CustomerList(members[0]).kept is None


@pytest.mark.django_db(transaction=True)
def test_one_file_stays(kept: None, members: list[Membership], workspace: Workspace) -> None:
    """Those of earlier copies go once a later one stands; one that was never named goes with them."""
    (first,) = files(workspace)
    first.with_name("left.part").write_bytes(b"")
    with suppress(RuntimeError), transaction.atomic():
        keeping.keep_again(workspace)
        raise RuntimeError
    assert first in files(workspace)
    assert CustomerList(members[0]).kept is not None
    keeping.keep_again(workspace)
    (second,) = files(workspace)
    assert second != first
    assert CustomerList(members[0]).kept is not None


def test_few_customers_need_no_file(people: list[Customer], workspace: Workspace, members: list[Membership]) -> None:
    keeping.keep_again(workspace)
    assert ScoredRun.objects.of(workspace).get().columns == ""
    assert not files(workspace)
    assert CustomerList(members[0]).kept is None


def test_a_file_that_cannot_be_written_fails_nothing(
    kept: None, monkeypatch: pytest.MonkeyPatch, caplog: Any, members: list[Membership], workspace: Workspace
) -> None:
    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = files(workspace)
    monkeypatch.setattr("zhike_crm.ui.lists.kept.os.fsync", full)
    keeping.keep_again(workspace)
    assert files(workspace) == before
    assert "No space left" in caplog.text
    with duckdb.connect() as con, transaction.atomic():
        con.register("current", bulk.read(Score, ["customer_id", *keeping.SCORES], workspace.pk))
        assert keeping.keep(con, workspace, None) == ""
    assert files(workspace) == before
    assert CustomerList(members[0]).kept is not None


def test_where_its_folder_cannot_be_made_the_database_is_asked(
    monkeypatch: pytest.MonkeyPatch, people: list[Customer], members: list[Membership], workspace: Workspace
) -> None:
    workspace.folder.mkdir(parents=True, exist_ok=True)
    (workspace.folder / "lists").write_text("in the way")
    monkeypatch.setattr(keeping, "MANY", 1)
    keeping.keep_again(workspace)
    keeping.tidy(workspace)
    (workspace.folder / "lists").unlink()
    assert CustomerList(members[0]).page(Question(), TODAY).rows


# -- when very many have changed ---------------------------------------------------------------------------------------
@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhike_crm.ui.lists.kept.OUTDATED", 20)
    monkeypatch.setattr(keeping, "_PAUSE", 0)


def test_everybody_is_asked_of_the_database_once_very_many_have_changed(
    kept: None,
    few_are_many: None,
    monkeypatch: pytest.MonkeyPatch,
    members: list[Membership],
    people: list[Customer],
) -> None:
    asked = [Question(), Question(sort="-clv"), Question({"column": "city", "test": "is", "value": "Köln"})]
    read: list[Question] = []
    finder = finding.Finder.__init__

    def noted(self: Any, records: Any, kept: Any, question: Question, *more: Any) -> None:
        read.append(question)
        finder(self, records, kept, question, *more)

    monkeypatch.setattr(finding.Finder, "__init__", noted)
    agree(members[0], *asked)
    assert read == asked
    _given_away(members[0], people)
    agree(members[0], *asked)
    assert read[3:] == asked[2:]


def test_changing_very_many_at_once_has_the_file_written_again(
    kept: None, few_are_many: None, members: list[Membership], people: list[Customer], workspace: Workspace
) -> None:
    records = CustomerList(members[0])
    city = next(action for action in records.actions if action.name == "city")
    jobs = Job.objects.of(workspace).filter(kind=keeping.KEEP)
    apply(city, records.rows().filter(pk__in=[one.pk for one in people[30:45]]), {"value": "Ulm"}, members[0])
    assert not jobs.exists()
    for place in ("Jena", "Ulm"):
        done = apply(city, records.rows(), {"value": place}, members[0])
    job = jobs.get()
    # The changes are as old as they will be when the job runs.
    Customer.objects.of(workspace).update(updated_at=timezone.now() - keeping._MARGIN * 1.5)
    (before,) = files(workspace)
    ScoredRun.objects.of(workspace).update(run=2)
    HANDLERS[job.kind](job, lambda _step: None)
    found = ScoredRun.objects.of(workspace).get()
    assert (found.run, found.columns != before.stem) == (2, True)
    later = CustomerList(members[0])
    assert later.kept is not None
    assert not later.changed(later.kept).exists()
    assert later.page(Question({"column": "city", "test": "is", "value": "Ulm"}), TODAY).total == len(records.rows())
    job.delete()
    undo(workspace, done.group, members[0])
    assert jobs.count() == 1


def test_the_job_waits_until_the_changes_are_old_enough(
    kept: None, few_are_many: None, monkeypatch: pytest.MonkeyPatch, people: list[Customer], workspace: Workspace
) -> None:
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            Customer.objects.of(workspace).update(updated_at=timezone.now() - keeping._MARGIN * 1.5)

    monkeypatch.setattr("zhike_crm.customers.keeping.time.sleep", sleep)
    Customer.objects.of(workspace).update(city="Ulm")
    keeping.keep_up(workspace)
    assert len(waited) == 3
