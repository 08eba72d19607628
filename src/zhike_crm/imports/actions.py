"""What is done with imports: each step moves the state on once, and starts the job that does the work.

A state is changed by an update that names the state before. Whoever comes second, a double click or a job that runs
again after its worker was killed, finds nothing to change.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from zhike.errors import ZhikeError
from zhike.intake.mapping import propose
from zhike.intake.raw import RawColumn
from zhike.schema import CONTRACTS
from zhike_crm.accounts.models import Membership
from zhike_crm.audit.log import Actor, record
from zhike_crm.audit.models import Via
from zhike_crm.imports import made_fields, refusals, uploads
from zhike_crm.imports.models import OPEN, Import, State
from zhike_crm.imports.querying import Query
from zhike_crm.jobs.models import Job
from zhike_crm.jobs.queue import enqueue
from zhike_crm.jobs.schedules import set_schedule
from zhike_crm.workspaces.models import Workspace

SOURCE = re.compile(r"^[\w.-]{1,40}$")
_SCHEDULE = "import_cleanup"
_EVERY_NIGHT = "40 3 * * *"
_JOBS = {
    State.LOOKING: "import_look",
    State.CHECKING: "import_check",
    State.IMPORTING: "import",
    State.UNDOING: "import_undo",
}


@transaction.atomic
def upload(
    file: UploadedFile, *, by: Membership, source: str = "main", again: Import | None = None, via: str = Via.PAGE
) -> Import:
    """Take a file in and have it looked into.

    Args:
        again: an import whose choices hold for this file too, because it is a corrected or newer one of its kind.

    Raises:
        ValidationError: it is empty or too large, or the source has an impossible name.
    """
    name = uploads.shown_name(file.name or "")
    suffix = ".json" if name.lower().endswith((".json", ".jsonl", ".ndjson")) else ""
    made = Import(workspace=by.workspace, name=name, suffix=suffix, size=file.size, source=_checked_source(source))
    if again is not None:
        made.source, made.table = again.source, again.table
        made.choices = {"options": again.choices.get("options", {})}
    uploads.keep(made, file)
    try:
        return _begin(made, by, via)
    except BaseException:
        uploads.remove(made)
        raise


def query(source: Query, *, by: Membership, id_space: str = "main", via: str = Via.PAGE) -> Import:
    """Take the rows of a database query in, as if they were a file. The password is used once and kept nowhere.

    Raises:
        ValidationError: the database is not among those that may be asked, or refuses.
    """
    made = Import(workspace=by.workspace, name=source.name, source=_checked_source(id_space), query=source.sql)
    made.address = source.shown
    try:
        made.size = source.fetch(made)
        return _begin(made, by, via)
    except BaseException:
        uploads.remove(made)
        raise


@transaction.atomic
def _begin(made: Import, by: Membership, via: str) -> Import:
    made.created_by = by.user
    made.save()
    record(made, "import.uploaded", Actor(by.user, Via(via)))
    set_schedule(by.workspace, _SCHEDULE, _EVERY_NIGHT)
    _start(made, by)
    return made


@transaction.atomic
def look_again(
    imported: Import, *, by: Membership, table: str = "", source: str = "main", options: Mapping[str, Any] | None = None
) -> None:
    """Read the file in another way: another sheet, encoding, table, source.

    Raises:
        ValidationError: the source or table has an impossible name, the import is past this step, or somebody else has
            to say how it is read.
    """
    if table and table not in CONTRACTS:
        raise ValidationError(_("There is no table of this name."))
    refusals.refuse_reading_anew(imported, by)
    values = {"table": table, "source": _checked_source(source), "choices": {"options": dict(options or {})}}
    _move(imported, OPEN, State.LOOKING, by, **values)


@transaction.atomic
def choose_columns(
    imported: Import, columns: Mapping[str, str], *, by: Membership, fields: Sequence[Mapping[str, Any]] = ()
) -> None:
    """Settle which of their columns feeds which of ours, and have the file checked.

    Args:
        columns: ours → theirs, complete: what is not in it stays empty.
        fields: the columns that become custom fields, as `own_fields.chosen_fields` gives them.

    Raises:
        ValidationError: the columns do not make the table, or would show what the member may not see.
    """
    if imported.table == "customers":
        refusals.refuse_ranges(imported, columns)
    refusals.refuse_opening(imported, columns, fields, by)
    choices = imported.choices | {"corrections": corrections(imported, columns), "fields": list(fields)}
    _move(imported, OPEN, State.CHECKING, by, choices=choices)


def corrections(imported: Import, columns: Mapping[str, str]) -> dict[str, str]:
    """What has to be said for a mapping to be exactly this: also which of ours must not be guessed.

    Raises:
        ValidationError: it is no mapping of the table.
    """
    theirs = [RawColumn(name) for name in imported.inspection["columns"]]
    said = dict(columns)
    try:
        # Every round leaves out at least one of ours that was guessed.
        for _round in range(len(CONTRACTS[imported.table].names) + 1):
            found = propose(theirs, imported.inspection["sample"], table=imported.table, corrections=said)
            guessed = set(found.columns) - set(columns)
            if not guessed:
                break
            said |= dict.fromkeys(guessed, "")
    except ZhikeError as wrong:
        raise ValidationError(str(wrong)) from wrong
    return said


@transaction.atomic
def back_to_columns(imported: Import, *, by: Membership) -> None:
    """Choose the columns again after the check."""
    _move(imported, (State.CHECKED, State.CHECKING), State.FOUND, by, check_result={})


@transaction.atomic
def run(imported: Import, *, by: Membership, via: str = Via.PAGE) -> None:
    """Import it, in the background.

    Raises:
        ValidationError: it was not checked, or runs already.
    """
    _move(imported, (State.CHECKED, State.IMPORTING), State.IMPORTING, by)
    made_fields.make(imported, by)
    record(imported, "import.started", Actor(by.user, Via(via)))


@transaction.atomic
def undo(imported: Import, *, by: Membership, via: str = Via.PAGE) -> None:
    """Take its rows out of the lake again, in the background.

    Raises:
        ValidationError: it is not in the lake, or on its way out already.
    """
    if imported.batch is None:
        raise ValidationError(_("This import changed nothing, so there is nothing to undo."))
    _move(imported, (State.IMPORTED, State.UNDOING), State.UNDOING, by)
    made_fields.withdraw(imported, by)
    record(imported, "import.undone", Actor(by.user, Via(via)))


@transaction.atomic
def delete(imported: Import, *, by: Membership) -> None:
    """Forget an import that is not in the lake, with its file.

    Raises:
        ValidationError: it is in the lake.
    """
    stored = Import.objects.of(by.workspace_id).select_for_update(of=("self",)).select_related("job", "workspace")
    found = stored.filter(pk=imported.pk).first()
    if found is None:
        return
    if not found.may_delete:
        raise ValidationError(_("Undo the import first; then it can be deleted."))
    if found.state == State.IMPORTING:
        made_fields.withdraw(found, by)
    record(found, "import.deleted", Actor(by.user))
    found.delete()
    transaction.on_commit(lambda: uploads.remove(found))


def request_refresh(workspace: Workspace, *, by: Membership) -> Job:
    """Have the scores computed with what is in the lake now."""
    return enqueue(workspace, "refresh", by=by.user, key="refresh")


def _checked_source(source: str) -> str:
    source = source.strip() or "main"
    if not SOURCE.match(source):
        raise ValidationError(_("Use letters, digits, '-', '_' and '.' for the source, such as shop or crm-2."))
    return source


def _move(imported: Import, before: tuple[str, ...], state: str, by: Membership, **values: Any) -> None:
    """Change the state once. A state that waits for a job whose job has failed counts as one to begin from.

    Raises:
        ValidationError: it is not in one of the states before.
    """
    stored = Import.objects.of(by.workspace_id).select_for_update(of=("self",)).select_related("job", "workspace")
    found = stored.filter(pk=imported.pk).first()
    if found is None or found.state not in before or found.is_working or (state in OPEN and not found.has_file):
        raise ValidationError(_("This import has moved on meanwhile. Look at where it is now."))
    for name, value in values.items():
        setattr(found, name, value)
    found.state = state
    found.save()
    _start(found, by)
    imported.refresh_from_db()


def _start(imported: Import, by: Membership) -> None:
    """Queue the job of a state. Its key keeps two of one import from waiting side by side."""
    kind = _JOBS.get(State(imported.state))
    if kind is not None:
        imported.job = enqueue(
            imported.workspace, kind, {"import": imported.pk}, by=by.user, key=f"import-{imported.pk}"
        )
        imported.save(update_fields=["job"])
