"""What the list of customers offers for the rows somebody has ticked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhike_crm.accounts.models import Membership
from zhike_crm.customers.models import Customer
from zhike_crm.fields.models import FieldDefinition, Kind
from zhike_crm.fields.values import CUSTOM
from zhike_crm.ui.lists.bulk import BulkAction
from zhike_crm.ui.lists.columns import Choice

Values = Callable[[Mapping[str, str], Membership], dict[str, Any]]

NOBODY = "nobody"


def of_customers(member: Membership, fields: Iterable[FieldDefinition]) -> list[BulkAction]:
    """For customers who are there: another owner, another place, a choice of these fields, the recycle bin."""
    return [
        BulkAction(
            "owner",
            gettext_lazy("Owner"),
            "customers.edit",
            "customer.changed",
            _owner,
            choices=cache(lambda: owners(member)),
            icon="user-share",
        ),
        BulkAction(
            "country",
            gettext_lazy("Country"),
            "customers.edit",
            "customer.changed",
            _typed("country"),
            asks=gettext_lazy("Country"),
            icon="world",
        ),
        BulkAction(
            "city",
            gettext_lazy("City"),
            "customers.edit",
            "customer.changed",
            _typed("city"),
            asks=gettext_lazy("City"),
            icon="map-pin",
        ),
        *_of_choices(fields),
        BulkAction(
            "delete",
            gettext_lazy("Delete"),
            "customers.delete",
            "customer.deleted",
            lambda _form, _by: {"deleted_at": timezone.now()},
            icon="trash",
            confirm=gettext_lazy("Move these customers to the recycle bin? They can be restored from there."),
        ),
    ]


def of_the_bin() -> list[BulkAction]:
    """For customers who are in the recycle bin."""
    back = gettext_lazy("Restore")
    return [
        BulkAction(
            "restore",
            back,
            "customers.delete",
            "customer.restored",
            lambda _form, _by: {"deleted_at": None},
            icon="arrow-back-up",
        )
    ]


def owners(member: Membership) -> list[Choice]:
    """Whom records can be given to; nobody among them."""
    members = Membership.objects.of(member.workspace_id).filter(is_active=True).select_related("user")
    people = [Choice(str(one.pk), str(one)) for one in members.order_by("user__name", "user__email")]
    return [*people, Choice(NOBODY, _("Nobody"))]


def chosen_owner(form: Mapping[str, str], by: Membership) -> Membership | None:
    """The member that a form names.

    Raises:
        ValueError: there is no such member in this workspace.
    """
    value = form.get("value", "")
    if value == NOBODY:
        return None
    known = Membership.objects.of(by.workspace_id).filter(is_active=True, pk=int(value)).first()
    if known is None:
        raise ValueError(_("There is no such member."))
    return known


def _owner(form: Mapping[str, str], by: Membership) -> dict[str, Any]:
    return {"owner": chosen_owner(form, by)}


def _typed(name: str) -> Values:
    limit = Customer._meta.get_field(name).max_length

    def values(form: Mapping[str, str], _by: Membership) -> dict[str, Any]:
        text = form.get("value", "").strip()
        if len(text) > limit or "\0" in text:
            raise ValueError(_("This is too long: %(number)s characters at most.") % {"number": limit})
        return {name: text}

    return values


def _of_choices(fields: Iterable[FieldDefinition]) -> list[BulkAction]:
    """An action for each custom field with one choice."""
    return [
        BulkAction(
            f"{CUSTOM}{field.name}",
            field.label,
            "customers.edit",
            "customer.changed",
            _choice(field),
            choices=lambda field=field: [Choice(o["code"], o["label"]) for o in field.options],
        )
        for field in fields
        if field.kind == Kind.CHOICE
    ]


def _choice(field: Any) -> Values:
    codes = {option["code"] for option in field.options}

    def values(form: Mapping[str, str], _by: Membership) -> dict[str, Any]:
        if form.get("value") not in codes:
            raise ValueError(_("There is no such option."))
        return {f"{CUSTOM}{field.name}": form["value"]}

    return values
