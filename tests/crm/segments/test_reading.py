"""What customers are compared by, as a table: what lists show, and what only the lake knows."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from tests.crm.segments.conftest import customers
from zhike.importing.importer import Choices, import_file
from zhike_crm.customers.merging import merge
from zhike_crm.customers.models import Customer
from zhike_crm.fields.actions import define_field
from zhike_crm.fields.values import write_many
from zhike_crm.insights.actions import refresh_now
from zhike_crm.segments.reading import everybody, known_shares, sample, table_of, to_be_grouped
from zhike_crm.segments.rules import everybody as everybody_listed
from zhike_crm.segments.traits import traits_of
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace

pytestmark = pytest.mark.django_db
ANSWERS = ["feedback_id,customer_id,given_at,nps"]
ANSWERS += [f"f{n},c{n:02},2026-06-{n:02},{min(n, 10)}" for n in range(1, 10)] + ["f10,c02,2026-06-29,9", "f11,c03,,"]
PEOPLE = ["customer_id,education,income"] + [
    f"c{n:02},{'master' if n > 6 else 'school'},{1000 * n}" for n in range(1, 13)
]


def read(shop: Workspace, *names: str) -> dict[str, dict[str, Any]]:
    """Customer → what is known of them."""
    known = traits_of(everybody_listed(shop))
    rows = table_of(everybody(shop), [known[name] for name in names], shop).to_pylist()
    called = dict(Customer.objects.of(shop).values_list("pk", "name"))
    return {called[row.pop("customer_id")]: row for row in rows}


def test_what_lists_show(shop: Workspace) -> None:
    Customer.objects.of(shop).filter(name="Name 01").update(gender="f")
    rows = read(shop, "orders", "monetary", "value_tier", "age", "gender", "kind")
    assert len(rows) == 12
    one = rows["Name 12"]
    assert (one["orders"], one["kind"], one["gender"]) == (12, "person", "")
    assert rows["Name 01"]["gender"] == "f"
    born = Customer.objects.of(shop).get(name="Name 12").birth_date
    today = dt.date.today()
    assert one["age"] == today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def test_what_only_the_lake_knows(shop: Workspace, tmp_path: Path) -> None:
    with lake_of(shop) as lake:
        for table, lines in {"feedback": ANSWERS, "customers": PEOPLE}.items():
            file = tmp_path / f"{table}.csv"
            file.write_text("\n".join(lines))
            import_file(lake, file, Choices(table=table))
    refresh_now(shop, dt.date(2026, 6, 30))
    rows = read(shop, "answer.nps", "answer.csat", "profile.education", "profile.income", "orders")
    assert {name[-2:]: row["answer.nps"] for name, row in rows.items() if row["answer.nps"] is not None} == {
        f"{n:02}": 9 if n == 2 else n for n in range(1, 10)
    }
    assert (rows["Name 12"]["profile.education"], rows["Name 12"]["profile.income"]) == ("master", 12_000)
    assert rows["Name 01"]["answer.csat"] is None
    shares = known_shares(shop)
    assert shares["answer.nps"] == pytest.approx(9 / 12)
    assert (shares["profile.income"], shares["answer.csat"], shares["orders"]) == (1, 0, 1)


def test_fields_that_are_filled_in_afterwards_are_known(shop: Workspace, boss: Any) -> None:
    field, several = (
        define_field(boss, record_type="customers.customer", label=kind, kind=kind, options=options)
        for kind, options in (("number", []), ("choices", [("", "Tea"), ("", "Cups")]))
    )
    tea = f"field.{several.name}={several.options[0]['code']}"
    name = f"field.{field.name}"
    assert (known_shares(shop)[name], known_shares(shop)[tea]) == (0, 0)
    for customer in customers(shop, *range(1, 10)):
        write_many(shop.pk, [customer.pk], [field], {field.name: 3.0})
    shares = known_shares(shop)
    assert (shares[name], shares[tea]) == (pytest.approx(9 / 12), 0)
    first = [option["code"] for option in several.options]
    write_many(shop.pk, [customers(shop, 1).get().pk], [several], {several.name: first})
    # Who has ticked none has said so.
    assert known_shares(shop)[tea] == 1
    assert known_shares(shop)["orders"] == 1


def test_a_merged_customer_is_one_row(shop: Workspace, boss: Any) -> None:
    kept, gone = (customers(shop, number).get() for number in (1, 2))
    merge(kept, gone, boss)
    assert "Name 02" not in read(shop, "orders")
    assert len(read(shop, "orders", "profile.education")) == 11


def test_who_has_never_bought_is_not_told_apart_by_purchases(shop: Workspace) -> None:
    Customer.objects.create(workspace=shop, name="Nobody")
    known = traits_of(everybody_listed(shop))
    assert to_be_grouped(shop, [known["orders"], known["kind"]]).count() == 12
    assert to_be_grouped(shop, [known["kind"]]).count() == 13
    assert 4 <= sample(everybody(shop), 5).count() <= 5
