"""Fields that imports made go when nothing fills them any more, whatever the order, unless somebody uses them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest

from tests.crm.imports.conftest import again, columns_of
from tests.crm.imports.test_own_fields import HEADINGS, ROWS, form_of, refreshed, through
from zhike.errors import InputError
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.actions import RECORD_TYPE, change_customer, create_customer
from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.models import Customer
from zhike_crm.fields.actions import change_field
from zhike_crm.fields.models import FieldDefinition
from zhike_crm.fields.values import definitions
from zhike_crm.imports import actions, tasks
from zhike_crm.imports.models import Import
from zhike_crm.imports.own_fields import offers
from zhike_crm.jobs.models import Job
from zhike_crm.jobs.models import State as JobState
from zhike_crm.segments.actions import create_segment
from zhike_crm.ui.lists.listing import Question
from zhike_crm.ui.lists.views import save
from zhike_crm.workspaces.models import Workspace

__all__ = ["through"]
Made = Callable[..., Import]
LABELS = ["Education", "AGE DESC", "Kids", "Loyal"]


@pytest.fixture
def by(member: Callable[..., Membership]) -> Membership:
    return member("owner")


@pytest.fixture
def found(imported: Made) -> Import:
    return imported(*ROWS, headings=HEADINGS, name="people.csv", until="found")


@pytest.fixture
def later(imported: Made) -> Import:
    """Another file with the same columns, about other people."""
    return imported(*(row.replace("h", "k", 1) for row in ROWS), headings=HEADINGS, name="more.csv", until="found")


def labels(workspace: Workspace) -> list[str]:
    return [field.label for field in definitions(workspace, RECORD_TYPE)]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_last_file_takes_its_fields_along(
    found: Import, later: Import, through: Any, by: Membership, workspace: Workspace, work: Any, order: tuple[int, int]
) -> None:
    landed = [through(found), through(later)]
    assert labels(workspace) == LABELS
    actions.undo(again(landed[order[0]]), by=by)
    work()
    assert labels(workspace) == LABELS
    actions.delete(again(landed[order[0]]), by=by)
    actions.undo(again(landed[order[1]]), by=by)
    work()
    assert not FieldDefinition.objects.of(workspace).exists()


def test_values_and_what_people_arranged_are_kept_in_the_archive(
    found: Import, through: Any, by: Membership, workspace: Workspace
) -> None:
    landed = through(found)
    kids, loyal = (FieldDefinition.objects.of(workspace).get(label=label) for label in ("Kids", "Loyal"))
    change_field(kids, by, label="Children")
    actions.undo(landed, by=by)
    assert [field.label for field in FieldDefinition.objects.of(workspace)] == ["Children"]
    assert not FieldDefinition.objects.of(workspace).filter(pk=loyal.pk).exists()
    assert labels(workspace) == []


def test_what_somebody_uses_stays(found: Import, through: Any, by: Membership, workspace: Workspace, work: Any) -> None:
    landed = through(found)
    refreshed(workspace, 1)
    records = CustomerList(by)
    save(records, "Mine", Question(columns=["name", "field.kids"]), shared=False)
    save(records, "Ages", Question(sort="-field.age_desc"), shared=False)
    create_segment(by, name="Loyal", tree={"column": "field.loyal", "test": "yes"})
    change_customer(Customer.objects.of(workspace).get(name="Ann 1"), by, custom={"education": "phd"})
    actions.undo(landed, by=by)
    assert labels(workspace) == LABELS


def broken(*_: Any, **__: Any) -> Any:
    raise InputError("The disk of {file} is full.", fix="Make room.", file="x")


def test_an_import_that_fails_leaves_no_fields(
    found: Import, by: Membership, workspace: Workspace, work: Any, monkeypatch: pytest.MonkeyPatch, client_as: Any
) -> None:
    browser, address = client_as("owner"), f"/w/shop/imports/{found.pk}/"
    browser.post(f"{address}columns", form_of(found, by))
    work()
    with monkeypatch.context() as patched:
        patched.setattr(tasks, "import_file", broken)
        browser.post(f"{address}run")
        assert labels(workspace) == LABELS
        work()
    assert again(found).has_failed
    assert not FieldDefinition.objects.of(workspace).exists()
    browser.post(f"{address}run")
    work()
    assert labels(workspace) == LABELS


def test_what_was_typed_and_taken_back_stays_hidden_in_the_log(
    found: Import, by: Membership, workspace: Workspace, client_as: Any, work: Any
) -> None:
    browser, address = client_as("owner"), f"/w/shop/imports/{found.pk}/"
    browser.post(f"{address}columns", form_of(found, by, AGE_DESC="text"))
    work()
    browser.post(f"{address}run")
    work()
    field = FieldDefinition.objects.of(workspace).get(label="AGE DESC")
    assert field.personal
    somebody = create_customer(by, name="Somebody", kind="person", custom={field.name: "nobody's business"})
    change_customer(somebody, by, custom={field.name: None})
    actions.undo(again(found), by=by)
    work()
    seen = client_as("viewer").get(f"/w/shop/customers/{somebody.pk}/").content.decode()
    assert "nobody's business" not in unescape(seen)
    assert FieldDefinition.objects.of(workspace).filter(pk=field.pk, archived_at__isnull=False).exists()


def test_nor_does_one_whose_worker_died(found: Import, by: Membership, workspace: Workspace, client_as: Any) -> None:
    browser, address = client_as("owner"), f"/w/shop/imports/{found.pk}/"
    browser.post(f"{address}columns", form_of(found, by))
    Import.objects.of(workspace).update(state="checked")
    Job.objects.of(workspace).update(state=JobState.DONE)
    browser.post(f"{address}run")
    assert labels(workspace) == LABELS
    Job.objects.of(workspace).filter(kind="import").update(state=JobState.FAILED, finished_at=dt.datetime.now(dt.UTC))
    browser.post(f"{address}delete")
    assert not Import.objects.of(workspace).filter(pk=found.pk).exists()
    assert not FieldDefinition.objects.of(workspace).exists()


def test_a_file_on_its_way_keeps_what_it_will_fill(
    found: Import, later: Import, through: Any, by: Membership, workspace: Workspace, work: Any, client_as: Any
) -> None:
    landed = through(found)
    browser, address = client_as("owner"), f"/w/shop/imports/{later.pk}/"
    browser.post(f"{address}columns", form_of(later, by))
    work()
    browser.post(f"{address}run")
    actions.undo(again(landed), by=by)
    assert labels(workspace) == LABELS
    work()
    actions.undo(again(later), by=by)
    assert labels(workspace) == []


def test_a_field_of_the_archive_takes_no_room(
    found: Import, through: Any, by: Membership, workspace: Workspace, work: Any, imported: Made
) -> None:
    """Brought back, it is the same one: at the limit it is still proposed."""
    landed = through(found)
    refreshed(workspace, 1)
    actions.undo(landed, by=by)
    work()
    assert labels(workspace) == []
    for number in range(96):
        FieldDefinition.objects.create(
            workspace=workspace, record_type=RECORD_TYPE, name=f"f{number}", label=f"F{number}", kind="text"
        )
    corrected = imported(*ROWS[:30], headings=HEADINGS, until="found")
    offered = offers(corrected, by, {theirs: ours for ours, theirs in columns_of(corrected).items()}, None)
    assert [offered[theirs].choice for theirs in ("education", "AGE_DESC", "Kids", "Loyal")] == [
        "choice",
        "choice",
        "number",
        "yesno",
    ]
    through(corrected)
    assert set(LABELS) <= set(labels(workspace))
