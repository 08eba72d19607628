"""What the addresses of imports take and give."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AfterValidator, Field, model_validator

from zhike_crm.api.schemas import PageOut, Strict, Text, plain


class OwnFieldIn(Strict):
    """What a column becomes for which customers have no place: a new custom field of a kind, called `label` (else
    like the column), or the value of a `field` that is there, by its name."""

    kind: Literal["choice", "number", "date", "yesno", "text"] | None = None
    field: str | None = Field(None, max_length=50)
    label: Text = Field("", max_length=80)

    @model_validator(mode="after")
    def _one_of_both(self) -> OwnFieldIn:
        if (self.kind is None) == (self.field is None):
            raise ValueError("either kind or field")
        return self


class ColumnsIn(Strict):
    """`columns`: ours → theirs, complete: what is not named stays empty; not sent: as proposed. `fields`, of a list of
    customers: theirs → what it becomes; columns that fill a field already go on doing so. What Zhike would propose is
    in `inspection.fields`."""

    columns: Annotated[dict[str, str], AfterValidator(plain), Field(max_length=100)] = {}
    fields: Annotated[dict[str, OwnFieldIn], AfterValidator(plain), Field(max_length=400)] = {}


class ImportOut(Schema):
    """`state` says how far it is; `inspection` and `check` what was found, `report` what became of it."""

    id: int
    name: str
    state: str
    table: str
    source: str
    size: int
    problem: str
    inspection: dict[str, Any]
    check: dict[str, Any]
    report: dict[str, Any]
    counts: dict[str, int | None]
    created_at: dt.datetime
    imported_at: dt.datetime | None
    undone_at: dt.datetime | None


class ImportsOut(PageOut):
    items: list[ImportOut]
