"""The cases of SECURITY.md that touch imports: 3, 4, 21, 25, 26, 27."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.crm.imports.conftest import again, csv
from zhike_crm.accounts.models import Membership
from zhike_crm.imports import actions
from zhike_crm.imports.models import Import, State
from zhike_crm.workspaces.models import Workspace

# What files do and what pages show of them; who is let in is tested on both in tests/crm/access.
pytestmark = pytest.mark.one_database

Work = Callable[[], None]
Made = Callable[..., Import]
CUSTOMERS = "Customer ID,Name,Email,Phone,Secret"
PERSON = "c1,Ann Lee,ann@example.com,13800138000,likes tea"
PAGES = ("", "progress", "remarks")
POSTS = ("look", "columns", "back", "run", "undo", "delete", "refresh")


# -- 3: the owner's workspace and role only ---
@pytest.mark.parametrize("until", ["found", "imported"])
def test_strangers_find_nothing_and_change_nothing(until: str, imported: Made, other_workspace: Workspace) -> None:
    made = imported(until=until)
    before = Import.objects.of(made.workspace).values().get(pk=made.pk)
    stranger = Client()
    stranger.force_login(Membership.objects.of(other_workspace).get().user)
    for slug in ("shop", "elsewhere"):
        for name in PAGES:
            assert stranger.get(f"/w/{slug}/imports/{made.pk}/{name}").status_code == 404
        for name in POSTS[:-1]:
            assert stranger.post(f"/w/{slug}/imports/{made.pk}/{name}").status_code == 404
    assert stranger.get("/w/shop/imports/").status_code == 404
    answer = stranger.post("/w/elsewhere/imports/new", {"file": csv(), "again": made.pk})
    assert answer.status_code == 302
    assert Import.objects.of(other_workspace).get().choices == {}
    assert Import.objects.of(made.workspace).values().get(pk=made.pk) == before


@pytest.mark.parametrize("role", ["sales", "service", "viewer"])
def test_roles_without_the_right_see_nothing(role: str, imported: Made, client_as: Callable[..., Client]) -> None:
    made, browser = imported(), client_as(role)
    for name in PAGES:
        assert browser.get(f"/w/shop/imports/{made.pk}/{name}").status_code == 403
    for name in POSTS:
        assert browser.post(f"/w/shop/imports/{made.pk}/{name}").status_code == 403
    assert browser.post("/w/shop/imports/new", {"file": csv()}).status_code == 403
    assert Import.objects.of(made.workspace).count() == 1
    assert again(made).state == State.IMPORTED


@pytest.mark.parametrize("name", POSTS)
def test_nothing_changes_by_looking(name: str, imported: Made, client_as: Callable[..., Client]) -> None:
    made = imported(until="found")
    assert client_as("owner").get(f"/w/shop/imports/{made.pk}/{name}").status_code == 405


@pytest.mark.parametrize("until", ["found", "checked", "imported"])
def test_who_may_see_nobodys_phone_number_does_not_find_it_here(
    until: str, imported: Made, client_as: Callable[..., Client]
) -> None:
    bad = "c2,Bo Wu,not an address,12,drinks coffee"
    good = (f"d{n},Di Xu,d{n}@example.com,1390013900{n}," for n in range(9))
    made = imported(PERSON, bad, *good, headings=CUSTOMERS, until=until)
    secrets = ("Ann Lee", "ann@example.com", "13800138000", "not an address", "likes tea", "drinks coffee")
    page = client_as("analyst").get(f"/w/shop/imports/{made.pk}/").content.decode()
    assert not [secret for secret in secrets if secret in page]
    if until == "found":
        assert "ann@example.com" in client_as("owner").get(f"/w/shop/imports/{made.pk}/").content.decode()
    if until == "imported":
        assert client_as("analyst").get(f"/w/shop/imports/{made.pk}/remarks").status_code == 302


def test_an_analyst_reads_the_file_that_the_analyst_brought(imported: Made, client_as: Callable[..., Client]) -> None:
    made = imported(PERSON, headings=CUSTOMERS, until="found", role="analyst")
    assert "ann@example.com" in client_as("analyst").get(f"/w/shop/imports/{made.pk}/").content.decode()


# -- 4: an import sets what it may set ---
def test_extra_keys_have_no_effect(imported: Made, client_as: Callable[..., Client], work: Work) -> None:
    made = imported(until="found")
    extra = {
        "workspace": "99",
        "created_by": "1",
        "state": "imported",
        "batch": "7",
        "table": "customers",
        "owner": "1",
    }
    client_as("marketer").post(f"/w/shop/imports/{made.pk}/columns", extra)
    now = again(made)
    assert (now.state, now.table, now.batch, now.created_by_id) == (State.CHECKING, "orders", None, made.created_by_id)


def test_a_column_called_owner_or_workspace_is_only_an_attribute(imported: Made) -> None:
    made = imported("A1,c1,2026-01-05,10,7,2", headings="Order No,Customer ID,Order Date,Total,owner,workspace")
    assert set(made.mapping["unmapped"]) == {"owner", "workspace"}


@pytest.mark.parametrize("source", ["../x", "a b", "x" * 41, "a/b"])
def test_a_source_is_a_plain_name(source: str, member: Any) -> None:
    with pytest.raises(actions.ValidationError):
        actions.upload(csv(), by=member("owner"), source=source)


# -- 21: what is in the file is shown, never obeyed ---
@pytest.mark.parametrize("until", ["found", "checked", "imported"])
def test_markup_in_a_file_is_text(until: str, imported: Made, client_as: Callable[..., Client]) -> None:
    evil = "<img src=x onerror=alert(1)>"
    headings = f"Order No,Customer ID,Order Date,Total,{evil}"
    made = imported(f"A1,c1,2026-01-05,10,{evil}", f"A2,c1,{evil},10,", f"A3,{evil},2026-01-06,3,", headings=headings,
                    name=f"{evil}.csv", until=until)  # fmt: skip
    browser = client_as("owner")
    for address in (f"/w/shop/imports/{made.pk}/", "/w/shop/imports/"):
        page = browser.get(address).content.decode()
        assert evil not in page
        assert "&lt;img" in page


def test_remarks_hold_no_formula(imported: Made, client_as: Callable[..., Client]) -> None:
    rows = ("A1,c1,2026-01-05,10,", "A2,c1,=cmd|' /C calc'!A1,10,", "A3,c1,2026-01-05,10,", "A4,c1,2026-01-05,10,")
    made = imported(*rows)
    sent = client_as("owner").get(f"/w/shop/imports/{made.pk}/remarks")
    text = b"".join(sent.streaming_content).decode("utf-8-sig")
    assert "'=cmd" in text


# -- 25: no name shapes a path ---
@pytest.mark.parametrize("name", ["../../evil.csv", "/etc/passwd", "..\\..\\x.csv", "a\0b", "x" * 300, "…"])
def test_a_file_name_is_only_text(name: str, member: Any, work: Work) -> None:
    file = csv()
    # Django itself cuts names; this is what would come without it.
    file._name = name
    made = actions.upload(file, by=member("owner"))
    assert made.file == made.workspace.folder / "uploads" / made.key.hex / "data"
    assert made.file.is_file()
    assert "/" not in made.name
    assert len(made.name) <= 200
    work()
    assert again(made).state == State.FOUND


# -- 26, 27: bombs and broken files fail the job, not the worker ---
def workbook_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/workbook.xml", "<workbook/>")
        book.writestr("xl/worksheets/sheet1.xml", b"0" * 300_000_000)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bomb.xlsx", workbook_bomb),
        ("broken.parquet", lambda: b"PAR1" + b"\x13\x37" * 500 + b"PAR1"),
        ("broken.xlsx", lambda: b"PK\x03\x04" + b"nothing"),
        ("pickle.csv", lambda: b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00"),
    ],
)
def test_a_bad_file_fails_its_job_and_the_worker_goes_on(
    name: str, content: Callable[[], bytes], member: Any, work: Work
) -> None:
    bad = actions.upload(SimpleUploadedFile(name, content()), by=member("owner"))
    good = actions.upload(csv(), by=member("owner"))
    work()
    assert again(bad).has_failed
    assert name in again(bad).error
    assert again(good).state == State.FOUND


def test_too_large_is_said_and_nothing_kept(
    client_as: Callable[..., Client], workspace: Workspace, settings: Any
) -> None:
    settings.ZHIKE_UPLOAD_BYTES = 100
    big = csv(*(f"A{i},c1,2026-01-05,10," for i in range(100)))
    sent = client_as("owner").post("/w/shop/imports/new", {"file": big}, headers={"accept": "application/json"})
    assert (sent.status_code, "larger than" in sent.json()["error"]) == (400, True)
    assert not Import.objects.of(workspace).exists()


def test_a_body_beyond_the_limit_is_not_read(client_as: Callable[..., Client], settings: Any) -> None:
    settings.ZHIKE_UPLOAD_BYTES = 100
    big = SimpleUploadedFile("a.csv", b"x" * 1_200_000)
    assert client_as("owner").post("/w/shop/imports/new", {"file": big}).status_code == 400


def test_nobody_uploads_without_signing_in(workspace: Workspace) -> None:
    answer = Client(enforce_csrf_checks=True).post("/w/shop/imports/new", {"file": csv()})
    assert answer.status_code in (400, 403)
