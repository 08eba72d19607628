"""The page on data quality: figures over all imports that are in the lake, and what to do about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from zhike_crm.imports import actions
from zhike_crm.imports.models import Import
from zhike_crm.imports.overview import overview

# The lake's figures.
pytestmark = pytest.mark.one_database

Made = Callable[..., Import]


def test_it_adds_up_what_is_in_the_lake(imported: Made, member: Any, work: Callable[[], None]) -> None:
    first = imported()
    imported("B1,c9,2026-02-05,10,", "B2,c9,2026-02-06,11,", name="two.csv")
    found = overview(first.workspace)
    assert (found.files, found.rows, found.accepted, found.flagged, found.rejected) == (2, 6, 4, 1, 1)
    customer = next(c for c in found.tables[0].columns if c.label == "Customer ID")
    assert (found.tables[0].rows, round(customer.filled, 2)) == (5, 0.8)
    assert {kind.rule: kind.rows for kind in found.kinds} == {"unreadable": 1, "no_customer": 1}
    assert any("customer" in said for said in found.advice)
    actions.undo(first, by=member("owner"))
    work()
    assert overview(first.workspace).rows == 2


def test_the_page(imported: Made, client_as: Callable[..., Client], django_assert_max_num_queries: Any) -> None:
    browser = client_as("analyst")
    assert "Nothing is imported yet" in browser.get("/w/shop/data-quality/").content.decode()
    rows = [f"A{i},c{i},2026-01-05,10," for i in range(30)]
    imported(*rows, "X1,c1,2026-01-05,99999,")
    with django_assert_max_num_queries(10):
        page = browser.get("/w/shop/data-quality/").content.decode()
    assert "99999" in page
    assert client_as("sales").get("/w/shop/data-quality/").status_code == 403
