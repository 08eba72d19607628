"""What the API takes and gives. What it takes is named here field by field; anything else is refused by name."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

# What every database can hold.
BIGGEST = 2**63 - 1
CURSOR = r"^[A-Za-z0-9_\-]*$"


def plain(value: Any) -> Any:
    """Text, or anything holding text, that can be kept: no NUL, nothing that is half a character.

    >>> plain({"a": ["b"]})
    {'a': ['b']}
    """
    written = json.dumps(value, ensure_ascii=False, default=str)
    if "\\u0000" in written:
        raise ValueError("NUL characters cannot be kept")
    try:
        written.encode()
    except UnicodeEncodeError as wrong:
        raise ValueError("half a character (a lone surrogate) cannot be kept") from wrong
    return value


def iso(value: Any) -> Any:
    """A day as text: a bare number is a mistake and no day of 1970."""
    if isinstance(value, dt.date):
        return value
    if not isinstance(value, str):
        raise ValueError("a day is written 2026-12-31")
    return dt.date.fromisoformat(value)


Day = Annotated[dt.date, BeforeValidator(iso)]
Id = Annotated[int, Field(ge=1, le=BIGGEST)]
Text = Annotated[str, AfterValidator(plain)]
Fields = Annotated[dict[str, Any], AfterValidator(plain), Field(max_length=200)]


class Strict(Schema):
    """A body in which unknown names are mistakes."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class CustomerIn(Strict):
    """What can be set. `fields` are custom fields by name; `company` and `owner` are ids."""

    kind: Literal["person", "company"] = "person"
    name: Annotated[Text, Field(min_length=1, max_length=200)]
    email: Annotated[Text, Field(max_length=254)] = ""
    phone: Annotated[Text, Field(max_length=40)] = ""
    gender: Annotated[Text, Field(max_length=20)] = ""
    birth_date: Day | None = None
    company: Id | None = None
    job_title: Annotated[Text, Field(max_length=100)] = ""
    country: Annotated[Text, Field(max_length=80)] = ""
    region: Annotated[Text, Field(max_length=80)] = ""
    city: Annotated[Text, Field(max_length=80)] = ""
    address: Annotated[Text, Field(max_length=300)] = ""
    owner: Id | None = None
    fields: Fields = {}


class CustomerPatch(CustomerIn):
    """Only what is sent changes. `null` clears a date, a company, an owner, a custom field."""

    name: Annotated[Text, Field(min_length=1, max_length=200)] = ""


class NoteIn(Strict):
    text: Annotated[Text, Field(min_length=1, max_length=10_000)]


class TaskIn(Strict):
    """`owner` is a member's id; without one the task is the token's owner's."""

    title: Annotated[Text, Field(min_length=1, max_length=200)]
    customer: Id | None = None
    owner: Id | None = None
    due_on: Day | None = None


class TaskPatch(Strict):
    done: StrictBool


# -- answers -----------------------------------------------------------------------------------------------------------
class ProblemOut(Schema):
    """RFC 9457. `detail` says what to change."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] = []


class ScoresOut(Schema):
    """The current scores. `unproven` names the models that did no better than none in their test on the workspace's
    own past: "clv" (p_alive, expected_purchases, residual_clv), "churn" (churn_probability, churn_risk)."""

    model_config = ConfigDict(extra="allow")
    as_of: dt.date
    unproven: list[str]


class CustomerOut(Schema):
    """E-mail, phone, gender, date of birth and address are there only with the right to see personal data."""

    id: int
    version: str
    kind: str
    name: str
    email: str | None = None
    phone: str | None = None
    gender: str | None = None
    birth_date: dt.date | None = None
    company: int | None
    job_title: str
    country: str
    region: str
    city: str
    address: str | None = None
    owner: int | None
    fields: dict[str, Any]
    scores: ScoresOut | None
    simulated: bool
    created_at: dt.datetime
    updated_at: dt.datetime


class PageOut(BaseModel):
    """One page. `next` goes into `cursor` for the page after it; null: this was the last."""

    items: list[Any]
    next: str | None


class CustomersOut(PageOut):
    items: list[CustomerOut]


class NoteOut(Schema):
    id: int
    customer: int
    text: str
    by: str | None
    created_at: dt.datetime
    edited_at: dt.datetime | None


class NotesOut(PageOut):
    items: list[NoteOut]


class TaskOut(Schema):
    id: int
    title: str
    customer: int | None
    owner: int | None
    due_on: dt.date | None
    done: bool
    created_at: dt.datetime


class TasksOut(PageOut):
    items: list[TaskOut]


class MergeIn(Strict):
    """`merged` is the id of the customer who becomes part of the one in the address."""

    merged: Id


class MergeOut(Schema):
    id: int
    kept: int
    merged: int
    at: dt.datetime
    undone: bool


class ReceivedOut(Schema):
    """`index` is the place in the batch. A duplicate is a message that is stored already."""

    index: int
    message_id: str | None
    status: str
    detail: str | None = None


class BatchOut(Schema):
    accepted: int
    duplicates: int
    rejected: int
    items: list[ReceivedOut]


class FieldOut(Schema):
    name: str
    label: str
    kind: str
    options: list[dict[str, Any]]
    help_text: str
    personal: bool


class OrderOut(Schema):
    """An order, net of what was taken back; money in the workspace's currency."""

    order_id: str
    customer: int | None
    customer_id: str | None
    ordered_at: dt.datetime
    amount: float
    gross_amount: float | None
    discount: float | None
    cost: float | None


class OrdersOut(PageOut):
    items: list[OrderOut]


class InteractionOut(Schema):
    model_config = ConfigDict(extra="allow")
    interaction_id: str | None
    customer_id: str
    occurred_at: dt.datetime
    kind: str | None


class InteractionsOut(PageOut):
    items: list[InteractionOut]


class HistoryOut(Schema):
    model_config = ConfigDict(extra="allow")
    run: int
    as_of: dt.date


class JobOut(Schema):
    """`state` is queued, running, done or failed; `step` is what it is at."""

    id: int
    kind: str
    state: str
    step: str
    result: dict[str, Any]
    error: str
    created_at: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None


class JobsOut(PageOut):
    items: list[JobOut]


PROBLEMS = {frozenset({400, 401, 403, 404, 409, 412, 413, 422, 429}): ProblemOut}
