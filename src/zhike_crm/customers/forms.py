"""Forms of customers and tasks, custom fields included."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.urls import reverse

from zhike_crm.accounts.access import can
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.actions import RECORD_TYPE
from zhike_crm.customers.finding import current
from zhike_crm.customers.models import EDITABLE, Customer, Task
from zhike_crm.customers.queries import PERSONAL
from zhike_crm.fields.forms import DateInput, form_field
from zhike_crm.fields.models import Kind
from zhike_crm.fields.values import open_definitions, values_of


class CustomerForm(forms.ModelForm):
    """A customer with the workspace's own fields below. `values()` and `custom()` are what the action takes."""

    class Meta:
        model = Customer
        fields = EDITABLE
        widgets = {"birth_date": DateInput()}

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._member = member
        at_work = getattr(self.instance, "company_id", None)
        self.fields["company"] = self._picker("company", self.fields["company"].label, at_work)
        self.fields["owner"].queryset = Membership.objects.of(member.workspace_id).filter(is_active=True)
        if not can(member, "personal.view"):
            # Who may not see them cannot overwrite them either.
            for name in PERSONAL:
                del self.fields[name]
        self._custom = open_definitions(member, RECORD_TYPE)
        stored = values_of(self._custom, [self.instance.pk]).get(self.instance.pk, {}) if self.instance.pk else {}
        for field in self._custom:
            value = stored.get(field.name)
            self.fields[f"field.{field.name}"] = (
                self._picker("", field.label, value, help_text=field.help_text)
                if field.kind == Kind.LINK
                else form_field(field, value)
            )

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if not name.startswith("field.")}

    def custom(self) -> dict[str, Any]:
        given = {field.name: self.cleaned_data.get(f"field.{field.name}") for field in self._custom}
        return {name: value.pk if isinstance(value, Customer) else value for name, value in given.items()}

    def _picker(self, kind: str, label: Any, value: Any, help_text: str = "") -> forms.Field:
        """A customer of this workspace, found by typing: there may be millions. The one it has now may stay."""
        rows = Customer.objects.of(self._member.workspace_id)
        allowed = Q(pk__in=current(self._member).values("pk")) | Q(pk=value)
        if kind == "company":
            allowed &= Q(kind=Customer.Kind.COMPANY) | Q(pk=value)
        address = reverse("pick_customer", args=[self._member.workspace.slug])
        widget = CustomerPicker(rows.filter(allowed), f"{address}?kind={kind}")
        return forms.ModelChoiceField(
            rows.filter(allowed), label=label, required=False, widget=widget, initial=value, help_text=help_text
        )


class CustomerPicker(forms.Widget):
    """A search field that keeps the id of who was picked in a hidden one beside it."""

    template_name = "customers/picker.html"

    def __init__(self, rows: Any, source: str) -> None:
        super().__init__()
        self._rows, self._source = rows, source

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        known = self._rows.filter(pk=value).first() if str(value or "").isdigit() else None
        context |= {"source": self._source, "picked": known}
        return context


class TaskForm(forms.ModelForm):
    class Meta:
        model = Task
        fields = ("title", "owner", "due_on")
        widgets = {"due_on": DateInput()}

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = Membership.objects.of(member.workspace_id).filter(is_active=True)
        self.fields["owner"].queryset = members.select_related("user")
        self.fields["owner"].initial = member.pk
        self.fields["owner"].required = True
