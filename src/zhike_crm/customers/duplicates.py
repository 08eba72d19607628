"""Pairs of customers who may be one: finding them, and saying that they are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pyarrow as pa
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from zhike_crm.accounts.access import Reach, reach, visible
from zhike_crm.accounts.models import Membership
from zhike_crm.audit.log import Actor, record
from zhike_crm.customers import matching
from zhike_crm.customers.models import Customer, DuplicatePair
from zhike_crm.jobs.models import Job
from zhike_crm.jobs.queue import enqueue
from zhike_crm.workspaces.models import Workspace

BATCH = 20_000

REASONS: dict[str, Any] = {
    "email": _("same e-mail"),
    "phone": _("same phone"),
    "name_company": _("same name and company"),
    "name_birth_date": _("same name and date of birth"),
    "name_address": _("same name and address"),
    "alike": _("alike in most of what is known"),
}


def request_search(by: Membership) -> Job:
    """Have duplicates looked for in the background; one search waits or runs at a time."""
    return enqueue(by.workspace, "find_duplicates", by=by.user, key="find_duplicates")


def find(workspace: Workspace, say: Callable[[str], None] = lambda _step: None) -> dict[str, Any]:
    """Look through all customers and keep the pairs that are found. Run twice it finds the same again."""
    with duckdb.connect() as con:
        con.execute("SET enable_progress_bar = false")
        say("reading")
        columns = ", ".join(f"{name} {kind}" for name, kind in matching.COLUMNS.items())
        con.execute(f"CREATE TABLE incoming ({columns})")
        for batch in _customers(workspace):
            con.register("batch", batch)
            con.execute("INSERT INTO incoming FROM batch")
            con.unregister("batch")
        say("comparing")
        found = matching.candidates(con)
    say("saving")
    return {"pairs": _keep(workspace, found.table), "learned": found.learned}


def open_pairs(member: Membership) -> QuerySet[DuplicatePair]:
    """The pairs to decide on, both customers within the member's reach, likeliest first."""
    rows = DuplicatePair.objects.of(member.workspace_id).filter(dismissed_at=None)
    rows = rows.filter(
        first__deleted_at=None, first__merged_into=None, second__deleted_at=None, second__merged_into=None
    )
    if reach(member) != Reach.ALL:
        mine = visible(member, Customer.objects).values("pk")
        rows = rows.filter(first__in=mine, second__in=mine)
    return rows.order_by("-score", "pk")


def of_customer(member: Membership, customer: Customer) -> QuerySet[DuplicatePair]:
    return open_pairs(member).filter(Q(first=customer) | Q(second=customer))


@transaction.atomic
def dismiss(first: Customer, second: Customer, by: Membership) -> DuplicatePair:
    """They are not the same, whatever a later search finds."""
    one, other = sorted((first, second), key=lambda customer: customer.pk)
    decided = {"dismissed_at": timezone.now(), "dismissed_by": by.user}
    pair, _made = DuplicatePair.objects.of(by.workspace_id).update_or_create(
        workspace_id=by.workspace_id, first=one, second=other, defaults=decided, create_defaults={**decided, "score": 0}
    )
    record(pair, "pair.dismissed", Actor(by.user))
    return pair


@transaction.atomic
def reopen(pair: DuplicatePair, by: Membership) -> None:
    pair.dismissed_at = pair.dismissed_by = None
    pair.save(update_fields=["dismissed_at", "dismissed_by"])
    record(pair, "pair.reopened", Actor(by.user))


def _customers(workspace: Workspace) -> Iterator[pa.RecordBatch]:
    rows = Customer.objects.of(workspace).filter(deleted_at=None, merged_into=None).order_by("pk")
    names = ("pk", "name", "email", "phone", "birth_date", "company_id", "city", "address")
    schema = pa.schema(
        [("id", pa.int64())]
        + [(n, pa.date32() if n == "birth_date" else pa.string()) for n in matching.COLUMNS if n != "id"]
    )
    batch: list[tuple[Any, ...]] = []
    for row in rows.values_list(*names).iterator(chunk_size=BATCH):
        batch.append((*row[:5], None if row[5] is None else str(row[5]), *row[6:]))
        if len(batch) == BATCH:
            yield _batch(batch, schema)
            batch = []
    if batch:
        yield _batch(batch, schema)


def _batch(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


@transaction.atomic
def _keep(workspace: Workspace, found: pa.Table) -> int:
    """The open pairs are those of this search; those that somebody decided on stay as decided."""
    pairs = DuplicatePair.objects.of(workspace)
    pairs.filter(dismissed_at=None).delete()
    decided = set(pairs.values_list("first_id", "second_id"))
    rows = [row for row in found.to_pylist() if (row["first"], row["second"]) not in decided]
    made = [
        DuplicatePair(
            workspace=workspace,
            first_id=row["first"],
            second_id=row["second"],
            score=row["score"],
            reasons=row["reasons"],
        )
        for row in rows
    ]
    DuplicatePair.objects.bulk_create(made, batch_size=2000)
    return len(made)
