"""The form of a segment."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhike_crm.accounts.models import Membership
from zhike_crm.segments.models import Segment

LONGEST = 50_000


class SegmentForm(forms.Form):
    """Name, owner and, of those with a rule, the rule: the page writes it into `tree` as JSON."""

    name = forms.CharField(label=gettext_lazy("name"), max_length=80)
    description = forms.CharField(
        label=gettext_lazy("description"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    owner = forms.ModelChoiceField(label=gettext_lazy("owner"), queryset=None, required=False)
    dynamic = forms.BooleanField(
        label=gettext_lazy("Follow the rule at every refresh"),
        help_text=gettext_lazy("Otherwise it stays as it is computed now, until somebody computes it anew."),
        required=False,
    )
    tree = forms.CharField(widget=forms.HiddenInput, max_length=LONGEST, required=False)

    def __init__(self, data: Any = None, *, member: Membership, segment: Segment | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        members = Membership.objects.of(member.workspace_id).filter(is_active=True).select_related("user")
        self.fields["owner"].queryset = members.order_by("user__name", "user__email")
        if segment is not None and not segment.is_rule:
            del self.fields["dynamic"], self.fields["tree"]

    def clean_tree(self) -> dict[str, Any]:
        return read_tree(self.cleaned_data["tree"])


def read_tree(text: str) -> dict[str, Any]:
    """The rule that a page sent.

    Raises:
        ValidationError: it is none.
    """
    try:
        if len(text) > LONGEST:
            raise ValueError(text[:80])
        tree = json.loads(text or "{}")
    except (ValueError, RecursionError) as wrong:
        raise ValidationError(_("The rule did not arrive whole. Begin again.")) from wrong
    if not isinstance(tree, dict) or "\\u0000" in text:
        raise ValidationError(_("The rule did not arrive whole. Begin again."))
    return tree
