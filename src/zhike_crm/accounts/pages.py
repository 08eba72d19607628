"""The one door of every page of a workspace: who asks, are they a member, may they do this.

>>> @page("customers.view")
... def customer_list(request): ...     # request.member and request.workspace are set

Strangers and signed-out people learn nothing: a foreign workspace looks like one that does not exist. Rights are
checked before anything is read or written.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from zhike_crm.accounts.access import require
from zhike_crm.accounts.models import Membership

View = Callable[..., HttpResponse]
# Where the session remembers which workspace one was in.
LAST_WORKSPACE = "workspace"


class MemberRequest(HttpRequest):
    """What a page gets: a request of somebody who may make it."""

    member: Membership


def page(
    *permissions: str, methods: tuple[str, ...] = ("GET", "HEAD"), post: str | None = None
) -> Callable[[View], View]:
    """Make a function a page of a workspace.

    Args:
        permissions: all that the member must be allowed.
        methods: which it answers; others get 405.
        post: a further permission that a POST needs.
    """

    def decorate(view: View) -> View:
        @login_required
        @require_http_methods(list(methods))
        @wraps(view)
        def checked(request: Any, workspace: str, **kwargs: Any) -> HttpResponse:
            request.member = member_of(request.user, workspace)
            request.workspace = request.member.workspace
            for permission in needed(checked, request.method):
                require(request.member, permission)
            return view(request, **kwargs)

        checked.permissions = permissions  # type: ignore[attr-defined]
        checked.post_permission = post  # type: ignore[attr-defined]
        checked.methods = methods  # type: ignore[attr-defined]
        return checked

    return decorate


def needed(view: Any, method: str) -> set[str]:
    """The permissions that a page needs for a method."""
    further = {view.post_permission} if view.post_permission and method == "POST" else set()
    return {*view.permissions, *further}


def member_of(user: Any, slug: str) -> Membership:
    """The person's active membership in a workspace.

    Raises:
        Http404: there is none, or no such workspace.
    """
    mine = Membership.objects.everywhere().filter(user=user, is_active=True, workspace__slug=slug)
    member = mine.select_related("workspace").first()
    if member is None:
        raise Http404
    # Known already; another join of every request.
    member.user = user
    return member
