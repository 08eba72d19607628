"""What a person may correct about a file before it is imported."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhike.language import current_language
from zhike.schema import CONTRACTS
from zhike_crm.imports.models import Import

_FOUND_OUT = ("", gettext_lazy("as found"))
ENCODINGS = ("utf-8", "gb18030", "big5", "utf-16", "windows-1252", "shift_jis", "euc-kr", "latin-1")
_DELIMITERS = ((",", ","), (";", ";"), ("\t", gettext_lazy("tab")), ("|", "|"))


class LookForm(forms.Form):
    """How to read the file; what is left empty is found out from the file."""

    table = forms.ChoiceField(label=gettext_lazy("What the rows are"), required=False)
    source = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("The system whose numbers these are. Files with the same customer numbers share one."),
    )
    sheet = forms.ChoiceField(label=gettext_lazy("Sheet"), required=False)
    member = forms.ChoiceField(label=gettext_lazy("File in the archive"), required=False)
    encoding = forms.ChoiceField(
        label=gettext_lazy("Encoding"), required=False, choices=[_FOUND_OUT, *((e, e) for e in ENCODINGS)]
    )
    delimiter = forms.ChoiceField(
        label=gettext_lazy("Between columns"), required=False, choices=[_FOUND_OUT, *_DELIMITERS]
    )
    decimal = forms.ChoiceField(
        label=gettext_lazy("Decimal mark"), required=False, choices=[_FOUND_OUT, (".", "."), (",", ",")]
    )
    header_row = forms.IntegerField(
        label=gettext_lazy("Row of the headings"),
        required=False,
        min_value=0,
        max_value=1000,
        help_text=gettext_lazy("0: the file has none."),
    )

    def __init__(self, *args: Any, imported: Import, **kwargs: Any) -> None:
        options = imported.choices.get("options", {})
        initial = {"table": imported.table, "source": imported.source, **options}
        super().__init__(*args, initial=initial, **kwargs)
        finding = imported.inspection.get("finding", {})
        language = current_language()
        labels = [(name, kind.label(language)) for name, kind in CONTRACTS.items()]
        self.fields["table"].choices = [("", _("found out from the columns")), *labels]
        for name in ("sheet", "member"):
            known = finding.get(f"{name}s") or []
            if known or options.get(name):
                several = dict.fromkeys([*known, *([options[name]] if options.get(name) else [])])
                self.fields[name].choices = [("", _("as found")), *((one, one) for one in several)]
            else:
                del self.fields[name]
        if finding.get("format") not in (None, "csv"):
            for name in ("encoding", "delimiter", "decimal"):
                if not options.get(name):
                    del self.fields[name]

    def options(self) -> dict[str, Any]:
        names = ("sheet", "member", "encoding", "delimiter", "decimal", "header_row")
        values = {name: self.cleaned_data.get(name) for name in names}
        return {name: value for name, value in values.items() if value not in ("", None)}


def chosen_columns(imported: Import, form: Any) -> dict[str, str]:
    """The columns as a person chose them: ours → theirs.

    Raises:
        ValidationError: one of ours is fed by two of theirs.
    """
    kind = CONTRACTS[imported.table]
    columns: dict[str, str] = {}
    unchanged = {theirs: ours for ours, theirs in imported.inspection["mapping"]["columns"].items()}
    for number, theirs in enumerate(imported.inspection["columns"]):
        chosen = form.get(f"column-{number}", unchanged.get(theirs, ""))
        if chosen in kind:
            if chosen in columns:
                label = kind[chosen].label(current_language())
                both = {"ours": label, "one": columns[chosen], "other": theirs}
                raise ValidationError(_("%(ours)s can come from one column only: %(one)s or %(other)s.") % both)
            columns[chosen] = theirs
    return columns


def asked_fields(imported: Import, form: Any) -> dict[str, tuple[str, str]]:
    """What each of their columns is to become a field of: theirs → a kind or a field, and a name."""
    names = enumerate(imported.inspection["columns"])
    return {theirs: (form.get(f"field-{n}", ""), form.get(f"label-{n}", "")) for n, theirs in names}


class QueryForm(forms.Form):
    """A database and what to ask it."""

    host = forms.ChoiceField(label=gettext_lazy("Server"))
    port = forms.IntegerField(label=gettext_lazy("Port"), min_value=1, max_value=65535, initial=5432)
    database = forms.CharField(label=gettext_lazy("Database"), max_length=63)
    user = forms.CharField(
        label=gettext_lazy("User"),
        max_length=63,
        help_text=gettext_lazy("Best one that may only read."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Used once and kept nowhere."),
    )
    sql = forms.CharField(
        label="SQL",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "class": "font-monospace"}),
        help_text=gettext_lazy("One statement that reads, such as SELECT … FROM orders."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["host"].choices = [(host, host) for host in settings.ZHIKE_QUERY_HOSTS]
