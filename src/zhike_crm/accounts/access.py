"""Who may do what: one table of roles and permissions, and how far each reaches.

A permission is named `what.verb`. A role gives it with a reach: all records, those of the team, or one's own. A
member's own `sees` narrows the reach of the role, never widens it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from zhike_crm.accounts.models import Membership


class Role(models.TextChoices):
    OWNER = "owner", pgettext_lazy("role", "Owner")
    ADMIN = "admin", _("Administrator")
    MANAGER = "manager", _("Manager")
    MARKETER = "marketer", _("Marketer")
    SALES = "sales", _("Sales")
    SERVICE = "service", _("Service")
    ANALYST = "analyst", _("Analyst")
    VIEWER = "viewer", _("Viewer")


class Reach(models.TextChoices):
    """Whose records: from the narrowest to the widest."""

    OWN = "own", _("Own records")
    TEAM = "team", _("Records of the team")
    ALL = "all", _("All records")


_ORDER = [Reach.OWN, Reach.TEAM, Reach.ALL]

PERMISSIONS = {
    "customers.view": _("See customers and their portraits"),
    "customers.edit": _("Create and change customers, notes and tasks"),
    "customers.merge": _("Merge and unmerge customers"),
    "customers.delete": _("Delete customers"),
    "customers.export": _("Export lists"),
    "segments.edit": _("Make and change segments"),
    "personal.view": _("See phone numbers and e-mail addresses"),
    "imports.view": _("See imports and data quality"),
    "imports.run": _("Import files and undo imports"),
    "insights.view": _("See insights"),
    "insights.publish": _("Change weights and thresholds, and refresh"),
    "views.share": _("Share saved views"),
    "fields.edit": _("Define custom fields"),
    "members.manage": _("Invite people and set their roles"),
    "tokens.manage": _("Make and revoke the workspace's access tokens"),
    "workspace.edit": _("Change the workspace's settings"),
    "audit.view": _("See the audit log"),
    "workspace.delete": _("Delete the workspace"),
}

_READ = {"customers.view", "insights.view"}
_WORK = _READ | {"customers.edit", "personal.view"}
_ANALYSE = _READ | {"imports.view", "imports.run", "customers.export", "views.share", "segments.edit"}
_ALL = set(PERMISSIONS)

_GRANTS: dict[str, set[str]] = {
    Role.OWNER: _ALL,
    Role.ADMIN: _ALL - {"workspace.delete"},
    Role.MANAGER: _ANALYSE
    | _WORK
    | {"customers.merge", "customers.delete", "insights.publish", "audit.view", "fields.edit"},
    Role.MARKETER: _ANALYSE | _WORK | {"customers.merge", "insights.publish"},
    Role.SALES: _WORK,
    Role.SERVICE: _WORK | {"customers.merge"},
    # Analysts work with everybody's figures and nobody's telephone number.
    Role.ANALYST: _ANALYSE | {"insights.publish"},
    Role.VIEWER: _READ,
}
# What a role sees unless the member's own setting says otherwise.
_REACH = dict.fromkeys(Role.values, Reach.ALL)


def can(member: Membership, permission: str) -> bool:
    """Whether the member may do this to some record at least.

    Raises:
        KeyError: there is no such permission; a mistake in the code.
    """
    if permission not in PERMISSIONS:
        raise KeyError(permission)
    if not member.is_active or permission not in _GRANTS[member.role]:
        return False
    return member.scopes is None or permission in member.scopes


def require(member: Membership, permission: str) -> None:
    """Raises PermissionDenied unless the member may do this."""
    if not can(member, permission):
        raise PermissionDenied(str(PERMISSIONS[permission]))


def reach(member: Membership) -> str:
    """Whose records the member sees."""
    widest = _REACH[member.role]
    chosen = member.sees or widest
    return min(chosen, widest, key=lambda r: _ORDER.index(Reach(r)))


def visible(member: Membership, rows: Any) -> Any:
    """Of the rows of the member's workspace, those within reach. `rows` have an `owner` (a Membership)."""
    rows = rows.of(member.workspace_id)
    whose = reach(member)
    if whose == Reach.ALL:
        return rows
    if whose == Reach.TEAM and member.team_id:
        return rows.filter(Q(owner=member) | Q(owner__team=member.team_id))
    return rows.filter(owner=member)


def within_reach(member: Membership) -> set[int] | None:
    """The ids of the members whose records the member sees; None for everybody's, and those of nobody."""
    whose = reach(member)
    if whose == Reach.ALL:
        return None
    if whose == Reach.TEAM and member.team_id:
        rows = type(member).objects.of(member.workspace_id).filter(team=member.team_id)
        return {member.pk, *rows.values_list("pk", flat=True)}
    return {member.pk}


def audience(member: Membership) -> tuple[Any, ...]:
    """Equal for those who may do and see exactly the same; what is kept for one may be shown to the others."""
    whose = None if reach(member) == Reach.ALL else member.pk
    return member.role, member.is_active, member.scopes, whose


def grants(role: str) -> set[str]:
    """The permissions of a role."""
    return set(_GRANTS[role])
