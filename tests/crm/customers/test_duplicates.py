"""Finding duplicates: equal keys, likeness measured on data with known answers, and decisions that stay."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from zhike_crm.accounts.models import Membership
from zhike_crm.customers import duplicates, matching
from zhike_crm.customers.actions import create_customer
from zhike_crm.customers.models import DuplicatePair
from zhike_crm.workspaces.models import Workspace

DATA = Path(os.environ.get("ZHIKE_TEST_DATA", "/nowhere")) / "dedupe"


def test_equal_keys_are_found_and_decisions_stay(member: Callable[..., Membership], workspace: Workspace) -> None:
    by = member("manager")
    a = create_customer(by, name="Ann", email="Ann@Example.com")
    b = create_customer(by, name="Anne", email="ann@example.com", phone="+44 113 496 0000")
    c = create_customer(by, name="Anna", phone="441134960000")
    create_customer(by, name="Zoe", email="zoe@example.com")
    assert duplicates.find(workspace) == {"pairs": 2, "learned": False}
    found = {(p.first_id, p.second_id): p.reasons for p in duplicates.open_pairs(by)}
    assert found == {(a.pk, b.pk): ["email"], (b.pk, c.pk): ["phone"]}
    duplicates.dismiss(b, a, by)
    assert duplicates.find(workspace)["pairs"] == 1
    assert DuplicatePair.objects.of(workspace).count() == 2
    assert [p.first_id for p in duplicates.open_pairs(by)] == [b.pk]


def test_a_value_that_many_share_is_no_key() -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE incoming AS SELECT i AS id, 'n' || i AS name, 'info@shop.com' AS email, "
                    "NULL::VARCHAR AS phone, NULL::DATE AS birth_date, NULL::VARCHAR AS company, "
                    "NULL::VARCHAR AS city, NULL::VARCHAR AS address FROM range(100) t(i)")  # fmt: skip
        assert matching.candidates(con).table.num_rows == 0


@pytest.mark.skipif(not DATA.exists(), reason="needs ZHIKE_TEST_DATA with dedupe/")
def test_likeness_on_data_with_known_doubles() -> None:
    """febrl 1: 500 true pairs, two thirds of them without any equal key."""
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE raw AS SELECT row_number() OVER () AS id, * FROM "
                    f"read_csv('{DATA / 'dataset1.csv'}', all_varchar=true, normalize_names=true)")  # fmt: skip
        con.execute("""CREATE TABLE incoming AS SELECT id,
            trim(coalesce(trim(given_name), '') || ' ' || coalesce(trim(surname), '')) AS name,
            NULL::VARCHAR AS email, NULL::VARCHAR AS phone,
            try_strptime(trim(date_of_birth), '%Y%m%d')::DATE AS birth_date, NULL::VARCHAR AS company,
            trim(suburb) AS city, trim(street_number) || ' ' || trim(address_1) AS address FROM raw""")
        found = matching.candidates(con)
        pairs = [(row["first"], row["second"]) for row in found.table.to_pylist()]
        number = dict(con.execute("SELECT id, split_part(rec_id, '-', 2) FROM raw").fetchall())
    right = sum(number[a] == number[b] for a, b in pairs)
    assert found.learned
    assert right / len(pairs) >= 0.99
    assert right / 500 >= 0.95
