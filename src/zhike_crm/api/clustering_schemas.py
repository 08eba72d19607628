"""What the API takes and gives about groups found in the data, and about what a segment is like."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field

from zhike_crm.api.schemas import Id, PageOut, Strict, Text
from zhike_crm.segments.clustering_actions import FEWEST_GROUPS, MOST_GROUPS
from zhike_crm.segments.traits import MOST_TRAITS

Name = Annotated[Text, Field(min_length=1, max_length=80)]


class ClusteringIn(Strict):
    """`traits` are names of `GET /clusterings/traits`. `groups`: how many; as many as the data say when left out.
    `follows`: the id of kept groups that are to be found anew."""

    traits: Annotated[list[Annotated[Text, Field(max_length=120)]], Field(min_length=1, max_length=MOST_TRAITS)]
    groups: Annotated[int, Field(ge=FEWEST_GROUPS, le=MOST_GROUPS)] | None = None
    name: Annotated[Text, Field(max_length=80)] = ""
    follows: Id | None = None


class GroupNames(Strict):
    """What a group is called in each language."""

    number: Annotated[int, Field(ge=1, le=1000)]
    en: Name
    zh: Name


class NamesIn(Strict):
    groups: Annotated[list[GroupNames], Field(min_length=1, max_length=MOST_GROUPS)]


# -- answers -----------------------------------------------------------------------------------------------------------
class TraitOut(Schema):
    """`known`: the share of the customers of whom it is known; from a half on groups can be found with it."""

    name: str
    label: str
    theme: str
    known: float


class TraitsOut(Schema):
    items: list[TraitOut]


class GroupOut(Schema):
    """`id` is that of the segment, once the groups are kept; until then its customers are those of the list with
    `{"column": "group", "test": "any_of", "value": ["<id>"]}`."""

    id: int
    number: int
    names: dict[str, str]
    count: int


class TriedOut(Schema):
    """A number of groups and how it did: silhouette (−1 to 1), agreement of halves (1 fully, 0 as chance would)."""

    groups: int
    silhouette: float
    stability: float | None


class ClusteringOut(Schema):
    """`state`: looking, failed (`problem` says why), found, kept, past (found anew since). `verdict`: found (there are
    groups), drawn (there are no gaps between them), unstable (halves of the customers give others), unknown (too few
    to tell). `fit`: since the last refresh, the share of customers `far` from their group (.05 when it was found), the
    share that has `moved`, and whether the groups had better be found anew (`drift`)."""

    id: int
    name: str
    state: Literal["looking", "failed", "found", "kept", "past"]
    traits: list[str]
    asked: int | None
    follows: int | None
    problem: str
    created_at: dt.datetime
    found_at: dt.datetime | None
    groups: list[GroupOut]
    customers: int | None
    outside: int | None
    verdict: Literal["found", "drawn", "unstable", "unknown"] | None
    why: str
    trust: str
    tried: list[TriedOut]
    fit: dict[str, Any]


class ClusteringsOut(PageOut):
    items: list[ClusteringOut]


class ProfileTraitOut(Schema):
    """`value` of the segment beside `everybody`: of a number its mean, or the median where it is skewed; of a `level`
    of a category its share. `effect`: standard deviations of everybody; `is_clear`: beyond what chance would do."""

    trait: str
    level: str | None
    measure: str
    value: float | None
    everybody: float
    effect: float
    is_clear: bool
    known: int


class OpinionOut(Schema):
    value: float
    low: float
    high: float
    answers: int


class ProfileOut(Schema):
    """`ready` is false while `traits` and what follows them are being worked out: ask again in a few seconds.
    `sampled`: how many customers they are of, where not all."""

    segment: int
    customers: int
    share_of_customers: float | None
    revenue: float | None
    share_of_revenue: float | None
    average_order: float | None
    value_to_come: float | None
    tiers: dict[str, int]
    stages: dict[str, int]
    churn_risks: dict[str, int]
    ready: bool
    sampled: int | None
    traits: list[ProfileTraitOut]
    opinions: dict[str, OpinionOut]
    countries: list[tuple[str, float]]
    products: list[tuple[str, float]]
