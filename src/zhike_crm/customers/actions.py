"""What is done to customers, notes and tasks: atomic, audited, and undoable."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhike_crm.accounts.models import Membership
from zhike_crm.audit.log import Actor, differences, record
from zhike_crm.audit.models import Via
from zhike_crm.customers.models import Customer, Identity, Note, Task
from zhike_crm.fields import turns
from zhike_crm.fields.values import CUSTOM, definitions, write

RECORD_TYPE = "customers.customer"
# @[Li Wei](12): what the editor writes when a colleague is picked.
_MENTION = re.compile(r"@\[[^\]]*\]\((\d+)\)")


@transaction.atomic
def create_customer(
    by: Membership, *, custom: dict[str, Any] | None = None, via: str = Via.PAGE, **values: Any
) -> Customer:
    """A customer made by hand, with an identity of its own, so that facts can come to it later.

    Raises:
        ValidationError: a value does not fit its field.
    """
    fields = [f for f in definitions(by.workspace_id, RECORD_TYPE) if f.name in (custom or {})]
    # First of all: a refresh that reads these fields locks the customers after it.
    turns.typing(by.workspace_id, fields)
    customer = Customer(workspace_id=by.workspace_id, edited=sorted(values), **values)
    customer.full_clean(exclude=["workspace"])
    customer.save()
    Identity.objects.create(
        workspace_id=by.workspace_id, customer=customer, first_customer=customer, identity=f"zhike:{customer.pk}"
    )
    changes = differences(Customer(), values)
    changes |= _of_fields(write(customer, fields, custom or {}))
    record(customer, "customer.created", Actor(by.user, Via(via)), changes)
    return customer


@transaction.atomic
def change_customer(
    customer: Customer, by: Membership, *, custom: dict[str, Any] | None = None, via: str = Via.PAGE, **values: Any
) -> Customer:
    """Change what is known of a customer. What a person changed here, later imports leave alone."""
    fields = [f for f in definitions(by.workspace_id, RECORD_TYPE) if f.name in (custom or {})]
    turns.typing(by.workspace_id, fields)
    stored = Customer.objects.of(by.workspace_id).select_for_update().get(pk=customer.pk)
    changes = differences(stored, values)
    for name, value in values.items():
        setattr(stored, name, value)
    written = write(stored, fields, custom or {})
    typed = {*changes, *(f"{CUSTOM}{field.name}" for field in fields if field.told_by and field.name in written)}
    if typed:
        stored.edited = sorted({*stored.edited, *typed})
        stored.full_clean(exclude=["workspace"])
        stored.save()
    changes |= _of_fields(written)
    if changes:
        record(stored, "customer.changed", Actor(by.user, Via(via)), changes)
    return stored


def _of_fields(written: dict[str, Any]) -> dict[str, Any]:
    """Changes of custom fields as the log knows them: one may be called like a field of ours."""
    return {f"{CUSTOM}{name}": change for name, change in written.items()}


@transaction.atomic
def delete_customer(customer: Customer, by: Membership, *, via: str = Via.PAGE) -> None:
    """Into the recycle bin: hidden everywhere, with everything that belongs to it, until restored."""
    customer.deleted_at = timezone.now()
    customer.save(update_fields=["deleted_at"])
    record(customer, "customer.deleted", Actor(by.user, Via(via)))


@transaction.atomic
def restore_customer(customer: Customer, by: Membership, *, via: str = Via.PAGE) -> None:
    customer.deleted_at = None
    customer.save(update_fields=["deleted_at"])
    record(customer, "customer.restored", Actor(by.user, Via(via)))


@transaction.atomic
def write_note(customer: Customer, text: str, by: Membership, *, via: str = Via.PAGE) -> Note:
    """A note on a customer. Who is mentioned finds it on their home page.

    Raises:
        ValidationError: there is no text.
    """
    note = Note(workspace_id=by.workspace_id, customer=customer, text=_text(text), by=by.user)
    note.full_clean(exclude=["workspace"])
    note.save()
    note.mentioned.set(_mentioned(text, by))
    record(note, "note.written", Actor(by.user, Via(via)), {"text": [None, note.text]})
    return note


@transaction.atomic
def change_note(note: Note, text: str, by: Membership) -> Note:
    """Write a note anew; only its author does.

    Raises:
        ValidationError: there is no text.
    """
    changes = differences(note, {"text": _text(text)})
    if changes:
        note.text, note.edited_at = changes["text"][1], timezone.now()
        note.full_clean(exclude=["workspace"])
        note.save(update_fields=["text", "edited_at"])
        note.mentioned.set(_mentioned(text, by))
        record(note, "note.changed", Actor(by.user), changes)
    return note


@transaction.atomic
def delete_note(note: Note, by: Membership, *, via: str = Via.PAGE) -> None:
    note.deleted_at = timezone.now()
    note.save(update_fields=["deleted_at"])
    record(note, "note.deleted", Actor(by.user, Via(via)))


@transaction.atomic
def create_task(
    by: Membership, *, title: str, customer: Customer | None = None, via: str = Via.PAGE, **values: Any
) -> Task:
    """Something to do; one's own unless another owner is given."""
    values.setdefault("owner", by)
    task = Task(workspace_id=by.workspace_id, customer=customer, title=title, created_by=by.user, **values)
    task.full_clean(exclude=["workspace"])
    task.save()
    record(task, "task.created", Actor(by.user, Via(via)), {"title": [None, title]})
    return task


@transaction.atomic
def change_task(task: Task, by: Membership, **values: Any) -> Task:
    """Another title, owner or day."""
    stored = Task.objects.of(by.workspace_id).select_for_update(of=("self",)).get(pk=task.pk)
    changes = differences(stored, values)
    for name, value in values.items():
        setattr(stored, name, value)
    if changes:
        stored.full_clean(exclude=["workspace"])
        stored.save()
        record(stored, "task.changed", Actor(by.user), changes)
    return stored


@transaction.atomic
def delete_task(task: Task, by: Membership) -> None:
    task.deleted_at = timezone.now()
    task.save(update_fields=["deleted_at"])
    record(task, "task.deleted", Actor(by.user))


@transaction.atomic
def set_done(task: Task, by: Membership, *, done: bool, via: str = Via.PAGE) -> Task:
    """Tick a task off, or open it again."""
    task.done_at = timezone.now() if done else None
    task.save(update_fields=["done_at"])
    record(task, "task.done" if done else "task.reopened", Actor(by.user, Via(via)))
    return task


def _text(text: str) -> str:
    if not text.strip():
        raise ValidationError(_("Write something first."))
    return text.strip()


def _mentioned(text: str, by: Membership) -> list[Membership]:
    ids = {int(number) for number in _MENTION.findall(text)}
    return list(Membership.objects.of(by.workspace_id).filter(pk__in=ids, is_active=True))
