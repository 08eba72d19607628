"""Segments side by side."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from zhike_crm.accounts.access import Reach, reach
from zhike_crm.accounts.pages import page
from zhike_crm.segments.clustering_views import compared
from zhike_crm.segments.models import in_use
from zhike_crm.segments.privacy import open_segments

FEWEST, MOST = 2, 6


@page("customers.view")
def compare_segments(request: HttpRequest) -> HttpResponse:
    """Two to six segments of any kind (`?segment=3&segment=7`), beside each other and everybody."""
    segments = open_segments(in_use(request.workspace), request.member)
    every = list(segments.select_related("workspace").order_by("name", "pk"))
    asked = request.GET.getlist("segment")
    known = {str(one.pk): one for one in every}
    chosen = [known[pk] for pk in dict.fromkeys(asked) if pk in known]
    context: dict[str, Any] = {
        "section": "segments",
        "every": every,
        "chosen": chosen,
        "most": MOST,
        "too_many": len(chosen) > MOST,
        "sees_part": reach(request.member) != Reach.ALL,
    }
    if FEWEST <= len(chosen) <= MOST:
        context |= compared(request, chosen)
    return render(request, "segments/compare.html", context)
