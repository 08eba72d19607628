"""What changed after the file was written is known to the list, few customers or very many."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from tests.crm.keeping.conftest import TODAY, agree, files
from zhike_crm.accounts.models import Membership
from zhike_crm.customers import keeping
from zhike_crm.customers.actions import change_customer, delete_customer, restore_customer
from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.merging import merge, unmerge
from zhike_crm.customers.models import Customer, ScoredRun
from zhike_crm.jobs.models import Job
from zhike_crm.jobs.queue import HANDLERS
from zhike_crm.ui.lists import finding, paging
from zhike_crm.ui.lists.bulk import apply, undo
from zhike_crm.ui.lists.listing import Question
from zhike_crm.workspaces.models import Workspace

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize("doings", [1, 2, 3])
def test_what_many_changed_together_shortly_before_is_in_the_file(
    monkeypatch: pytest.MonkeyPatch,
    doings: int,
    kept: None,
    members: list[Membership],
    people: list[Customer],
    workspace: Workspace,
) -> None:
    """As after a copy a minute earlier, which made them all."""
    monkeypatch.setattr(keeping, "TOGETHER", 5)
    for number in range(doings):
        some = [one.pk for one in people[number * 20 : number * 20 + 20]]
        Customer.objects.of(workspace).filter(pk__in=some).update(city=f"Köln {number}")
    keeping.keep_again(workspace)
    file = CustomerList(members[0]).kept
    assert file is not None
    together = {pk for pk in file.ids.tolist() if pk in {one.pk for one in people[: doings * 20]}}
    assert len(file.seen) >= doings
    assert not together & set(keeping.changed_since(file, workspace).values_list("pk", flat=True))
    change_customer(people[0], members[0], city="Bonn")
    assert people[0].pk in keeping.changed_since(file, workspace).values_list("pk", flat=True)
    agree(members[0], *(Question({"column": "city", "test": "is", "value": city}) for city in ("Köln 0", "Bonn")))


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
