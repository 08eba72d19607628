"""A file on its way into the lake: what a person decided about it, and what became of it."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from zhike_crm.accounts.models import User
from zhike_crm.jobs.models import Job
from zhike_crm.jobs.models import State as JobState
from zhike_crm.workspaces.scoping import WorkspaceRow


class State(models.TextChoices):
    """How far an import is. The -ING ones wait for the job that makes them the next one."""

    LOOKING = "looking", _("Looking into the file")
    FOUND = "found", _("Waiting for you: columns")
    CHECKING = "checking", _("Checking")
    CHECKED = "checked", _("Waiting for you: start")
    IMPORTING = "importing", _("Importing")
    IMPORTED = "imported", _("Imported")
    UNDOING = "undoing", _("Undoing")
    UNDONE = "undone", _("Undone")


WORKING = (State.LOOKING, State.CHECKING, State.IMPORTING, State.UNDOING)
# As far as here nothing has reached the lake, and the choices can still be changed.
OPEN = (State.LOOKING, State.FOUND, State.CHECKING, State.CHECKED)


class Import(WorkspaceRow):
    """One file or query. `name` is what people call it and never part of a path: the file lies under `key`.

    `choices` is what a person decided: corrections (ours → theirs) and options of the reader. `inspection` is what was
    found out about the file, `check_result` the dry run; both hold samples of its rows and are emptied when it is
    imported. `report` is the quality report that stays.
    """

    key = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    name = models.CharField(_("file"), max_length=200)
    # ".json" when the name says so, which tells a list of records from a line of text; all else the reader finds out.
    suffix = models.CharField(max_length=5, blank=True)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    # The address of a database without its password, and what was asked; empty for a file.
    address = models.CharField(max_length=200, blank=True)
    query = models.TextField(blank=True)
    has_file = models.BooleanField(default=True)

    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.LOOKING)
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    table = models.CharField(_("table"), max_length=20, blank=True)
    source = models.CharField(_("source"), max_length=40)
    choices = models.JSONField(default=dict)
    inspection = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    check_result = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    batch = models.BigIntegerField(null=True)
    rows = models.BigIntegerField(_("rows"), null=True)
    accepted = models.BigIntegerField(_("accepted"), null=True)
    flagged = models.BigIntegerField(_("flagged"), null=True)
    rejected = models.BigIntegerField(_("rejected"), null=True)
    added = models.BigIntegerField(_("added"), null=True)
    updated = models.BigIntegerField(_("updated"), null=True)
    duplicates = models.BigIntegerField(_("already there"), null=True)
    mapping = models.JSONField(default=dict)
    report = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    # After an undo: the files with rows that this import had brought first.
    import_again = models.JSONField(default=list)

    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)
    imported_at = models.DateTimeField(_("imported"), null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-created_at"], name="import_newest"),
            models.Index(fields=["workspace", "state"], name="import_state"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "batch"], condition=models.Q(batch__isnull=False), name="one_import_of_a_batch"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def folder(self) -> Path:
        return Path(self.workspace.folder, "uploads", self.key.hex)

    @property
    def file(self) -> Path:
        """Where the file lies."""
        return self.folder / f"data{'.json' if self.suffix else ''}"

    @property
    def is_working(self) -> bool:
        """Whether a job is waiting or running for it."""
        return self.state in WORKING and self.job is not None and not self.job.is_over

    @property
    def has_failed(self) -> bool:
        """Whether the job that should have brought it on has given up."""
        return self.state in WORKING and not self.is_working

    @property
    def error(self) -> str:
        return self.job.error if self.has_failed and self.job and self.job.state == JobState.FAILED else ""

    @property
    def counts(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("rows", "accepted", "flagged", "rejected")}

    @property
    def may_change(self) -> bool:
        return self.state in OPEN and not self.is_working and self.has_file

    @property
    def may_delete(self) -> bool:
        """Only what is not in the lake can go without an undo before it."""
        if self.state in (State.IMPORTING, State.UNDOING):
            return self.state == State.IMPORTING and self.has_failed
        return not self.is_working and (self.state != State.IMPORTED or self.batch is None)
