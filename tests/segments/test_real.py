"""Real customers: the groups are reported with their stability, and their names make sense."""

from __future__ import annotations

from pathlib import Path

import ibis
import pytest

from zhike.errors import InputError
from zhike.segments import cluster, profile


def test_marketing_campaign(test_data: Path) -> None:
    people = ibis.read_csv(test_data / "marketing_campaign" / "marketing_campaign.csv", delim="\t")
    found = cluster(people, customer="ID")
    assert found.labels.num_rows == 2240
    assert {"Z_CostContact", "Z_Revenue", "Dt_Customer"} <= set(found.left_out)
    assert any("Income" in said for said in found.remarks("en"))
    assert found.stability is not None
    assert len(set(found.names["en"])) == len(found.numbers)
    assert len(profile(people, found, customer="ID").cards) == len(found.numbers)


def test_households(test_data: Path) -> None:
    folder = test_data / "completejourney"
    lines = ibis.read_parquet(folder / "transactions_sample.parquet")
    households = lines.group_by("household_id").aggregate(
        baskets=lines.basket_id.nunique(), spent=lines.sales_value.sum(), products=lines.product_id.nunique()
    )
    found = cluster(households, customer="household_id")
    assert found.stability is not None
    with pytest.raises(InputError, match="customer_id"):
        cluster(households)
