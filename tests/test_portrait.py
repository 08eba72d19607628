"""The portrait of one customer: what its run read, whoever they were linked to since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from zhike.errors import InputError
from zhike.importing.importer import Choices, import_file
from zhike.lake.facts_view import Facts
from zhike.lake.identities import link, unlink
from zhike.lake.lake import Lake
from zhike.pipeline import refresh
from zhike.portrait import portrait, profiles

Writer = Callable[..., Path]
ORDERS = Choices(table="orders")
FIRST = ("1,a,2025-01-05,10", "2,a,2025-02-05,30", "3,b,2025-02-20,100", "4,c,2025-03-01,5")
LATER = ("5,a,2025-03-09,40", "6,d,2025-06-01,70", "7,b,2025-06-02,-100")
MARCH = dt.date(2025, 3, 1)


def test_the_portrait_of_an_old_run_shows_what_it_read(lake: Lake, orders_csv: Writer) -> None:
    import_file(lake, orders_csv("a.csv", *FIRST), ORDERS)
    people = orders_csv("c.csv", "a,Anna", header="customer_id,name")
    import_file(lake, people, Choices(table="customers"))
    link(lake, ["b"], "a")
    run = refresh(lake, dt.date(2025, 2, 28))
    before = portrait(lake, run, "b")
    assert [row["order_id"] for row in before.latest] == ["3", "2", "1"]
    unlink(lake, ["b"])
    import_file(lake, orders_csv("b.csv", "2,a,2025-02-05,31", "8,a,2025-02-21,1"), ORDERS)
    people = orders_csv("c.csv", "a,Anne", header="customer_id,name")
    import_file(lake, people, Choices(table="customers"))
    assert portrait(lake, run, "b") == before
    assert portrait(lake, refresh(lake, dt.date(2025, 2, 28)), "a").profile["name"] == "Anne"


def test_a_merged_customer_has_one_profile(lake: Lake, orders_csv: Writer) -> None:
    """In each column what was told under their own identity, else the newest of the others."""
    import_file(lake, orders_csv("a.csv", *FIRST), ORDERS)
    people = {"1": ("b,Bert,b1@x.org,Rome", "c,Carl,c1@x.org,"), "2": ("d,Dora,d1@x.org,", "a,Anna,,")}
    for number, rows in people.items():
        file = orders_csv(f"people{number}.csv", *rows, header="customer_id,name,email,city")
        import_file(lake, file, Choices(table="customers"))
    link(lake, ["b", "d"], "a")
    run = refresh(lake)
    profile = portrait(lake, run, "a").profile
    assert profile == {"customer_id": "a", "name": "Anna", "email": "d1@x.org", "city": "Rome"}
    told = lake.engine.to_pyarrow(profiles(Facts.of(lake, run))).to_pylist()
    assert sorted((row["customer_id"], row["name"]) for row in told) == [("a", "Anna"), ("c", "Carl")]
    unlink(lake, ["b", "d"])
    assert len(lake.engine.to_pyarrow(profiles(Facts.now(lake))).to_pylist()) == 4


def test_the_portrait_of_nobody_names_the_fix(lake: Lake, orders_csv: Writer) -> None:
    import_file(lake, orders_csv("a.csv", *FIRST), ORDERS)
    with pytest.raises(InputError, match="zhike customers top"):
        portrait(lake, refresh(lake), "nobody")
