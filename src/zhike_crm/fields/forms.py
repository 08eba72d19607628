"""A custom field as a field of a form, and the form in which one is defined."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from zhike_crm.fields.models import TEXT_AT_MOST, FieldDefinition, Kind
from zhike_crm.fields.record_types import RECORD_TYPES


class DateInput(forms.DateInput):
    """The browser's own date picker, which wants ISO dates whatever the language."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


def form_field(field: FieldDefinition, value: Any) -> forms.Field:
    """The input for a custom field, holding the value it has now."""
    common = {"label": field.label, "required": False, "help_text": field.help_text, "initial": value}
    options = [(option["code"], option["label"]) for option in field.options]
    if field.kind == Kind.NUMBER:
        return forms.FloatField(**common)
    if field.kind == Kind.DATE:
        return forms.DateField(**common, widget=DateInput())
    if field.kind == Kind.CHOICE:
        return forms.ChoiceField(**common, choices=[("", "–"), *options])
    if field.kind == Kind.CHOICES:
        return forms.MultipleChoiceField(**common, choices=options, widget=forms.CheckboxSelectMultiple)
    if field.kind == Kind.YESNO:
        known = {True: "yes", False: "no"}.get(value, "")
        return forms.ChoiceField(**common | {"initial": known}, choices=[("", "–"), ("yes", _("Yes")), ("no", _("No"))])
    if field.kind == Kind.LINK:
        return forms.IntegerField(**common)
    return forms.CharField(**common, max_length=TEXT_AT_MOST)


class DefinitionForm(forms.ModelForm):
    """A field being defined or changed. What kind it is can be chosen once."""

    record_type = forms.ChoiceField(label=_("For"), choices=lambda: list(RECORD_TYPES.items()))

    class Meta:
        model = FieldDefinition
        fields = ("record_type", "label", "kind", "name", "help_text", "personal")
        labels = {"name": _("Name for the API"), "personal": _("Personal data")}
        help_texts = {
            "name": _("Latin letters, digits and underscores; it never changes. Empty: made of the label."),
            "help_text": _("Shown under the field in forms."),
            "personal": _("Only for those who may see telephone numbers and e-mail addresses."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = False
        if self.instance.pk:
            for name in ("record_type", "kind", "name"):
                del self.fields[name]

    def changeable(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("label", "help_text", "personal")}
