"""Jobs die at any moment and run again: nothing is lost, nothing doubled."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.crm.imports.conftest import again, csv
from zhike.lake.batches import batches
from zhike_crm.imports import actions, tasks
from zhike_crm.imports.ledger import adopt
from zhike_crm.imports.models import Import, State
from zhike_crm.jobs import queue
from zhike_crm.jobs.models import Job
from zhike_crm.workspaces.lakes import lake_of

Work = Callable[[], None]
Made = Callable[..., Import]


class Killed(BaseException):
    """The end of a process, for all that the code can see."""


def die(*_: Any, **__: Any) -> None:
    raise Killed


def run_and_die(patched: Any, name: str) -> None:
    """A worker takes the next job and dies where it calls this."""
    with patched.context() as patch:
        patch.setattr(tasks, name, die)
        job = queue.claim(uuid.uuid4())
        with pytest.raises(Killed):
            queue.HANDLERS[job.kind](job, lambda _step: None)
    queue.release(Job.objects.everywhere().get(pk=job.pk))


@pytest.mark.parametrize("moment", ["import_file", "_settle", "landed"])
def test_an_import_killed_anywhere_is_one_batch(
    moment: str, imported: Made, member: Any, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = imported(until="checked")
    actions.run(made, by=member("owner"))
    run_and_die(monkeypatch, moment if moment != "landed" else "import_file")
    if moment == "landed":
        run_and_die(monkeypatch, "landed")
    work()
    made = again(made)
    assert (made.state, made.batch, made.added, made.rejected) == (State.IMPORTED, 1, 3, 1)
    assert made.report["rows"] == 4
    with lake_of(made.workspace) as lake:
        assert len(batches(lake)) == 1
    assert Import.objects.of(made.workspace).count() == 1


def test_a_second_try_after_giving_up_finds_the_batch_of_the_first(
    imported: Made, member: Any, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = imported(until="checked")
    actions.run(made, by=member("owner"))
    for _attempt in range(queue.ATTEMPTS):
        run_and_die(monkeypatch, "_settle")
    made = again(made)
    assert made.has_failed
    actions.run(made, by=member("owner"))
    work()
    assert (again(made).state, again(made).batch, again(made).added) == (State.IMPORTED, 1, 3)


@pytest.mark.parametrize("moment", ["take_out", "_settle"])
def test_an_undo_killed_anywhere_is_one_undo(
    moment: str, imported: Made, member: Any, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = imported()
    actions.undo(made, by=member("owner"))
    run_and_die(monkeypatch, moment)
    work()
    assert again(made).state == State.UNDONE
    with lake_of(made.workspace) as lake:
        assert [batch.state.value for batch in batches(lake)] == ["undone"]


def test_a_job_that_runs_late_does_not_move_what_has_moved_on(imported: Made, member: Any) -> None:
    made = imported(until="found")
    old = made.job
    actions.choose_columns(made, made.inspection["mapping"]["columns"], by=member("owner"))
    assert tasks.look(old, lambda _step: None) == {}
    assert again(made).state == State.CHECKING


def test_a_double_click_starts_one_job(imported: Made, member: Any) -> None:
    made = imported(until="checked")
    actions.run(made, by=member("owner"))
    with pytest.raises(actions.ValidationError):
        actions.run(made, by=member("owner"))
    assert Job.objects.of(made.workspace).filter(kind="import").count() == 1


def test_batches_from_the_command_line_are_listed_once(imported: Made) -> None:
    made = imported()
    Import.objects.of(made.workspace).delete()
    with lake_of(made.workspace) as lake:
        assert adopt(made.workspace, lake) == 1
        assert adopt(made.workspace, lake) == 0
    found = Import.objects.of(made.workspace).get()
    assert (found.name, found.state, found.batch, found.added) == ("orders.csv", State.IMPORTED, 1, 3)


def test_files_go_a_week_after_they_were_imported(imported: Made, work: Work, member: Any, settings: Any) -> None:
    old, new = imported(), imported("B1,c1,2026-01-05,10,", name="new.csv")
    stray = old.folder.parent / "stray"
    stray.mkdir()
    os.utime(stray, (1, 1))
    Import.objects.of(old.workspace).filter(pk=old.pk).update(imported_at="2026-01-01T00:00:00Z")
    queue.enqueue(old.workspace, "import_cleanup")
    work()
    assert (old.folder.exists(), new.folder.exists(), stray.exists()) == (False, True, False)
    assert (again(old).has_file, again(new).has_file) == (False, True)


def test_an_upload_whose_row_cannot_be_written_leaves_no_file(member: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "set_schedule", die)
    by = member("owner")
    with pytest.raises(Killed):
        actions.upload(csv(), by=by)
    folder = by.workspace.folder / "uploads"
    assert not folder.exists() or not list(folder.iterdir())


def test_a_character_that_postgresql_refuses_does_not_stop_an_import() -> None:
    assert tasks._storable({"a": ["x\0y", {"b": "\\\\"}]}) == {"a": ["x\ufffdy", {"b": "\\\\"}]}
