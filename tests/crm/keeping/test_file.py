"""The file itself: there, gone, broken, written again, or impossible to write."""

from __future__ import annotations

import errno
from contextlib import suppress
from typing import Any

import duckdb
import pytest
from django.db import transaction

from tests.crm.keeping.conftest import TODAY, files
from zhike_crm import bulk
from zhike_crm.accounts.models import Membership
from zhike_crm.customers import keeping
from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.models import Customer, Score, ScoredRun
from zhike_crm.ui.lists.listing import Question
from zhike_crm.workspaces.models import Workspace

pytestmark = pytest.mark.django_db


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
        assert keeping.write_columns(keeping.columns_of(con, workspace)) == ""
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
