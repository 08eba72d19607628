"""The fields that imports make: made with the import, put away when it is undone or does not work.

A field belongs to the imports whose files fill it. Where the one that made it goes first, another of them takes it
over; the last one puts it away. What people have made their own stays: a value typed into it, a saved view or a
segment that asks about it.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction

from zhike.schema import CUSTOMERS
from zhike_crm.accounts.models import Membership
from zhike_crm.audit.log import of_record
from zhike_crm.audit.models import AuditEntry
from zhike_crm.customers.actions import RECORD_TYPE
from zhike_crm.customers.told_fields import told_column
from zhike_crm.fields.actions import archive_field, define_field, fill_from, remove_field
from zhike_crm.fields.models import FieldDefinition, FieldValue
from zhike_crm.fields.uses import is_asked_about, mentions
from zhike_crm.fields.values import CUSTOM
from zhike_crm.imports.models import Import, State
from zhike_crm.imports.own_fields import KINDS, fields_of, meant

_MADE = "made_fields"


def make(imported: Import, by: Membership) -> None:
    """The fields that were chosen, in the transaction that starts the import. Done twice it is the same.

    Raises:
        ValidationError: there are too many fields by now.
    """
    made = imported.choices.get(_MADE, [])
    for one in imported.choices.get("fields", []):
        field = meant(fields_of(by), one)
        if field is not None:
            made = [*made, field.pk] if field.archived_at else made
            fill_from(field, one["told_by"], by)
        elif one["choice"] in KINDS:
            asked = {"label": one["label"], "kind": one["choice"], "personal": one["personal"]}
            made = [*made, define_field(by, record_type=RECORD_TYPE, told_by=[one["told_by"]], **asked).pk]
    _remember(imported, made)


@transaction.atomic
def withdraw(imported: Import, by: Membership) -> None:
    """Put away the fields that came with an import which is undone or did not work, where nothing else fills them.

    Their values go with the next refresh, as do its rows from all figures; out of sight they are at once.
    """
    # Another import that was undone meanwhile may have left it some.
    imported.refresh_from_db(fields=["choices"])
    made = set(imported.choices.get(_MADE, ()))
    others = list(_filling(imported, by)) if made else []
    for field in fields_of(by):
        if field.pk not in made or field.archived_at is not None:
            continue
        heir = next((one for one, columns in others if columns & set(field.told_by)), None)
        if heir is not None:
            _remember(heir, [*heir.choices.get(_MADE, ()), field.pk])
        elif not _is_typed(field) and not is_asked_about(field):
            _put_away(field, by)


def _put_away(field: FieldDefinition, by: Membership) -> None:
    """Into the archive, from where the same columns bring it back as people have arranged it; if it never had a value
    and nobody arranged anything, there is nothing to keep. What was typed and taken back is still in the log, where
    only the field tells who may read it."""
    values = FieldValue.objects.of(field.workspace_id).filter(field=field)
    changes = of_record(field).filter(verb="field.changed").values_list("changes", flat=True)
    logged = mentions(AuditEntry.objects.of(field.workspace_id), "changes", f"{CUSTOM}{field.name}")
    if values.exists() or logged or any(set(changed) - {"told_by"} for changed in changes):
        archive_field(field, by)
    else:
        remove_field(field, by)


def _filling(imported: Import, by: Membership) -> Iterator[tuple[Import, set[str]]]:
    """The other imports that are, or are about to be, in the lake, and the columns of them that may fill fields."""
    rows = Import.objects.of(by.workspace_id).select_for_update(of=("self",)).select_related("job")
    for one in rows.filter(table=CUSTOMERS.name, state__in=(State.IMPORTED, State.IMPORTING)).exclude(pk=imported.pk):
        if one.state == State.IMPORTED:
            ours, theirs = one.mapping.get("columns", {}), one.mapping.get("unmapped", ())
        elif one.has_failed:
            continue
        else:
            fed = {ours: theirs for ours, theirs in one.choices.get("corrections", {}).items() if theirs}
            ours, theirs = fed, set(one.inspection.get("columns", ())) - set(fed.values())
        yield one, {told_column(name, "") for name in ours} | {told_column("", name) for name in theirs}


def _is_typed(field: FieldDefinition) -> bool:
    return FieldValue.objects.of(field.workspace_id).filter(field=field, told=False).exists()


def _remember(imported: Import, made: list[int]) -> None:
    if made != imported.choices.get(_MADE, []):
        imported.choices = imported.choices | {_MADE: list(dict.fromkeys(made))}
        imported.save(update_fields=["choices"])
