"""Typing values and reading files take turns, or one customer could get two values of a field, one of each.

What files say is compared with all values that are stored, and what is missing is added as a set. What somebody types
between the one and the other is seen by neither. SQLite lets one write at a time; on PostgreSQL people share a lock of
their workspace, and the reading of files has it alone. It is held to the end of the transaction that is open.

Whoever takes it does so before customers are locked, so that nobody waits in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection

from zhike_crm.fields.models import FieldDefinition

# Tells this lock from others; "fiel" in ASCII.
_KIND = 0x6669656C


def typing(workspace: Any, fields: Iterable[FieldDefinition]) -> None:
    """Wait until no files are read into these fields, and let none be while they are written."""
    if any(field.told_by for field in fields):
        _take("pg_advisory_xact_lock_shared", workspace)


def reading(workspace: Any) -> None:
    """Wait until nobody writes fields that files fill, and let nobody while they are read."""
    _take("pg_advisory_xact_lock", workspace)


def _take(lock: str, workspace: Any) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {lock}(%s, %s)", [_KIND, int(getattr(workspace, "pk", workspace))])
