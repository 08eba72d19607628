"""What groups are like beside everybody."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

from tests.segments.test_clusters import FEATURES, shop
from zhike.errors import InputError
from zhike.segments import cluster, profile

PEOPLE = pa.table(
    {
        "customer_id": list(range(200)),
        "visits": [1, 2, 3, 4] * 25 + [50, 51, 52, 53] * 25,
        "city": ["Oslo"] * 90 + ["Rome"] * 10 + ["Oslo"] * 50 + ["Rome"] * 50,
        "age": [30, 40] * 100,
        "tier": ["low"] * 100 + ["high"] * 100,
    }
)


def traits(code: object, groups: object = "tier") -> dict[object, object]:
    card = next(card for card in profile(PEOPLE, groups).cards if card.group == code)
    return {(trait.column, trait.level): trait for trait in card.traits}


def test_figures_by_hand() -> None:
    low = traits("low")
    visits = low["visits", None]
    assert (visits.mean, visits.median, visits.everybody_mean, visits.everybody_median) == (2.5, 2.5, 27.0, 27.0)
    assert visits.difference == -24.5
    assert visits.lift == pytest.approx(2.5 / 27)
    assert visits.effect < -0.9
    assert visits.is_clear
    oslo = low["city", "Oslo"]
    assert (oslo.mean, oslo.everybody_mean, oslo.known) == (0.9, 0.7, 100)
    assert oslo.lift == pytest.approx(0.9 / 0.7)
    age = low["age", "30"]  # two different values are a category
    assert age.difference == 0
    assert not age.is_clear


def test_the_most_telling_comes_first_and_is_told() -> None:
    card = next(card for card in profile(PEOPLE, "tier").cards if card.group == "low")
    assert card.traits[0].column == "visits"
    assert card.sentence("en") == (
        "low: 100 customers (50%). visits on average 2.5 (everybody 27); City: Oslo 90% (everybody 70%)."
    )


def test_skewed_money_is_told_by_its_median() -> None:
    money = [10.0] * 60 + [20.0] * 30 + [5000.0] * 10
    table = pa.table({"customer_id": range(100), "spend": money, "g": ["a", "b"] * 50})
    trait = profile(table, "g").cards[0].traits[0]
    assert trait.measure == "median"
    assert trait.value == 10
    assert trait.mean > 500


def test_groups_of_a_clustering_and_of_another_table() -> None:
    table = shop()
    found = cluster(table, features=FEATURES)
    cards = profile(table, found).cards
    assert [card.group for card in cards] == list(found.numbers)
    assert {card.name for card in cards} == set(found.names["en"])
    assert [card.customers for card in cards] == list(found.sizes)
    kinds = profile(table, table[["customer_id", "kind"]].iloc[:690], features=["frequency"])
    assert kinds.ungrouped == 10
    assert sum(card.customers for card in kinds.cards) == 690
    assert {row["group"] for row in kinds.rows()} == {"best", "gone", "rest"}


def test_a_small_group_is_not_clear() -> None:
    table = pa.table({"customer_id": range(400), "age": [20, 30, 40, 50] * 100, "g": ["x"] * 2 + ["y"] * 398})
    card = next(card for card in profile(table, "g").cards if card.group == "x")
    assert not any(trait.is_clear for trait in card.traits)
    assert "nothing sets them clearly apart" in card.sentence("en")


def test_a_group_without_any_value() -> None:
    table = pa.table(
        {"customer_id": range(100), "age": [None] * 10 + [float(n) for n in range(90)], "g": ["x"] * 10 + ["y"] * 90}
    )
    trait = next(card for card in profile(table, "g").cards if card.group == "x").traits[0]
    assert (trait.known, trait.mean, trait.value, trait.lift, trait.is_clear) == (0, None, None, None, False)
    assert trait.sentence("en") == "Age unknown"


def test_customers_who_are_all_the_same() -> None:
    found = profile(pa.table({"customer_id": range(6), "age": [30] * 6, "g": ["a", "b"] * 3}), "g")
    assert [card.traits for card in found.cards] == [(), ()]
    assert found.left_out == {"age": "constant"}


@pytest.mark.parametrize(
    "groups", ["nothing", pa.table({"customer_id": [1]}), pa.table({"customer_id": ["no such"], "g": ["a"]})]
)
def test_groups_that_cannot_be_read(groups: object) -> None:
    with pytest.raises(InputError):
        profile(PEOPLE, groups)


def test_whatever_the_table_is() -> None:
    one, other = profile(PEOPLE, "tier"), profile(PEOPLE.to_pandas(), "tier")
    assert one.rows() == other.rows()
    assert isinstance(pd.DataFrame(one.rows())["lift"].iloc[0], float)
