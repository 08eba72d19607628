"""A workspace with very many customers to measure on: orders and a list of customers in a lake, and what people add.

    the lake      10 orders a customer, names, addresses and places; made once, then shared by the databases
    the database  customers and scores as a refresh copies them; owners, custom fields, segments; some hidden

Used by `big_lists.py`. What people add is written by statements over all rows: a million customers take seconds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data import ORDERS_PER_CUSTOMER, customers_file, orders_file

SLUG = "big"


def lake_folder(folder: Path, customers: int) -> Path:
    """A lake with the orders and the list of so many customers, refreshed."""
    from zhike.importing.importer import Choices, import_file
    from zhike.lake.lake import Lake
    from zhike.pipeline import refresh

    path = folder / f"lake_{customers}"
    if not path.exists():
        part = folder / f"lake_{customers}.part"
        with Lake(part) as lake:
            orders = orders_file(folder, customers * ORDERS_PER_CUSTOMER)
            import_file(lake, orders, Choices(table="orders"))
            import_file(lake, customers_file(folder, customers), Choices(table="customers"))
            refresh(lake)
        part.rename(path)
    return path


def workspace(lake: Path) -> tuple[Any, Any]:
    """The workspace on that lake, made at the first call, and its owner."""
    from zhike_crm.accounts.actions import create_workspace
    from zhike_crm.accounts.models import Membership, User
    from zhike_crm.workspaces.models import Workspace

    found = Workspace.objects.filter(slug=SLUG).first()
    if found is None:
        person = User.objects.create_user("owner@example.com")
        found = create_workspace("Big", by=person, slug=SLUG)
        found.folder.mkdir(parents=True, exist_ok=True)
        found.lake_folder.symlink_to(lake.resolve(), target_is_directory=True)
    return found, Membership.objects.of(found).select_related("workspace", "user").get(role="owner")


def fill(workspace: Any) -> None:
    """What people add to the customers that a refresh brought; once."""
    from django.db import connection, transaction

    from zhike_crm.fields.models import FieldDefinition

    if FieldDefinition.objects.of(workspace).exists():
        return
    with transaction.atomic(), connection.cursor() as cursor:
        _own(cursor, workspace)
        _answer_fields(cursor, workspace)
        _segment(cursor, workspace)
        for table in ("customers_customer", "customers_score", "fields_fieldvalue", "segments_member"):
            cursor.execute(f"ANALYZE {table}")


def _own(cursor: Any, workspace: Any) -> None:
    """Owners for three of ten; a few customers without scores, deleted, or merged into another."""
    from zhike_crm.accounts.access import Role
    from zhike_crm.accounts.models import Membership, User
    from zhike_crm.customers.models import Customer

    people = [User.objects.create_user(f"sales{n}@example.com", name=f"Sales {n}") for n in range(20)]
    sales = [Membership.objects.create(workspace=workspace, user=one, role=Role.SALES) for one in people]
    first = min(one.pk for one in sales)
    cursor.execute(
        "UPDATE customers_customer SET owner_id = %s + id %% 20 WHERE workspace_id = %s AND id %% 10 < 3",
        [first, workspace.pk],
    )
    first_customer = Customer.objects.of(workspace).order_by("pk").values_list("pk", flat=True)[0]
    for remainder, change in ((17, "deleted_at = CURRENT_TIMESTAMP"), (18, f"merged_into_id = {first_customer}")):
        cursor.execute(
            f"UPDATE customers_customer SET {change} WHERE workspace_id = %s AND id %% 1000 = %s",
            [workspace.pk, remainder],
        )
    Customer.objects.bulk_create(Customer(workspace=workspace, name=f"By hand {n}") for n in range(500))


# name → kind, options, the share of customers (one in …) who have a value, and the value by the customer's id
_FIELDS = {
    "channel": (
        "choice",
        ["shop", "web", "phone", "app"],
        2,
        "text",
        "CASE id % 11 WHEN 0 THEN 'phone' ELSE 'web' END",
    ),
    "points": ("number", [], 3, "number", "(id * 7919) % 5000"),
    "since": ("date", [], 4, "date", "{day}"),
    "remark": ("text", [], 5, "text", "'remark ' || (id * 104729) % 100003"),
    "vegan": ("yesno", [], 6, "number", "CASE id % 4 WHEN 0 THEN 1 ELSE 0 END"),
    "rare": ("number", [], 5000, "number", "id % 100"),
}
_DAY = {
    "sqlite": "date('2020-01-01', ((id * 31) % 2000) || ' days')",
    "postgresql": "DATE '2020-01-01' + ((id * 31) % 2000)::int",
}


def _answer_fields(cursor: Any, workspace: Any) -> None:
    from django.db import connection

    from zhike_crm.fields.models import FieldDefinition

    for name, (kind, options, of, column, value) in _FIELDS.items():
        choices = [{"code": code, "label": code.title()} for code in options]
        field = FieldDefinition.objects.create(
            workspace=workspace, record_type="customers.customer", name=name, label=name, kind=kind, options=choices
        )
        value = value.format(day=_DAY[connection.vendor])
        cursor.execute(
            f"INSERT INTO fields_fieldvalue (workspace_id, field_id, record_id, told, {column})"
            f" SELECT workspace_id, {field.pk}, id, FALSE, {value} FROM customers_customer"
            f" WHERE workspace_id = {workspace.pk} AND id % {of} = 0"
        )


# name → who is in it
_SEGMENTS = {"half": "id % 2 = 0", "tenth": "id % 10 = 3", "few": "id % 2000 = 5", "nobody": "id < 0"}


def _segment(cursor: Any, workspace: Any) -> None:
    from zhike_crm.segments.models import Segment

    for name, condition in _SEGMENTS.items():
        segment = Segment.objects.create(workspace=workspace, name=name, kind=Segment.Kind.LIST, count=0)
        cursor.execute(
            "INSERT INTO segments_member (workspace_id, segment_id, customer_id, entered_at)"
            f" SELECT workspace_id, {segment.pk}, id, CURRENT_TIMESTAMP FROM customers_customer"
            f" WHERE workspace_id = {workspace.pk} AND {condition} ORDER BY id"
        )
        Segment.objects.of(workspace).filter(pk=segment.pk).update(count=cursor.rowcount)
