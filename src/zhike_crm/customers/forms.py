"""Forms of customers and tasks, custom fields included."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from zhike_crm.accounts.access import can
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.actions import RECORD_TYPE
from zhike_crm.customers.models import Customer, Task
from zhike_crm.fields.forms import DateInput, form_field
from zhike_crm.fields.values import definitions, values_of

_PERSONAL = ("email", "phone", "gender", "birth_date", "address")


class CustomerForm(forms.ModelForm):
    """A customer with the workspace's own fields below. `values()` and `custom()` are what the action takes."""

    class Meta:
        model = Customer
        fields = (
            "kind",
            "name",
            "email",
            "phone",
            "company",
            "job_title",
            "gender",
            "birth_date",
            "country",
            "region",
            "city",
            "address",
            "owner",
        )
        widgets = {"birth_date": DateInput(), "company": forms.NumberInput()}

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Customer.objects.of(member.workspace_id)
        self.fields["company"].queryset = rows.filter(kind=Customer.Kind.COMPANY, deleted_at=None, merged_into=None)
        self.fields["company"].help_text = _("The number of the company this person works for, as in its address.")
        self.fields["owner"].queryset = Membership.objects.of(member.workspace_id).filter(is_active=True)
        if not can(member, "personal.view"):
            # Who may not see them cannot overwrite them either.
            for name in _PERSONAL:
                del self.fields[name]
        self._custom = definitions(member.workspace_id, RECORD_TYPE)
        stored = values_of(self._custom, [self.instance.pk]).get(self.instance.pk, {}) if self.instance.pk else {}
        for field in self._custom:
            self.fields[f"field.{field.name}"] = form_field(field, stored.get(field.name))

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if not name.startswith("field.")}

    def custom(self) -> dict[str, Any]:
        return {field.name: self.cleaned_data.get(f"field.{field.name}") for field in self._custom}


class TaskForm(forms.ModelForm):
    class Meta:
        model = Task
        fields = ("title", "owner", "due_on")
        widgets = {"due_on": DateInput()}

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = Membership.objects.of(member.workspace_id).filter(is_active=True)
        self.fields["owner"].initial = member.pk
        self.fields["owner"].required = True
