"""Groups found in the data: what to look with, looking, what was found, keeping; and what a segment is like."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query, Router

from zhike_crm.api import cursors
from zhike_crm.api.answers import answer, nothing
from zhike_crm.api.clustering_schemas import (
    ClusteringIn,
    ClusteringOut,
    ClusteringsOut,
    NamesIn,
    ProfileOut,
    TraitsOut,
)
from zhike_crm.api.idempotency import idempotent
from zhike_crm.api.schemas import CURSOR, PROBLEMS, Id
from zhike_crm.api.security import may
from zhike_crm.api.segments import found_segment
from zhike_crm.audit.models import Via
from zhike_crm.customers.lists import CustomerList
from zhike_crm.segments import clustering_actions as actions
from zhike_crm.segments.cards import Portrayal, portrayals, work_out_later
from zhike_crm.segments.clustering import Result
from zhike_crm.segments.models import Clustering, Segment
from zhike_crm.segments.privacy import open_clusterings
from zhike_crm.segments.profile import profile
from zhike_crm.segments.reading import known_shares
from zhike_crm.segments.traits import Trait, traits_of

router = Router(tags=["segments"])
_NEWEST = cursors.Order(descending=True)
_CLUSTERING = ("state", "traits", "asked", "problem", "created_at", "found_at", "fit")
_TRAIT = ("level", "measure", "value", "everybody", "effect", "is_clear", "known")


@router.get("/clusterings/traits", auth=may("segments.edit"), response={200: TraitsOut, **PROBLEMS})
def traits(request: HttpRequest) -> HttpResponse:
    """What customers can be told apart by."""
    known = {name: one for name, one in traits_of(CustomerList(request.by)).items() if one.theme != "models"}
    shares = known_shares(request.workspace)
    items = [
        {"name": name, "label": one.label, "theme": one.theme, "known": shares.get(name, 0.0)}
        for name, one in known.items()
    ]
    return answer({"items": items})


@router.get("/clusterings", auth=may("customers.view"), response={200: ClusteringsOut, **PROBLEMS})
def clustering_list(
    request: HttpRequest,
    limit: int = Query(50, ge=1, le=200),
    cursor: str = Query("", max_length=2_000, pattern=CURSOR),
) -> HttpResponse:
    """Groups that were looked for, the newest first."""
    rows = open_clusterings(Clustering.objects.of(request.workspace), request.by).prefetch_related("groups")
    shown, following = cursors.page(rows, _NEWEST, cursor, limit)
    return answer({"items": [_told(one) for one in shown], "next": following})


@router.post("/clusterings", auth=may("segments.edit"), response={202: ClusteringOut, **PROBLEMS})
@idempotent
def look_for_groups(request: HttpRequest, body: ClusteringIn) -> HttpResponse:
    """Have groups looked for in the background: ask for the clustering until its `state` is no longer looking."""
    values = body.model_dump()
    follows = values.pop("follows")
    values["follows"] = _found(request, follows) if follows else None
    return answer(_told(actions.look_for_groups(request.by, via=Via.API, **values)), 202)


@router.get("/clusterings/{pk}", auth=may("customers.view"), response={200: ClusteringOut, **PROBLEMS})
def get_clustering(request: HttpRequest, pk: Id) -> HttpResponse:
    """How many groups there are and why, who they are, and whether they still fit."""
    return answer(_told(_found(request, pk)))


@router.post("/clusterings/{pk}/keep", auth=may("segments.edit"), response={200: ClusteringOut, **PROBLEMS})
@idempotent
def keep_groups(request: HttpRequest, pk: Id) -> HttpResponse:
    """Make the groups segments: after every refresh it is computed anew who is in them, by the same centres."""
    found = _found(request, pk)
    actions.keep_groups(found, request.by, via=Via.API)
    return answer(_told(_found(request, pk)))


@router.patch("/clusterings/{pk}", auth=may("segments.edit"), response={200: ClusteringOut, **PROBLEMS})
def rename_groups(request: HttpRequest, pk: Id, body: NamesIn) -> HttpResponse:
    """Call groups something else."""
    names = {one.number: {"en": one.en, "zh": one.zh} for one in body.groups}
    actions.rename_groups(_found(request, pk), names, request.by, via=Via.API)
    return answer(_told(_found(request, pk)))


@router.delete("/clusterings/{pk}", auth=may("segments.edit"), response={204: None, **PROBLEMS})
def discard_groups(request: HttpRequest, pk: Id) -> HttpResponse:
    """Throw away groups that were not kept."""
    actions.discard_groups(_found(request, pk), request.by, via=Via.API)
    return nothing()


@router.get("/segments/{pk}/profile", auth=may("customers.view"), response={200: ProfileOut, **PROBLEMS})
def segment_profile(request: HttpRequest, pk: Id) -> HttpResponse:
    """What a segment is like beside everybody: size, money, tiers, what sets it apart, satisfaction."""
    found = found_segment(request, pk)
    told = portrayals(request.workspace, [found])
    if told is None:
        work_out_later(request.workspace, [found])
    portrayal = (told or {}).get(found.pk)
    return answer(_sums(found) | _apart(portrayal, traits_of(CustomerList(request.by))))


def _sums(found: Segment) -> dict[str, Any]:
    known = profile(found)
    mine = known.members if known else None
    return {
        "segment": found.pk,
        "customers": found.count or 0,
        "share_of_customers": known.share_of_customers if known else None,
        "share_of_revenue": known.share_of_revenue if known else None,
        "revenue": mine.revenue if mine else None,
        "average_order": mine.average_order if mine else None,
        "value_to_come": mine.to_come if mine else None,
        "tiers": mine.groups["value_tier"] if mine else {},
        "stages": mine.groups["stage"] if mine else {},
        "churn_risks": mine.groups["churn_risk"] if mine else {},
    }


def _apart(told: Portrayal | None, known: dict[str, Trait]) -> dict[str, Any]:
    """What the reader may see of it."""
    card = told.card if told else None
    return {
        "ready": told is not None,
        "sampled": told.sampled if told else None,
        "traits": [
            {"trait": one.column, **{name: getattr(one, name) for name in _TRAIT}}
            for one in (card.traits if card else ())
            if one.column in known
        ],
        "opinions": {name: asdict(one) for name, one in (told.opinions if told else {}).items()},
        "countries": told.countries if told else [],
        "products": told.products if told else [],
    }


def _found(request: Any, pk: int) -> Clustering:
    rows = open_clusterings(Clustering.objects.of(request.workspace), request.by)
    rows = rows.select_related("workspace").prefetch_related("groups")
    row = rows.filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _told(row: Clustering) -> dict[str, Any]:
    result = Result(row.result) if row.result else None
    groups = sorted((one for one in row.groups.all() if one.archived_at is None), key=lambda one: one.number)
    return {
        "id": row.pk,
        "name": row.title,
        "follows": row.follows_id,
        **{name: getattr(row, name) for name in _CLUSTERING},
        "groups": [
            {"id": one.pk, "number": one.number, "names": actions.titles(one), "count": one.count or 0}
            for one in groups
        ],
        "customers": result.customers if result else None,
        "outside": result.outside if result else None,
        "verdict": result.verdict if result else None,
        "why": result.why if result else "",
        "trust": result.trust if result else "",
        "tried": [
            {"groups": one.clusters, "silhouette": one.silhouette, "stability": one.stability}
            for one in (result.quality if result else ())
        ],
    }
