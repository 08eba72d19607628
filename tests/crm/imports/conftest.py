"""Files to upload and a worker that does what was asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from zhike_crm.accounts.models import Membership
from zhike_crm.imports import actions
from zhike_crm.imports.models import Import
from zhike_crm.jobs.worker import Worker

HEADINGS = "Order No,Customer ID,Order Date,Total,Remark"
ROWS = ("A1,c1,2026-01-05,10,", "A2,c2,2026-01-06,20,hello", "A3,,2026-01-07,30,", "A4,c1,nonsense,40,")


def csv(*rows: str, headings: str = HEADINGS, name: str = "orders.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "\n".join((headings, *(rows or ROWS), "")).encode(), content_type="text/csv")


@pytest.fixture
def work() -> Callable[[], None]:
    """Do all jobs that wait."""

    def until_idle() -> None:
        worker = Worker()
        while worker.work_once():
            pass

    return until_idle


def again(imported: Import) -> Import:
    """The import as the database has it now."""
    return Import.objects.of(imported.workspace).select_related("workspace", "job", "created_by").get(pk=imported.pk)


def columns_of(imported: Import) -> dict[str, str]:
    """The mapping that was proposed."""
    return dict(imported.inspection["mapping"]["columns"])


@pytest.fixture
def imported(member: Callable[..., Membership], work: Callable[[], None]) -> Callable[..., Import]:
    """imported() is a file that went all the way; imported(until="found") one that waits there."""

    def through(*rows: str, role: str = "owner", until: str = "imported", **named: str) -> Import:
        by = member(role)
        made = actions.upload(csv(*rows, **named), by=by)
        steps = [lambda i: actions.choose_columns(i, columns_of(i), by=by), lambda i: actions.run(i, by=by)]
        work()
        for step in steps:
            made = again(made)
            if made.state == until:
                return made
            step(made)
            work()
        return again(made)

    return through
