"""Pages of custom fields: which there are, defining and changing one, archiving and bringing back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from zhike_crm.accounts.pages import page
from zhike_crm.fields import actions
from zhike_crm.fields.forms import DefinitionForm
from zhike_crm.fields.models import FieldDefinition
from zhike_crm.fields.record_types import RECORD_TYPES

# Empty lines for new options; more are added in the browser.
BLANK = 3


@page("fields.edit")
def fields(request: HttpRequest) -> HttpResponse:
    """All fields, by type of record; the archived ones below."""
    rows = list(FieldDefinition.objects.of(request.workspace))
    groups = [
        (code, label, [field for field in rows if field.record_type == code and not field.archived_at])
        for code, label in RECORD_TYPES.items()
    ]
    archived = [(field, actions.used_by(field)) for field in rows if field.archived_at]
    return render(request, "fields/fields.html", {"groups": groups, "archived": archived})


@page("fields.edit", methods=("GET", "HEAD", "POST"))
def new_field(request: HttpRequest) -> HttpResponse:
    form = DefinitionForm(request.POST or None, initial={"record_type": request.GET.get("type", "")})
    options = _options(request)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.define_field(request.member, options=options, **form.cleaned_data)
        except ValidationError as wrong:
            _show(form, wrong)
        else:
            messages.success(request, _("The field “%(name)s” is there.") % {"name": made.label})
            return redirect("fields", request.workspace.slug)
    return _form(request, form, options, _("New custom field"))


@page("fields.edit", methods=("GET", "HEAD", "POST"))
def edit_field(request: HttpRequest, pk: int) -> HttpResponse:
    field = _field(request, pk)
    form = DefinitionForm(request.POST or None, instance=field)
    stored = [(option["code"], option["label"]) for option in field.options]
    options = _options(request) if request.method == "POST" else stored
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_field(field, request.member, options=options, **form.changeable())
        except ValidationError as wrong:
            _show(form, wrong)
        else:
            return redirect("fields", request.workspace.slug)
    return _form(request, form, options, field.label, field)


@page("fields.edit", methods=("POST",))
def archive_field(request: HttpRequest, pk: int) -> HttpResponse:
    field = _field(request, pk)
    actions.archive_field(field, request.member)
    messages.success(request, _("“%(name)s” is archived; its values are kept.") % {"name": field.label})
    return redirect("fields", request.workspace.slug)


@page("fields.edit", methods=("POST",))
def bring_back_field(request: HttpRequest, pk: int) -> HttpResponse:
    actions.bring_back_field(_field(request, pk), request.member)
    return redirect("fields", request.workspace.slug)


@page("fields.edit", methods=("POST",))
def move_field(request: HttpRequest, pk: int) -> HttpResponse:
    actions.move_field(_field(request, pk), request.member, up=request.POST.get("up") == "1")
    return redirect("fields", request.workspace.slug)


def _field(request: Any, pk: int) -> FieldDefinition:
    return get_object_or_404(FieldDefinition.objects.of(request.workspace), pk=pk)


def _options(request: HttpRequest) -> list[tuple[str, str]]:
    codes, labels = request.POST.getlist("option_code"), request.POST.getlist("option_label")
    return list(zip(codes, labels, strict=False))[: actions.OPTIONS_AT_MOST + 1]


def _show(form: Any, wrong: ValidationError) -> None:
    """Under the field it is about; what no field of the form is about above them."""
    named = wrong.error_dict if hasattr(wrong, "error_dict") else {"": wrong.error_list}
    for name, errors in named.items():
        form.add_error(name if name in form.fields else None, ValidationError(errors))


def _form(
    request: HttpRequest, form: Any, options: list[tuple[str, str]], heading: str, field: FieldDefinition | None = None
) -> HttpResponse:
    lines = [*options, *[("", "")] * BLANK]
    return render(
        request, "fields/form.html", {"form": form, "options": lines, "heading": heading, "field_to_change": field}
    )
