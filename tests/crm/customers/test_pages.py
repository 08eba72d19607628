"""The pages of customers, tasks and duplicates: what they do, for whom, and what they never show."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from zhike_crm.accounts.models import Membership
from zhike_crm.customers import duplicates
from zhike_crm.customers.actions import change_customer, create_customer, create_task, write_note
from zhike_crm.customers.merging import merge
from zhike_crm.customers.models import Customer, Merge, Note, Task
from zhike_crm.fields.actions import define_field
from zhike_crm.fields.values import definitions, values_of
from zhike_crm.workspaces.models import Workspace

MemberOf = Callable[..., Membership]
ClientAs = Callable[..., Client]
HOSTILE = "<img src=x onerror=alert(1)>\"'{{7*7}}"


def to(route: str, *args: object) -> str:
    return reverse(route, args=["shop", *args])


@pytest.fixture
def by(member: MemberOf) -> Membership:
    return member("manager")


@pytest.fixture
def ann(by: Membership) -> Customer:
    return create_customer(by, name="Ann Lee", email="ann.secret@example.com", phone="01134960000", city="Leeds")


def test_every_page_shows_hostile_text_as_text(client_as: ClientAs, by: Membership) -> None:
    define_field(by, record_type="customers.customer", label=HOSTILE, kind="text", name="evil")
    values = {"name": HOSTILE, "email": "e@example.com", "job_title": HOSTILE, "city": HOSTILE[:70], "address": HOSTILE}
    a = create_customer(by, custom={"evil": HOSTILE}, **values)
    b = create_customer(by, **{**values, "kind": "company"})
    write_note(a, HOSTILE + " @[" + HOSTILE + "](1)", by)
    task = create_task(by, title=HOSTILE, customer=a)
    duplicates.find(by.workspace)
    browser = client_as("manager")
    pages = [to("customer", a.pk), to("edit_customer", a.pk), to("customer_list"), to("task_list"), to("fields")]
    pages += [to("task_board"), to("edit_task", task.pk), to("duplicates"), to("compare", a.pk, b.pk)]
    for address in pages:
        answer = browser.get(address)
        assert answer.status_code == 200
        assert "<img src=x" not in answer.content.decode(), address


def test_personal_data_is_hidden_from_whom_it_is_not_for(client_as: ClientAs, by: Membership, ann: Customer) -> None:
    change_customer(ann, by, email="ann.other@example.com", address="1 Hidden Street")
    # Somebody who may see them has just had the page drawn.
    assert "Hidden Street" in client_as("manager").get(to("customer", ann.pk)).content.decode()
    browser = client_as("viewer")
    asked = [to("customer", ann.pk), to("older_events", ann.pk), to("customer_list") + "?columns=name,email,phone"]
    asked += [to("palette") + "?q=ann", to("pick_customer") + "?q=ann"]
    for address in asked:
        shown = browser.get(address).content.decode()
        assert not any(secret in shown for secret in ("ann.secret", "ann.other", "01134960000", "Hidden Street"))
    for words in ("ann.secret@example.com", "ann.other@example.com", "01134960000"):
        assert "Ann Lee" not in browser.get(to("palette"), {"q": words}).content.decode()
        assert browser.get(to("pick_customer"), {"q": words}).json()["found"] == []
    assert "Ann Lee" in client_as("sales").get(to("palette"), {"q": "ann.other@example.com"}).content.decode()


def test_a_double_is_said_before_it_is_made(client_as: ClientAs, ann: Customer, workspace: Workspace) -> None:
    browser = client_as("sales")
    form = {"kind": "person", "name": "Annie", "email": "ANN.secret@example.com"}
    assert "Is it one of these?" in browser.post(to("new_customer"), form).content.decode()
    assert Customer.objects.of(workspace).count() == 1
    assert browser.post(to("new_customer"), form | {"anyway": "1"}).status_code == 302
    assert Customer.objects.of(workspace).count() == 2


def test_a_company_is_picked_and_a_foreign_one_is_not(
    client_as: ClientAs, by: Membership, workspace: Workspace, other_workspace: Workspace
) -> None:
    firm = create_customer(by, name="Firm", kind="company")
    foreign = Customer.objects.create(workspace=other_workspace, name="Foreign firm", kind="company")
    browser = client_as("sales")
    assert browser.get(to("pick_customer"), {"q": "fir", "kind": "company"}).json()["found"] == [[firm.pk, "Firm", ""]]
    assert browser.get(to("pick_customer"), {"q": "foreign"}).json()["found"] == []
    form = {"kind": "person", "name": "Ed"}
    assert browser.post(to("new_customer"), form | {"company": foreign.pk}).status_code == 200
    browser.post(to("new_customer"), form | {"company": firm.pk})
    assert Customer.objects.of(workspace).get(name="Ed").company == firm
    assert "Ed" in browser.get(to("customer", firm.pk)).content.decode()


def test_merge_and_unmerge_in_the_browser(
    client_as: ClientAs, by: Membership, ann: Customer, workspace: Workspace
) -> None:
    bob = create_customer(by, name="Ann L.", email="ann@new.example")
    browser = client_as("service")
    assert "ann@new.example" in browser.get(to("compare", ann.pk, bob.pk)).content.decode()
    browser.post(
        to("compare", ann.pk, bob.pk), {"take.email": "other", "take.workspace_id": "other", "take.pk": "other"}
    )
    ann.refresh_from_db()
    assert (ann.name, ann.email, ann.workspace_id) == ("Ann Lee", "ann@new.example", workspace.pk)
    assert "merged into Ann Lee" in browser.get(to("customer", bob.pk)).content.decode()
    assert client_as("sales").post(to("undo_merge", Merge.objects.of(workspace).get().pk)).status_code == 403
    change_customer(ann, by, email="newest@example.com")
    said = browser.post(to("undo_merge", Merge.objects.of(workspace).get().pk), follow=True).content.decode()
    assert "left as it is: E-mail" in said


def test_recycle_bin(client_as: ClientAs, ann: Customer, workspace: Workspace) -> None:
    browser = client_as("manager")
    browser.post(to("delete_customer", ann.pk))
    assert browser.get(to("customer", ann.pk)).status_code == 404
    assert "Ann Lee" in browser.get(to("recycle_bin")).content.decode()
    assert client_as("sales").get(to("recycle_bin")).status_code == 403
    browser.post(to("recycle_bin_bulk"), {"action": "restore", "id": [ann.pk]})
    assert browser.get(to("customer", ann.pk)).status_code == 200


def test_bulk_changes_own_and_custom_fields_and_undoes_them(
    client_as: ClientAs, by: Membership, ann: Customer, workspace: Workspace
) -> None:
    field = define_field(
        by, record_type="customers.customer", label="Way", kind="choice", options=[("", "A"), ("", "B")]
    )
    bob = create_customer(by, name="Bob", custom={"way": "a"})
    browser = client_as("manager")
    ids = [ann.pk, bob.pk]

    def bulk(action: str, value: str) -> dict[str, str]:
        return browser.post(to("customer_list_bulk"), {"action": action, "value": value, "id": ids}).json()

    done = bulk("field.way", "b")
    assert {pk: v["way"] for pk, v in values_of([field], ids).items()} == {ann.pk: "b", bob.pk: "b"}
    browser.post(done["undo"])
    assert dict(values_of(definitions(workspace, "customers.customer"), ids)) == {bob.pk: {"way": "a"}}
    done = bulk("owner", str(by.pk))
    assert Customer.objects.of(workspace).filter(owner=by).count() == 2
    browser.post(done["undo"])
    assert Customer.objects.of(workspace).filter(owner=by).count() == 0
    bulk("city", "York")
    assert set(Customer.objects.of(workspace).values_list("city", flat=True)) == {"York"}
    done = bulk("delete", "")
    assert not Customer.objects.of(workspace).filter(deleted_at=None).exists()
    browser.post(done["undo"])
    assert Customer.objects.of(workspace).filter(deleted_at=None).count() == 2
    assert "error" in bulk("owner", "999999")
    assert "error" in bulk("field.way", "nonsense")


def test_a_note_is_changed_and_deleted_by_its_author_alone(
    client_as: ClientAs, member: MemberOf, ann: Customer, workspace: Workspace
) -> None:
    note = write_note(ann, "first", member("sales"))
    for route in ("edit_note", "delete_note"):
        assert client_as("manager").post(to(route, note.pk), {"text": "hacked"}).status_code == 404
    browser = client_as("sales")
    browser.post(to("edit_note", note.pk), {"text": f"second @[M]({member('manager').pk})"})
    note.refresh_from_db()
    assert note.text.startswith("second")
    assert note.edited_at
    assert list(note.mentioned.all()) == [member("manager")]
    browser.post(to("delete_note", note.pk))
    assert Note.objects.of(workspace).get().deleted_at


def test_tasks_list_board_and_changes(
    client_as: ClientAs, member: MemberOf, ann: Customer, workspace: Workspace
) -> None:
    task = create_task(member("sales"), title="Ring", customer=ann, due_on="2020-01-01")
    browser = client_as("sales")
    overdue = {"all": [{"column": "due_on", "test": "before", "value": "2021-01-01"}]}
    assert "Ring" in browser.get(f"{to('task_list')}?{urlencode({'where': json.dumps(overdue)})}").content.decode()
    assert "Ring" in browser.get(to("task_list"), {"q": "ann lee"}).content.decode()
    assert "Ring" in browser.get(to("task_board")).content.decode()
    assert browser.post(to("move_task", task.pk), {"lane": "today"}).status_code == 200
    assert browser.post(to("move_task", task.pk), {"lane": "never"}).status_code == 400
    browser.post(to("edit_task", task.pk), {"title": "Ring again", "owner": member("sales").pk, "workspace": 9})
    assert Task.objects.of(workspace).get().title == "Ring again"
    browser.post(to("task_list_bulk"), {"action": "done", "id": [task.pk]})
    assert Task.objects.of(workspace).get().done_at
    assert client_as("viewer").post(to("edit_task", task.pk), {"title": "x"}).status_code == 403
    browser.post(to("delete_task", task.pk))
    assert Task.objects.of(workspace).get().deleted_at
    browser.get(to("task_list"))  # shows the message
    assert "Ring" not in browser.get(to("task_list")).content.decode()


def test_a_long_timeline_comes_page_by_page(client_as: ClientAs, by: Membership, ann: Customer) -> None:
    rows = [Note(workspace_id=by.workspace_id, customer=ann, text=f"note {n:04}", by=by.user) for n in range(120)]
    Note.objects.bulk_create(rows)
    browser = client_as("viewer")
    shown = browser.get(to("customer", ann.pk)).content.decode()
    pages = [browser.get(to("older_events", ann.pk), {"page": n}).content.decode() for n in (1, 2, 3)]
    assert [page.count("timeline-line ") for page in pages] == [50, 50, 21]
    assert ("page=2" in shown, "page=3" in pages[1], "page=4" in pages[2]) == (True, True, False)
    assert all(sum(f"note {n:04}" in page for page in pages) == 1 for n in range(120))
    assert browser.get(to("older_events", ann.pk), {"page": "x"}).status_code == 404


def test_who_sees_their_own_records_finds_no_others(
    client_as: ClientAs, member: MemberOf, by: Membership, ann: Customer
) -> None:
    twin = create_customer(by, name="Ann Lee", email="ann.secret@example.com")
    done = merge(ann, create_customer(by, name="Third"), by)
    duplicates.find(by.workspace)
    browser = client_as("service", sees="own")
    assert "Ann Lee" not in browser.get(to("duplicates")).content.decode()
    for address in (to("customer", ann.pk), to("compare", ann.pk, twin.pk)):
        assert browser.get(address).status_code == 404
    assert browser.get(to("pick_customer"), {"q": "Ann"}).json()["found"] == []
    assert browser.post(to("compare", ann.pk, twin.pk)).status_code == 404
    assert browser.post(to("undo_merge", done.pk)).status_code == 404
    assert Merge.objects.of(by.workspace_id).filter(undone_at=None).count() == 1


@pytest.mark.parametrize("count", [1, 40])
def test_the_portrait_asks_no_more_of_the_database_when_there_is_more(
    client_as: ClientAs, by: Membership, ann: Customer, count: int, django_assert_max_num_queries: Callable
) -> None:
    for number in range(count):
        write_note(ann, f"note {number}", by)
        create_task(by, title=f"task {number}", customer=ann)
        create_customer(by, name=f"Contact {number}", company=ann)
    browser = client_as("manager")
    with django_assert_max_num_queries(32):
        browser.get(to("customer", ann.pk))
