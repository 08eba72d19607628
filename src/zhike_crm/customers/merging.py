"""Two customers become one, and two again, with nothing lost.

    merge:    the merged record is hidden and keeps its own fields; what belongs to it moves to the kept one
    unmerge:  everything goes back to where it began, and so do the fields that came over

Rows that move remember where they began, so where they belong now follows from the merges that still stand, whatever
the order in which others are undone. Of a field, the newest edit by a person wins. A value that a file has told
(`FieldValue.told`) stays one when it comes over to where there was none, and when it goes back; taken instead of
another value, it is what a person has chosen.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from zhike_crm.accounts.models import Membership
from zhike_crm.audit.log import Actor, record
from zhike_crm.audit.models import Via
from zhike_crm.customers.actions import RECORD_TYPE
from zhike_crm.customers.families import family
from zhike_crm.customers.models import EDITABLE, Customer, DuplicatePair, Identity, Merge, Note, Task
from zhike_crm.fields import turns
from zhike_crm.fields.models import FieldDefinition
from zhike_crm.fields.values import CUSTOM, definitions, plain, put_back, told_of, values_of

_MOVING: dict[str, type[models.Model]] = {"identities": Identity, "notes": Note, "tasks": Task}
_EMPTY = (None, "", [])


@dataclass(frozen=True)
class Side:
    """One of two customers: everything that can be taken over (`facts_of`), and the names of what files have told."""

    customer: Customer
    facts: Mapping[str, Any]
    told: Collection[str]


@dataclass(frozen=True)
class Unmerged:
    """`newer` are the fields that somebody changed after the merge: they keep the newer value."""

    merge: Merge
    newer: list[str]


@transaction.atomic
def merge(
    kept: Customer,
    merged: Customer,
    by: Membership,
    *,
    take: Mapping[str, bool] | None = None,
    via: str = Via.PAGE,
) -> Merge:
    """Make `merged` part of `kept`.

    Args:
        take: field → whether to take it from the merged record, for the fields somebody chose; custom fields are
            named "field.name". Of the others, `kept` is filled in where it has nothing.

    Raises:
        ValidationError: they are the same, or one of them is merged or deleted already.
    """
    turns.typing(by.workspace_id, definitions(by.workspace_id, RECORD_TYPE))
    kept, merged = _locked(kept, merged, by)
    mine, theirs = side_of(kept), side_of(merged)
    taken = [name for name in mine.facts if _taken(name, mine, theirs, take or {})]
    changes = {name: [mine.facts[name], theirs.facts[name]] for name in taken}
    told = {name: [name in mine.told, name in theirs.told and mine.facts[name] in _EMPTY] for name in taken}
    _set(kept, {name: after for name, (_before, after) in changes.items()}, [n for n, (_b, now) in told.items() if now])
    merged.merged_into = kept
    merged.save(update_fields=["merged_into", "updated_at"])
    done = Merge.objects.create(
        workspace_id=by.workspace_id,
        kept=kept,
        merged=merged,
        changes=changes,
        told={name: sides for name, sides in told.items() if any(sides)},
        moved=_move(merged, kept),
        by=by.user,
    )
    _read_lists_again(by)
    actor = Actor(by.user, Via(via))
    record(kept, "customer.merged", actor, {**changes, "merged": [None, str(merged)]})
    record(merged, "customer.merged", actor, {"merged_into": [None, str(kept)]})
    return done


@transaction.atomic
def unmerge(merge: Merge, by: Membership, *, via: str = Via.PAGE) -> Unmerged:
    """Take a merge apart. Later merges of the same customers stay as they are.

    Raises:
        ValidationError: it is apart already.
    """
    turns.typing(by.workspace_id, definitions(by.workspace_id, RECORD_TYPE))
    merge = Merge.objects.of(by.workspace_id).select_for_update(of=("self",)).get(pk=merge.pk)
    if merge.undone_at is not None:
        raise ValidationError(_("This merge is undone already."))
    merge.undone_at = timezone.now()
    merge.save(update_fields=["undone_at"])
    newer = [
        name
        for name, (before, after) in merge.changes.items()
        if not _replace(merge.kept_id, name, after, (before, _was_told(merge, name, 0)), merge)
    ]
    merged = Customer.objects.of(by.workspace_id).select_for_update(of=("self",)).get(pk=merge.merged_id)
    merged.merged_into = None
    merged.save(update_fields=["merged_into", "updated_at"])
    _bring_home(merged)
    _read_lists_again(by)
    given_back = {n: [after, before] for n, (before, after) in merge.changes.items() if n not in newer}
    actor = Actor(by.user, Via(via))
    record(merge.kept, "customer.unmerged", actor, {**given_back, "merged": [str(merged), None]})
    record(merged, "customer.unmerged", actor, {"merged_into": [str(merge.kept), None]})
    return Unmerged(merge, newer)


def _read_lists_again(by: Membership) -> None:
    """What files say fills custom fields anew at the next refresh: identities have changed hands."""
    fields = FieldDefinition.objects.of(by.workspace_id).filter(record_type=RECORD_TYPE)
    fields.exclude(told_version=None).update(told_version=None)


def facts_of(customer: Customer) -> dict[str, Any]:
    """Everything that can be taken over, by name, as JSON has it."""
    own = {name: plain(customer._meta.get_field(name).value_from_object(customer)) for name in EDITABLE}
    fields = definitions(customer.workspace_id, RECORD_TYPE)
    custom = values_of(fields, [customer.pk]).get(customer.pk, {})
    return own | {f"{CUSTOM}{field.name}": plain(custom.get(field.name)) for field in fields}


def side_of(customer: Customer) -> Side:
    """What a customer has, and which of it files have told."""
    told = told_of(definitions(customer.workspace_id, RECORD_TYPE), [customer.pk])
    return Side(customer, facts_of(customer), {f"{CUSTOM}{name}" for name in told[customer.pk]})


def wins(name: str, kept: Side, merged: Side) -> bool:
    """Whether the merged record's value is taken unless somebody says otherwise: where the kept one has none, or has
    it from a file while somebody typed the other."""
    mine, theirs = kept.facts[name], merged.facts[name]
    return theirs not in _EMPTY and (mine in _EMPTY or (name in kept.told and name not in merged.told))


def _locked(kept: Customer, merged: Customer, by: Membership) -> tuple[Customer, Customer]:
    """Both rows for this transaction alone, in one order for everybody."""
    ids = sorted({kept.pk, merged.pk})
    rows = Customer.objects.of(by.workspace_id).select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
    found = {row.pk: row for row in rows}
    if len(found) != 2:
        raise ValidationError(_("Choose two different customers."))
    if not all(row.is_current for row in found.values()):
        raise ValidationError(_("One of the two was merged or deleted meanwhile."))
    return found[kept.pk], found[merged.pk]


def _taken(name: str, kept: Side, merged: Side, take: Mapping[str, bool]) -> bool:
    mine, theirs = kept.facts[name], merged.facts[name]
    # Nobody works for themselves.
    if mine == theirs or (name == "company" and theirs == kept.customer.pk):
        return False
    if name in take:
        return take[name] and not (name == "name" and not theirs)
    return wins(name, kept, merged)


def _move(merged: Customer, kept: Customer) -> dict[str, int]:
    """What belongs to the merged customer belongs to the kept one; how many rows of what."""
    counts = {}
    for name, model in _MOVING.items():
        rows = model.objects.of(merged.workspace_id).filter(customer=merged)
        if model is not Identity:
            rows.filter(first_customer=None).update(first_customer=F("customer"))
        counts[name] = rows.update(customer=kept)
    pairs = DuplicatePair.objects.of(merged.workspace_id).filter(dismissed_at=None)
    pairs.filter(first__in=[merged, kept], second__in=[merged, kept]).delete()
    return counts


def _bring_home(merged: Customer) -> None:
    """What began with this customer, or with those still merged into it, is here again."""
    for model in _MOVING.values():
        rows = model.objects.of(merged.workspace_id).filter(first_customer__in=family(merged))
        rows.update(customer=merged)


def _replace(customer: int, name: str, old: Any, new: tuple[Any, bool], undone: Merge) -> bool:
    """Where a field has `old` because of a merge, give it `new`; False when somebody changed it since.

    A later merge may have laid its own value over it: then that one goes back to `new` one day. And if the customer
    is itself part of another, the value may have come there from here.

    Args:
        new: the value, and whether a file has told it.
    """
    standing = Merge.objects.of(undone.workspace_id).filter(undone_at=None)
    for later in standing.filter(kept=customer, pk__gt=undone.pk).order_by("pk"):
        if name in later.changes:
            met = later.changes[name][0] == old
            if met:
                _rewrite(later, name, before=new)
            return met
    now = side_of(Customer.objects.of(undone.workspace_id).select_for_update(of=("self",)).get(pk=customer))
    if now.facts.get(name) != old and not _only_files_did(now, name, _was_told(undone, name, 1)):
        return False
    _set(now.customer, {name: new[0]}, [name] if new[1] else [])
    upward = standing.filter(merged=customer).first()
    if upward is not None and upward.changes.get(name, [None, None])[1] == old and name in upward.changes:
        _rewrite(upward, name, after=new)
        _replace(upward.kept_id, name, old, new, upward)
    return True


def _only_files_did(now: Side, name: str, was_told: bool) -> bool:
    """Whether nobody has typed what a field has now: a file says otherwise since, or no longer says anything."""
    taken_back = was_told and now.facts.get(name) in _EMPTY and name not in now.customer.edited
    return name in now.told or taken_back


def _was_told(merge: Merge, name: str, side: int) -> bool:
    return bool(merge.told.get(name, (False, False))[side])


def _rewrite(
    merge: Merge, name: str, *, before: tuple[Any, bool] | None = None, after: tuple[Any, bool] | None = None
) -> None:
    sides = [(value, _was_told(merge, name, side)) for side, value in enumerate(merge.changes[name])]
    sides = [before or sides[0], after or sides[1]]
    merge.changes = {**merge.changes, name: [value for value, _told in sides]}
    merge.told = {**merge.told, name: [told for _value, told in sides]}
    merge.save(update_fields=["changes", "told"])


def _set(customer: Customer, values: Mapping[str, Any], told: Collection[str]) -> None:
    """Write fields and custom fields, as `facts_of` gives them. Imports leave alone what a person has chosen."""
    own = {name: value for name, value in values.items() if not name.startswith(CUSTOM)}
    for name, value in own.items():
        field = customer._meta.get_field(name)
        setattr(customer, field.attname, None if value is None else field.to_python(value))
    if own:
        customer.edited = sorted({*customer.edited, *own})
        customer.save()
    custom = {name.removeprefix(CUSTOM): value for name, value in values.items() if name.startswith(CUSTOM)}
    if custom:
        fields = definitions(customer.workspace_id, RECORD_TYPE)
        put_back(customer, fields, custom, told=[name.removeprefix(CUSTOM) for name in told])
