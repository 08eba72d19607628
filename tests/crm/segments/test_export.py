"""The members of a segment as a file: what work outside begins with, safe to open, nothing one may not see."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.test import Client

from tests.crm.segments.conftest import bought, customers
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.models import ScoredRun
from zhike_crm.segments.actions import archive_segment
from zhike_crm.segments.models import Segment
from zhike_crm.workspaces.models import Workspace

pytestmark = pytest.mark.django_db
ClientAs = Callable[..., Client]
Made = Callable[..., Segment]


def read(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def address(segment: Segment, **asked: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return f"/w/shop/segments/{segment.pk}/export?{query}"


def test_a_file_has_what_a_campaign_needs(shop: Workspace, client_as: ClientAs, made: Made) -> None:
    customers(shop, 2).update(email="two@example.com", phone="+8613800000002", name="=HYPERLINK(1)")
    segment, client = made("Tea", bought("at_least", 1, category="tea")), client_as("marketer")
    assert f'href="{address(segment, format="csv")}"' in client.get(f"/w/shop/segments/{segment.pk}/").content.decode()
    answer = client.get(address(segment, format="csv"))
    assert f"segment-{segment.pk}-" in answer["Content-Disposition"]
    rows = {row["Customer number"]: row for row in read(answer)}
    assert set(rows) == {"c02", "c04", "c06", "c08", "c10", "c12"}
    assert list(rows["c02"]) == [
        "Customer number", "Customer", "E-mail", "Phone", "Value tier", "Stage", "Risk of leaving",
        "Probability of leaving", "Lifetime value",
    ]  # fmt: skip
    assert (rows["c02"]["E-mail"], rows["c04"]["Customer"]) == ("two@example.com", "Name 04")
    assert rows["c02"]["Customer"].startswith("'=")
    assert all(row["Stage"] and float(row["Lifetime value"]) >= 0 for row in rows.values())


def test_a_workbook_has_the_same(shop: Workspace, client_as: ClientAs, made: Made) -> None:
    segment = made("Tea", bought("at_least", 1, category="tea"))
    answer = client_as("marketer").get(address(segment, format="xlsx"))
    cells = [[cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(answer.content)).active.rows]
    assert cells[0][:3] == ["Customer number", "Customer", "E-mail"]
    assert len(cells) == 7


def test_who_may_not_see_personal_data_gets_none(shop: Workspace, client_as: ClientAs, made: Made) -> None:
    segment, client = made("Tea", bought("at_least", 1, category="tea")), client_as("analyst")
    for asked in ({}, {"columns": "name,email,age,phone,number"}):
        (head, *_rows) = read(client.get(address(segment, **asked)))
        assert not {"E-mail", "Phone", "Age"} & set(head)
        assert {"Customer", "Customer number"} <= set(head)


def test_other_columns_can_be_asked_for_and_what_failed_its_test_says_so(
    shop: Workspace, client_as: ClientAs, made: Made
) -> None:
    segment, client = made("Tea", bought("at_least", 1, category="tea")), client_as("marketer")
    assert list(read(client.get(address(segment, columns="city,number")))[0]) == ["City", "Customer number"]
    ScoredRun.objects.of(shop).update(unproven=["churn"])
    assert "Probability of leaving (not proven)" in read(client.get(address(segment)))[0]


def test_members_out_of_reach_are_not_in_it(
    shop: Workspace, client_as: ClientAs, made: Made, member: Callable[..., Membership]
) -> None:
    segment = made("Tea", bought("at_least", 1, category="tea"))
    own = client_as("marketer", sees="own")
    customers(shop, 4).update(owner=member("marketer"))
    assert [row["Customer number"] for row in read(own.get(address(segment)))] == ["c04"]


def test_who_may_not_export_and_what_is_put_away(
    shop: Workspace, client_as: ClientAs, made: Made, boss: Membership
) -> None:
    segment = made("Tea", bought("at_least", 1, category="tea"))
    assert client_as("viewer").get(address(segment)).status_code == 403
    archive_segment(segment, boss)
    assert client_as("marketer").get(address(segment)).status_code == 404
