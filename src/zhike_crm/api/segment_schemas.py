"""What the API takes and gives about segments."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AfterValidator, Field, StrictBool

from zhike_crm.api.schemas import Id, PageOut, Strict, Text, plain

Rule = Annotated[dict[str, Any], AfterValidator(plain), Field(max_length=10)]


class RuleIn(Strict):
    """`rule` is a tree of conditions as in `where` of the list of customers, and of conditions on events:
    `{"event": "purchase", "test": "at_least", "value": 2, "within_days": 90, "where": []}`."""

    rule: Rule


class SegmentIn(Strict):
    """`rule` is that of a segment of the kind rule; a list has none. A dynamic one follows it at every refresh."""

    name: Annotated[Text, Field(min_length=1, max_length=80)]
    description: Annotated[Text, Field(max_length=500)] = ""
    kind: Literal["rule", "list"] = "rule"
    rule: Rule = {}
    dynamic: StrictBool = True


class SegmentPatch(Strict):
    """Only what is sent changes."""

    name: Annotated[Text, Field(min_length=1, max_length=80)] = ""
    description: Annotated[Text, Field(max_length=500)] = ""
    owner: Id | None = None
    rule: Rule = {}
    dynamic: StrictBool = True


class MembersIn(Strict):
    """Ids of customers."""

    add: Annotated[list[Id], Field(max_length=1000)] = []
    remove: Annotated[list[Id], Field(max_length=1000)] = []


# -- answers -----------------------------------------------------------------------------------------------------------
class SegmentOut(Schema):
    """`kind`: rule, list, or cluster, a group that was found in the data: then with the `number` that it has in its
    `clustering`. `count`, `entered` and `left` are those of the last time it was computed, at `counted_at`. `rule` is
    null where it asks about data that the token may not see."""

    id: int
    name: str
    description: str
    kind: str
    rule: dict[str, Any] | None
    dynamic: bool
    owner: int | None
    clustering: int | None
    number: int | None
    count: int | None
    entered: int
    left: int
    counted_at: dt.datetime | None
    problem: str
    archived: bool
    created_at: dt.datetime


class SegmentsOut(PageOut):
    items: list[SegmentOut]


class CountOut(Schema):
    customers: int


class TurnOut(Schema):
    """One time it was computed (`rule`, `refresh`, `asked`, `merge`, `found`) or changed by hand (`people`)."""

    id: int
    at: dt.datetime
    cause: str
    count: int
    entered: int
    left: int


class TurnsOut(PageOut):
    items: list[TurnOut]
