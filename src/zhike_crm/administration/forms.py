"""Forms of people and workspaces."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from zhike_crm.accounts.access import Reach, Role, grants
from zhike_crm.accounts.models import Membership, Team, User
from zhike_crm.workspaces.models import Workspace

# Those that companies keep their books in most; any other three letters can be typed in the API.
CURRENCIES = ("USD", "EUR", "GBP", "CNY", "HKD", "TWD", "JPY", "KRW", "SGD", "AUD", "CAD", "CHF", "INR")


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("name", "language", "theme")


class WorkspaceForm(forms.ModelForm):
    """A new workspace, or the settings of one."""

    currency = forms.ChoiceField(label=_("currency"), choices=[(code, code) for code in CURRENCIES])
    time_zone = forms.ChoiceField(label=_("time zone"), choices=list)

    class Meta:
        model = Workspace
        fields = ("name", "currency", "time_zone", "language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone or zone == "UTC")
        self.fields["time_zone"].choices = [(zone, zone.replace("_", " ")) for zone in zones]


class InvitationForm(forms.Form):
    email = forms.EmailField(label=_("e-mail"))
    role = forms.ChoiceField(label=_("role"), choices=list, initial=Role.VIEWER)

    def __init__(self, *args: Any, by: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles_to_give(by)


class MemberForm(forms.ModelForm):
    """What a member may do. Only roles that may no more than one's own are offered."""

    sees = forms.ChoiceField(label=_("sees"), required=False, choices=[("", _("As the role")), *Reach.choices])

    class Meta:
        model = Membership
        fields = ("role", "team", "sees", "is_active")
        labels = {"is_active": _("belongs to this workspace")}

    def __init__(self, *args: Any, by: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles_to_give(by)
        self.fields["team"].queryset = Team.objects.of(by.workspace_id)


class TeamForm(forms.ModelForm):
    class Meta:
        model = Team
        fields = ("name",)


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("name"), max_length=80, help_text=_("Where it will be used, such as: shop connector")
    )
    scopes = forms.MultipleChoiceField(label=_("may"), widget=forms.CheckboxSelectMultiple, choices=list)

    def __init__(self, *args: Any, scopes: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = list(scopes.items())


def roles_to_give(by: Membership) -> list[tuple[str, Any]]:
    """The roles with no more rights than one's own."""
    return [(value, label) for value, label in Role.choices if grants(value) <= grants(by.role)]
