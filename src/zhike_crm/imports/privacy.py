"""Who may read the values of a file: imports are seen by people who may see nobody's telephone number."""

from __future__ import annotations

from zhike.schema import CONTRACTS
from zhike_crm.accounts.access import can
from zhike_crm.accounts.models import Membership
from zhike_crm.imports.models import Import

HIDDEN = "•••"


def sees_values(imported: Import, member: Membership) -> bool:
    """Whoever brought the file has read it already."""
    return can(member, "personal.view") or (
        imported.created_by_id is not None and imported.created_by_id == member.user_id
    )


def hidden_columns(imported: Import, member: Membership, mapping: dict | None = None) -> set[str]:
    """The file's columns whose values the member may not see, under their names and ours.

    Columns outside the contract are among them: nobody knows what is in those.
    """
    if sees_values(imported, member):
        return set()
    mapping = mapping or imported.mapping or imported.inspection.get("mapping", {})
    kind = CONTRACTS.get(imported.table)
    personal = {column.name for column in kind or () if column.personal}
    theirs = {name for ours, name in mapping.get("columns", {}).items() if ours in personal}
    return theirs | personal | set(mapping.get("unmapped", ()))


def proposed_mapping(imported: Import) -> dict:
    """Which of their columns feeds which of ours as it was found out, before anybody chose."""
    return {"columns": {}, "unmapped": ()} | imported.inspection.get("mapping", {})
