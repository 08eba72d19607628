"""Pages of duplicates: pairs to decide on, two side by side, merging and taking apart."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from zhike_crm.accounts.access import can, visible
from zhike_crm.accounts.pages import page
from zhike_crm.customers import comparing, duplicates, merging
from zhike_crm.customers.finding import current
from zhike_crm.customers.models import Customer, DuplicatePair, Merge
from zhike_crm.customers.queries import field_labels, masked
from zhike_crm.jobs.models import Job

PAGE = 25
MERGES = 20


@page("customers.merge")
def pairs(request: HttpRequest) -> HttpResponse:
    """What may be doubles, likeliest first; below, what was merged lately, to be taken apart."""
    rows = duplicates.open_pairs(request.member).select_related("first", "second", "first__score", "second__score")
    shown = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    open_book = can(request.member, "personal.view")
    job = Job.objects.of(request.workspace).filter(kind="find_duplicates").order_by("-created_at").first()
    context = {
        "pairs": [(pair, [_side(c, open_book) for c in (pair.first, pair.second)], _why(pair)) for pair in shown],
        "page": shown,
        "job": job,
        "merges": _merges(request).filter(undone_at=None)[:MERGES],
        "dismissed": _dismissed(request)[:MERGES],
    }
    return render(request, "customers/duplicates.html", context)


@page("customers.merge", methods=("POST",))
def search_duplicates(request: HttpRequest) -> HttpResponse:
    duplicates.request_search(request.member)
    messages.success(request, _("The search runs in the background; the pairs appear here."))
    return redirect("duplicates", request.workspace.slug)


@page("customers.merge", methods=("GET", "HEAD", "POST"))
def compare(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Two side by side; posted, the second becomes part of the first."""
    kept, merged = (get_object_or_404(current(request.member), pk=one) for one in (pk, other))
    if kept.pk == merged.pk:
        return redirect("customer", request.workspace.slug, pk)
    if request.method == "POST":
        try:
            merging.merge(kept, merged, request.member, take=comparing.chosen(request.POST, kept))
        except ValidationError as wrong:
            messages.error(request, " ".join(wrong.messages))
            return redirect("duplicates", request.workspace.slug)
        messages.success(request, _("%(name)s is now part of this customer.") % {"name": merged.name})
        return redirect("customer", request.workspace.slug, kept.pk)
    context = {
        "kept": kept,
        "other": merged,
        "lines": comparing.lines(kept, merged, request.member),
        "belongings": comparing.belongings([kept, merged], request.member),
    }
    return render(request, "customers/compare.html", context)


@page("customers.merge", methods=("POST",))
def dismiss_pair(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    first, second = (get_object_or_404(current(request.member), pk=one) for one in (pk, other))
    if first.pk != second.pk:
        duplicates.dismiss(first, second, request.member)
        messages.success(request, _("Noted: they are not the same. Later searches leave them alone."))
    return redirect("duplicates", request.workspace.slug)


@page("customers.merge", methods=("POST",))
def reopen_pair(request: HttpRequest, pk: int) -> HttpResponse:
    duplicates.reopen(get_object_or_404(_dismissed(request), pk=pk), request.member)
    return redirect("duplicates", request.workspace.slug)


@page("customers.merge", methods=("POST",))
def undo_merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a merge apart, and say what stayed because it is newer."""
    found = get_object_or_404(_merges(request), pk=pk)
    try:
        done = merging.unmerge(found, request.member)
    except ValidationError as wrong:
        messages.error(request, " ".join(wrong.messages))
    else:
        messages.success(request, _("%(name)s is a customer of its own again.") % {"name": found.merged.name})
        if done.newer:
            labels = field_labels(request.workspace)
            said = ", ".join(labels.get(name, name) for name in done.newer)
            messages.info(request, _("Changed since the merge, so left as it is: %(fields)s.") % {"fields": said})
    return redirect("customer", request.workspace.slug, found.merged_id)


def _merges(request: Any) -> Any:
    mine = visible(request.member, Customer.objects).values("pk")
    rows = Merge.objects.of(request.workspace).filter(kept__in=mine)
    return rows.select_related("kept", "merged", "by").order_by("-pk")


def _dismissed(request: Any) -> Any:
    mine = visible(request.member, Customer.objects).values("pk")
    rows = DuplicatePair.objects.of(request.workspace).filter(dismissed_at__isnull=False)
    return rows.filter(first__in=mine, second__in=mine).select_related("first", "second").order_by("-dismissed_at")


def _side(customer: Customer, open_book: bool) -> dict[str, Any]:
    """What tells the two apart at a glance."""
    reach = [value if open_book else masked(value) for value in (customer.email, customer.phone) if value]
    place = [value for value in (customer.city, customer.country) if value]
    return {"customer": customer, "facts": [*reach, *place], "score": getattr(customer, "score", None)}


def _why(pair: DuplicatePair) -> list[Any]:
    return [duplicates.REASONS.get(reason, reason) for reason in pair.reasons]
