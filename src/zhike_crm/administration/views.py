"""Pages of people and workspaces: choosing and making one, members, tokens, settings, the audit log."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from zhike_crm.accounts import actions
from zhike_crm.accounts.access import PERMISSIONS, can
from zhike_crm.accounts.adapter import INVITATION
from zhike_crm.accounts.models import AccessToken, Invitation, Membership, Team
from zhike_crm.accounts.pages import LAST_WORKSPACE, page
from zhike_crm.administration import mails
from zhike_crm.administration.forms import (
    InvitationForm,
    MemberForm,
    ProfileForm,
    TeamForm,
    TokenForm,
    WorkspaceForm,
)
from zhike_crm.audit.models import AuditEntry
from zhike_crm.ui import palette as palette_sources
from zhike_crm.ui.lists import bulk


# -- outside any workspace -------------------------------------------------------------------------------------------
@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """To the workspace one was in last, else the only one, else the choice."""
    mine = list(_mine(request))
    last = next((m for m in mine if m.workspace.slug == request.session.get(LAST_WORKSPACE)), None)
    if last or len(mine) == 1:
        return redirect("home_page", (last or mine[0]).workspace.slug)
    return redirect("workspaces" if mine else "new_workspace")


@require_GET
@login_required
def workspaces(request: HttpRequest) -> HttpResponse:
    return render(request, "administration/workspaces.html", {"memberships": _mine(request)})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_workspace(request: HttpRequest) -> HttpResponse:
    start = {
        "language": request.LANGUAGE_CODE,
        "currency": "CNY" if request.LANGUAGE_CODE == "zh-hans" else "USD",
        "time_zone": "Asia/Shanghai" if request.LANGUAGE_CODE == "zh-hans" else "UTC",
    }
    form = WorkspaceForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        workspace = actions.create_workspace(by=request.user, **form.cleaned_data)
        return redirect("home_page", workspace.slug)
    return render(request, "administration/form_outside.html", {"form": form, "heading": _("A new workspace")})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect("home")
    return render(request, "administration/form_outside.html", {"form": form, "heading": _("Profile and language")})


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """The language of this browser and, for who is signed in, of the person."""
    language = request.POST.get("language")
    answer = redirect(_back(request))
    if language in dict(settings.LANGUAGES):
        answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 24 * 3600, samesite="Lax")
        if request.user.is_authenticated:
            request.user.language = language
            request.user.save(update_fields=["language"])
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """The link of an invitation: sign up or in first, then join."""
    invitation = actions.invitation_of(secret)
    if invitation is None:
        return render(request, "administration/invitation_gone.html", status=404)
    if not request.user.is_authenticated:
        request.session[INVITATION] = invitation.pk
        return render(request, "administration/join.html", {"invitation": invitation, "next": request.path})
    if request.method == "POST":
        try:
            actions.accept(invitation, by=request.user)
        except ValidationError as wrong:
            messages.error(request, " ".join(wrong.messages))
        else:
            return redirect("home_page", invitation.workspace.slug)
    return render(request, "administration/join.html", {"invitation": invitation})


@require_GET
def manifest(request: HttpRequest) -> JsonResponse:
    """What a phone needs to install Zhike as an app."""
    icon = {"src": static("ui/mark.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}
    known = {
        "name": "Zhike 知客",
        "short_name": "Zhike",
        "start_url": reverse("home"),
        "display": "standalone",
        "background_color": "#f6f8fb",
        "theme_color": "#1f4d8f",
        "icons": [icon],
    }
    return JsonResponse(known, content_type="application/manifest+json")


# -- members and teams -----------------------------------------------------------------------------------------------
@page("members.manage", methods=("GET", "HEAD", "POST"))
def members(request: HttpRequest) -> HttpResponse:
    form = InvitationForm(request.POST or None, by=request.member)
    if request.method == "POST" and form.is_valid():
        invitation, secret = actions.invite(request.workspace, by=request.member, **form.cleaned_data)
        link = settings.ZHIKE_URL + reverse("join", args=[secret])
        mails.invite(invitation, link, by=request.member)
        messages.success(request, _("An invitation is on its way to %(email)s.") % {"email": invitation.email})
        return redirect("members", request.workspace.slug)
    everybody = Membership.objects.of(request.workspace).select_related("user", "team").order_by("-is_active", "pk")
    open_ones = Invitation.objects.of(request.workspace).filter(accepted_at=None, expires_at__gt=timezone.now())
    teams = Team.objects.of(request.workspace).order_by("name")
    context = {"form": form, "members": everybody, "invitations": open_ones, "teams": teams, "team_form": TeamForm()}
    return render(request, "administration/members.html", context)


@page("members.manage", methods=("GET", "HEAD", "POST"))
def member(request: HttpRequest, pk: int) -> HttpResponse:
    who = get_object_or_404(Membership.objects.of(request.workspace).select_related("user"), pk=pk)
    form = MemberForm(request.POST or None, instance=who, by=request.member)
    if request.method == "POST" and form.is_valid():
        who = Membership.objects.of(request.workspace).get(pk=pk)
        try:
            actions.change_member(who, by=request.member, **form.cleaned_data)
        except ValidationError as wrong:
            form.add_error(None, wrong)
        else:
            return redirect("members", request.workspace.slug)
    return render(request, "administration/form.html", {"form": form, "heading": who.user, "back": "members"})


@page("members.manage", methods=("POST",))
def withdraw_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    actions.withdraw(get_object_or_404(Invitation.objects.of(request.workspace), pk=pk), by=request.member)
    return redirect("members", request.workspace.slug)


@page("members.manage", methods=("POST",))
def new_team(request: HttpRequest) -> HttpResponse:
    form = TeamForm(request.POST, instance=Team(workspace=request.workspace))
    if form.is_valid():
        actions.create_team(request.workspace, form.cleaned_data["name"], by=request.member)
    else:
        messages.error(request, " ".join(form.errors.get("name", [])))
    return redirect("members", request.workspace.slug)


# -- tokens ----------------------------------------------------------------------------------------------------------
@page("insights.view", methods=("GET", "HEAD", "POST"))
def tokens(request: HttpRequest) -> HttpResponse:
    """One's own tokens, and for who may, the workspace's."""
    scopes = {name: label for name, label in PERMISSIONS.items() if can(request.member, name)}
    form = TokenForm(request.POST or None, scopes=scopes)
    secret = ""
    if request.method == "POST" and form.is_valid():
        personal = not (request.POST.get("workspace_token") and can(request.member, "tokens.manage"))
        _token, secret = actions.create_token(
            request.workspace, by=request.member, personal=personal, **form.cleaned_data
        )
        form = TokenForm(scopes=scopes)
    context = {"form": form, "tokens": _tokens(request.member), "secret": secret}
    return render(request, "administration/tokens.html", context)


@page("insights.view", methods=("POST",))
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    actions.revoke_token(get_object_or_404(_tokens(request.member), pk=pk), by=request.member)
    return redirect("tokens", request.workspace.slug)


# -- the workspace itself --------------------------------------------------------------------------------------------
@page("workspace.edit", methods=("GET", "HEAD", "POST"))
def workspace_settings(request: HttpRequest) -> HttpResponse:
    form = WorkspaceForm(request.POST or None, instance=request.workspace)
    if request.method == "POST" and form.is_valid():
        actions.change_workspace(request.workspace, by=request.member, **form.cleaned_data)
        messages.success(request, _("The settings are saved."))
        return redirect("workspace_settings", request.workspace.slug)
    return render(request, "administration/form.html", {"form": form, "heading": _("Settings"), "back": ""})


@page("audit.view")
def audit(request: HttpRequest) -> HttpResponse:
    entries = AuditEntry.objects.of(request.workspace).select_related("by").order_by("-at", "-pk")
    found = Paginator(entries, 50).get_page(request.GET.get("page"))
    return render(request, "administration/audit.html", {"entries": found})


@page("customers.view", methods=("POST",))
def undo(request: HttpRequest, group: uuid.UUID) -> HttpResponse:
    """Take a bulk action back: one's own, or anybody's for who may see the audit log."""
    entries = AuditEntry.objects.of(request.workspace).filter(group=group)
    if not can(request.member, "audit.view"):
        entries = entries.filter(by=request.user)
    if not entries.exists():
        return HttpResponse(status=404)
    number = bulk.undo(request.workspace, group, request.member)
    return JsonResponse({"undone": number})


@page("customers.view")
def palette(request: HttpRequest) -> HttpResponse:
    found = palette_sources.search(request.member, request.GET.get("q", "").strip()[:100])
    return render(request, "ui/_palette.html", {"found": found})


def _mine(request: HttpRequest) -> Any:
    mine = Membership.objects.everywhere().filter(user=request.user, is_active=True)
    return mine.select_related("workspace").order_by("workspace__name")


def _tokens(member: Membership) -> Any:
    every = AccessToken.objects.of(member.workspace_id).filter(revoked_at=None).select_related("member__user")
    if not can(member, "tokens.manage"):
        every = every.filter(member=member)
    return every.order_by("-created_at")


def _back(request: HttpRequest) -> str:
    """The page the form was on, if it is one of ours."""
    came_from = request.META.get("HTTP_REFERER", "")
    ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure())
    return came_from if ours else reverse("home")
