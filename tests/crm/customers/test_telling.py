"""A file of customers that comes after the orders fills their records, and leaves alone what people typed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from zhike.importing.importer import Choices, import_file
from zhike.pipeline import refresh
from zhike_crm.customers.actions import change_customer
from zhike_crm.customers.models import Customer
from zhike_crm.customers.sync import copy_run
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace

ORDERS = "customer_id,order_id,ordered_at,amount,country\n" + "".join(
    f"c{n % 3},{n},2025-0{1 + n % 6}-1{n % 9},{10 + n},France\n" for n in range(24)
)


@pytest.fixture
def told(workspace: Workspace, tmp_path: Path) -> Any:
    """Import a text as a table and refresh as of the next day."""
    days = iter(range(1, 20))

    def tell(text: str, table: str) -> dict[str, Customer]:
        number = next(days)
        file = tmp_path / f"{table}_{number}.csv"
        file.write_text(text, encoding="utf-8")
        with lake_of(workspace) as lake:
            import_file(lake, file, Choices(table=table, source="shop"))
            copy_run(workspace, lake, refresh(lake, dt.date(2025, 12, number)))
        rows = Customer.objects.of(workspace).prefetch_related("identities")
        return {row.identities.first().identity.split(":")[-1]: row for row in rows}

    return tell


def test_what_comes_later_fills_the_records(told: Any, member: Any) -> None:
    first = told(ORDERS, "orders")
    assert {row.name.split(":")[-1] for row in first.values()} == {"c0", "c1", "c2"}
    change_customer(first["c1"], member("owner"), city="Nice", name="By hand")
    before = first["c2"].updated_at
    people = "customer_id,name,email,city,birth_date\nc0,Ada Lovelace,ada@x.example,Lyon,1985-12-10\n"
    known = told(people + "c1,Told by the file,c1@x.example,Paris,\n", "customers")
    ada, mine, other = (known[name] for name in ("c0", "c1", "c2"))
    assert (ada.name, ada.email, ada.city, ada.birth_date) == (
        "Ada Lovelace",
        "ada@x.example",
        "Lyon",
        dt.date(1985, 12, 10),
    )
    # What people typed stays; what they did not type is filled.
    assert (mine.name, mine.city, mine.email) == ("By hand", "Nice", "c1@x.example")
    assert (other.name, other.country, other.updated_at) == (first["c2"].name, "France", before)
    corrected = told("customer_id,name,email,city\nc0,Ada King,,Lyon\n", "customers")["c0"]
    assert (corrected.name, corrected.city) == ("Ada King", "Lyon")
    assert corrected.updated_at > ada.updated_at


def test_without_news_nothing_is_touched(told: Any) -> None:
    people = "customer_id,name\nc0,Ada\n"
    told(ORDERS, "orders")
    first = told(people, "customers")
    again = told(ORDERS.replace("10,France", "11,France") + "c0,99,2025-08-01,5,Spain\n", "orders")
    assert again["c0"].updated_at == first["c0"].updated_at
    assert again["c0"].name == "Ada"
