"""The editor of rules: a new segment, an existing one, whom a rule means, ready rules to begin with."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from zhike_crm.accounts.pages import page
from zhike_crm.customers.lists import CustomerList
from zhike_crm.segments import actions
from zhike_crm.segments.answers import current_day
from zhike_crm.segments.editing import builder, preview
from zhike_crm.segments.forms import SegmentForm, read_tree
from zhike_crm.segments.gallery import recipes
from zhike_crm.segments.models import Segment
from zhike_crm.segments.privacy import open_segments
from zhike_crm.segments.rules import check, is_hidden, leaves
from zhike_crm.segments.views import segment_of
from zhike_crm.ui.lists.conditions import BadCondition


@page("segments.edit", methods=("GET", "HEAD", "POST"))
def new_segment(request: HttpRequest) -> HttpResponse:
    """A rule from scratch, from the conditions of a list (`?where=…`), or from a ready one (`?recipe=…`)."""
    start = _start(request)
    form = SegmentForm(request.POST or None, member=request.member, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create_segment(request.member, **form.cleaned_data)
        except (ValidationError, BadCondition) as wrong:
            return _editor(request, form, wrong=wrong)
        return redirect("segment", request.workspace.slug, made.pk)
    return _editor(request, form)


@page("segments.edit", methods=("GET", "HEAD", "POST"))
def edit_segment(request: HttpRequest, pk: int) -> HttpResponse:
    found = segment_of(request, pk)
    initial = {name: getattr(found, name) for name in ("description", "owner", "dynamic")} | {"name": found.title}
    if not is_hidden(found.tree, CustomerList(request.member)):
        initial["tree"] = json.dumps(found.tree, ensure_ascii=False)
    form = SegmentForm(request.POST or None, member=request.member, segment=found, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_segment(found, request.member, **form.cleaned_data)
        except (ValidationError, BadCondition) as wrong:
            return _editor(request, form, found, wrong)
        return redirect("segment", request.workspace.slug, pk)
    return _editor(request, form, found)


@page("segments.edit", methods=("POST",))
def preview_segment(request: HttpRequest) -> HttpResponse:
    """Whom a rule means as it stands; asked while it is being written."""
    try:
        tree = read_tree(request.POST.get("tree", ""))
    except ValidationError as wrong:
        return render(request, "segments/_preview.html", {"empty": True, "message": " ".join(wrong.messages)})
    about = request.POST.get("segment", "")
    segment = None
    if about.isdecimal() and len(about) < 19:
        segment = open_segments(Segment.objects.of(request.workspace), request.member).filter(pk=int(about)).first()
    if not any(leaves(tree)):
        return render(request, "segments/_preview.html", {"empty": True})
    found = preview(tree, CustomerList(request.member), segment)
    return render(
        request, "segments/_preview.html", {"preview": found, "columns": CustomerList(request.member).columns}
    )


@page("segments.edit")
def segment_gallery(request: HttpRequest) -> HttpResponse:
    """Ready rules: those that the data can answer, and what would unlock the others."""
    return render(
        request, "segments/gallery.html", {"section": "segments", "groups": recipes(CustomerList(request.member))}
    )


def _editor(
    request: Any, form: SegmentForm, segment: Segment | None = None, wrong: Exception | None = None
) -> HttpResponse:
    records = CustomerList(request.member)
    if wrong is not None:
        form.add_error(None, wrong if isinstance(wrong, ValidationError) else str(wrong))
    context: dict[str, Any] = {
        "section": "segments",
        "form": form,
        "segment": segment,
        "heading": str(segment or _("New segment")),
    }
    if segment is None or segment.is_rule:
        tree = _written(form)
        context["hidden"] = segment is not None and is_hidden(segment.tree, records)
        context |= {"builder": builder(records, tree), "as_of": current_day(request.workspace)}
    return render(request, "segments/edit.html", context)


def _written(form: SegmentForm) -> dict[str, Any]:
    """The rule as the form has it, to go on with."""
    try:
        return read_tree(form["tree"].value() or "")
    except ValidationError:
        return {}


def _start(request: Any) -> dict[str, Any]:
    """What a new segment begins with."""
    records = CustomerList(request.member)
    start: dict[str, Any] = {"owner": request.member, "dynamic": True}
    asked = request.GET.get("recipe")
    for recipe in (one for group in recipes(records) for one in group.recipes) if asked else ():
        if recipe.code == asked and not recipe.lacks:
            return start | {"name": recipe.title, "tree": json.dumps(recipe.tree, ensure_ascii=False)}
    try:
        tree = read_tree(request.GET.get("where", ""))
        if words := request.GET.get("q", "").strip():
            tree = {"all": [*([tree] if tree else []), {"column": "name", "test": "contains", "value": words}]}
        if tree:
            check(tree, records)
    except (ValidationError, BadCondition):
        return start
    return start | {"tree": json.dumps(tree, ensure_ascii=False)}
