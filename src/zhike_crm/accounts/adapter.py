"""How allauth is used here: who may sign up, and where people land."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from zhike_crm.accounts.models import Invitation, User

INVITATION = "invitation"


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """The first person of an installation, whoever holds an invitation, or everybody where that is wanted."""
        return settings.ZHIKE_OPEN_SIGNUP or not User.objects.exists() or self._invited(request) is not None

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        user.email = form.cleaned_data["email"].lower()
        return super().save_user(request, user, form, commit)

    def _invited(self, request: HttpRequest) -> Invitation | None:
        open_ones = Invitation.objects.everywhere().filter(accepted_at=None, expires_at__gt=timezone.now())
        return open_ones.filter(pk=request.session.get(INVITATION)).first()
