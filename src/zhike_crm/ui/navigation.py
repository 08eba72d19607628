"""What is around every page: the navigation, the person, the workspace."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from zhike_crm.accounts.access import can
from zhike_crm.accounts.models import Membership


@dataclass(frozen=True)
class Entry:
    """A line of the navigation. `route` is a URL name; entries of the same `section` stand together."""

    label: Any
    route: str
    icon: str
    permission: str


@dataclass(frozen=True)
class Section:
    label: Any
    entries: tuple[Entry, ...]


SECTIONS = (
    Section("", (Entry(_("Home"), "home_page", icon="home", permission="insights.view"),)),
    Section(
        _("Customers"),
        (
            Entry(_("Customers"), "customer_list", icon="users", permission="customers.view"),
            Entry(_("Segments"), "segments", icon="users-group", permission="customers.view"),
            Entry(_("Tasks"), "task_list", icon="checklist", permission="customers.view"),
            Entry(_("Duplicates"), "duplicates", icon="arrows-join", permission="customers.merge"),
        ),
    ),
    Section(
        _("Insights"),
        (
            Entry(_("RFM"), "rfm", icon="grid-dots", permission="insights.view"),
            Entry(_("Lifecycle"), "lifecycle", icon="recycle", permission="insights.view"),
            Entry(pgettext_lazy("of customers", "Value"), "value", icon="chart-histogram", permission="insights.view"),
            Entry(pgettext_lazy("customers leave", "Churn"), "churn", icon="trending-down", permission="insights.view"),
            Entry(_("Retention"), "retention", icon="chart-grid-dots", permission="insights.view"),
            Entry(_("Satisfaction"), "satisfaction", icon="mood-smile", permission="insights.view"),
            Entry(_("Model health"), "model_health", icon="stethoscope", permission="insights.view"),
        ),
    ),
    Section(
        _("Data"),
        (
            Entry(_("Imports"), "imports", icon="database-import", permission="imports.view"),
            Entry(_("Data quality"), "data_quality", icon="shield-check", permission="imports.view"),
            Entry(_("Custom fields"), "fields", icon="forms", permission="fields.edit"),
        ),
    ),
    Section(
        _("Workspace"),
        (
            Entry(_("Members"), "members", icon="user-cog", permission="members.manage"),
            Entry(_("Access tokens"), "tokens", icon="key", permission="insights.view"),
            Entry(_("Audit log"), "audit", icon="history", permission="audit.view"),
            Entry(_("Settings"), "workspace_settings", icon="settings", permission="workspace.edit"),
        ),
    ),
)


def entries(member: Membership) -> list[tuple[Any, list[tuple[Entry, str]]]]:
    """The sections a member has, with the address of each entry."""
    found, slug = [], member.workspace.slug
    for section in SECTIONS:
        allowed = [(e, reverse(e.route, args=[slug])) for e in section.entries if can(member, e.permission)]
        if allowed:
            found.append((section.label, allowed))
    return found


def frame(request: HttpRequest) -> dict[str, Any]:
    """The context every page has; on pages outside a workspace there is no navigation."""
    member = getattr(request, "member", None)
    theme = getattr(request.user, "theme", "auto") if hasattr(request, "user") else "auto"
    if member is None:
        return {"theme": theme}
    route = request.resolver_match.url_name if request.resolver_match else ""
    return {
        "theme": theme,
        "member": member,
        "workspace": member.workspace,
        # Asked for only where the navigation is drawn.
        "sections": partial(entries, member),
        "route": route,
    }
