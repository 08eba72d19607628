"""A file from its upload into the lake and out again, as a person does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.crm.imports.conftest import again, columns_of, csv
from zhike.lake.batches import State as Landed
from zhike.lake.batches import batches
from zhike_crm.accounts.models import Membership
from zhike_crm.audit.log import of_record
from zhike_crm.imports import actions
from zhike_crm.imports.models import Import, State
from zhike_crm.jobs.models import Job
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace

Work = Callable[[], None]
Made = Callable[..., Import]


def landed(workspace: Workspace) -> list[Any]:
    with lake_of(workspace) as lake:
        return batches(lake)


def test_from_upload_to_undo_through_the_pages(client_as: Callable[..., Client], workspace: Workspace, work: Work):
    browser = client_as("marketer")
    sent = browser.post("/w/shop/imports/new", {"file": csv()}, headers={"accept": "application/json"})
    address = sent.json()["address"]
    assert "Looking into the file" in browser.get(address).content.decode()
    work()
    page = browser.get(address).content.decode()
    assert "Which column is what?" in page
    assert "Order No" in page
    made = Import.objects.of(workspace).get()
    form = {f"column-{n}": ours for n, ours in enumerate(("order_id", "customer_id", "ordered_at", "amount", ""))}
    browser.post(f"{address}columns", form)
    work()
    page = browser.get(address).content.decode()
    assert "3 rows would be kept" in page
    assert landed(workspace) == []
    browser.post(f"{address}run")
    work()
    made = again(made)
    assert (made.state, made.rows, made.accepted, made.flagged, made.rejected) == (State.IMPORTED, 4, 2, 1, 1)
    assert made.added == 3
    assert made.inspection == made.check_result == {}
    assert "3 rows were new" in browser.get(address).content.decode()
    rejected = browser.get(f"{address}remarks?only=rejected")
    text = b"".join(rejected.streaming_content).decode("utf-8-sig")
    assert "nonsense" in text
    assert len(text.splitlines()) == 2
    browser.post(f"{address}undo")
    work()
    assert again(made).state == State.UNDONE
    assert [batch.state for batch in landed(workspace)] == [Landed.UNDONE]
    assert [entry.verb for entry in of_record(made)] == ["import.undone", "import.started", "import.uploaded"]
    assert "Undone on" in browser.get(address).content.decode()


def test_a_corrected_mapping_wins_and_nothing_is_guessed_beside_it(imported: Made, member: Any, work: Work):
    made = imported("A1,c1,2026-01-05,10,5", headings="Order No,Customer ID,Order Date,Total,Amount", until="found")
    chosen = columns_of(made) | {"amount": "Amount"}
    actions.choose_columns(made, chosen, by=member("owner"))
    work()
    made = again(made)
    assert made.check_result["mapping"]["columns"] == chosen
    assert made.check_result["mapping"]["unmapped"] == ["Total"]


def test_two_columns_for_one_of_ours_is_said_on_the_page(client_as: Callable[..., Client], imported: Made):
    made = imported(until="found")
    answer = client_as("owner").post(
        f"/w/shop/imports/{made.pk}/columns", {"column-0": "order_id", "column-4": "order_id"}
    )
    assert answer.status_code == 422
    assert "one column only" in answer.content.decode()
    assert again(made).state == State.FOUND


def test_a_mapping_without_what_rows_need_is_refused(imported: Made, client_as: Callable[..., Client]):
    made = imported(until="found")
    answer = client_as("owner").post(f"/w/shop/imports/{made.pk}/columns", {f"column-{n}": "" for n in range(5)})
    assert answer.status_code == 422
    assert "ordered_at" in answer.content.decode()


def test_reading_it_another_way(imported: Made, member: Any, work: Work):
    made = imported("A1;c1;2026-01-05;10;x", headings="Order No;Customer ID;Order Date;Total;Remark", until="found")
    actions.look_again(made, by=member("owner"), table="order_lines", source="till", options={"delimiter": ";"})
    work()
    made = again(made)
    assert (made.state, made.table, made.source) == (State.FOUND, "order_lines", "till")
    assert made.choices["options"] == {"delimiter": ";"}


def test_a_file_that_is_no_table_says_so_and_can_be_discarded(
    member: Any, work: Work, client_as: Callable[..., Client], django_capture_on_commit_callbacks: Any
):
    made = actions.upload(csv("%PDF-1.4", headings="%PDF-1.4", name="offer.csv"), by=member("owner"))
    work()
    made = again(made)
    assert made.has_failed
    browser = client_as("owner")
    page = browser.get(f"/w/shop/imports/{made.pk}/").content.decode()
    assert "offer.csv is a PDF file" in page
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(f"/w/shop/imports/{made.pk}/delete")
    assert not made.folder.exists()
    assert not Import.objects.of(made.workspace).exists()


def test_the_same_file_again_changes_nothing_and_says_so(imported: Made, client_as: Callable[..., Client]):
    first, second = imported(), imported()
    assert (first.batch, second.batch, second.duplicates) == (1, None, 3)
    assert "nothing was changed" in client_as("owner").get(f"/w/shop/imports/{second.pk}/").content.decode()


def test_a_corrected_file_takes_over_what_was_chosen(imported: Made, member: Any, work: Work):
    first = imported("A1,c1,2026-01-05,10,5", headings="Order No,Customer ID,Order Date,Total,Amount", until="found")
    chosen = columns_of(first) | {"amount": "Amount"}
    actions.choose_columns(first, chosen, by=member("owner"))
    work()
    actions.run(again(first), by=member("owner"))
    work()
    fixed = csv("A1,c1,2026-01-05,10,7", headings="Order No,Customer ID,Order Date,Total,Amount")
    second = actions.upload(fixed, by=member("owner"), again=again(first))
    work()
    assert columns_of(again(second)) == chosen


def test_undo_names_the_files_to_import_again(imported: Made, member: Any, work: Work):
    first = imported("A1,c1,2026-01-05,10,", "A2,c2,2026-01-06,20,")
    imported("A2,c2,2026-01-06,20,", "A5,c2,2026-01-08,20,", name="may.csv")
    actions.undo(first, by=member("owner"))
    work()
    assert again(first).import_again == ["may.csv"]


def test_a_refresh_is_offered_to_those_who_may(imported: Made, client_as: Callable[..., Client], workspace: Workspace):
    made = imported()
    browser = client_as("owner")
    assert "Refresh now" in browser.get(f"/w/shop/imports/{made.pk}/").content.decode()
    browser.post(f"/w/shop/imports/{made.pk}/refresh")
    assert Job.objects.of(workspace).filter(kind="refresh").count() == 1
    assert "being computed" in browser.get(f"/w/shop/imports/{made.pk}/").content.decode()


@pytest.mark.parametrize("role", ["owner", "viewer"])
def test_the_list(role: str, imported: Made, client_as: Callable[..., Client], django_assert_max_num_queries: Any):
    for _ in range(3):
        imported(until="found")
    browser = client_as(role)
    if role == "viewer":
        assert browser.get("/w/shop/imports/").status_code == 403
        return
    with django_assert_max_num_queries(12):
        page = browser.get("/w/shop/imports/").content.decode()
    assert page.count("orders.csv") >= 3


def test_the_progress_ends_by_reloading_the_page(imported: Made, client_as: Callable[..., Client], member: Membership):
    made = imported()
    browser = client_as("owner")
    assert browser.get(f"/w/shop/imports/{made.pk}/progress").headers["HX-Refresh"] == "true"
    actions.undo(made, by=member("owner"))
    assert "Taking the rows out again" in browser.get(f"/w/shop/imports/{made.pk}/progress").content.decode()
