"""Who asks about a custom field: saved views, segments. The apps that keep such questions say so when they start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from zhike_crm.fields.models import FieldDefinition
from zhike_crm.fields.values import CUSTOM

# (workspace, name of the column) → whether something kept there asks about it.
ASKING: list[Callable[[Any, str], bool]] = []


def is_asked_about(field: FieldDefinition) -> bool:
    return any(asks(field.workspace_id, f"{CUSTOM}{field.name}") for asks in ASKING)


def mentions(rows: QuerySet, path: str, column: str) -> bool:
    """Whether the JSON under a path names the column, or an option of it ("field.channels=mail"), in some row."""
    written = rows.annotate(written=Cast(path, TextField()))
    return bool(
        written.filter(written__contains=f'"{column}"').exists()
        or written.filter(written__contains=f'"{column}=').exists()
    )
