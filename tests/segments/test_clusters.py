"""Groups of customers: the number, the names, the numbers' constancy, and what cannot be grouped."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from zhike.errors import InputError, SettingsError
from zhike.segments import Clustering, cluster
from zhike.segments.naming import Difference, group_names
from zhike.segments.quality import adjusted_rand

KINDS = {  # frequency, monetary, recency_days, and how many
    "best": (24, 2400, 6, 120),
    "gone": (3, 1200, 400, 300),
    "rest": (4, 100, 20, 280),
}


def shop(seed: int = 0) -> pd.DataFrame:
    """Three kinds of customers, 700 in all, and columns that say nothing."""
    rng = np.random.default_rng(seed)
    parts = []
    for kind, (frequency, monetary, recency, count) in KINDS.items():
        parts.append(
            pd.DataFrame(
                {
                    "kind": kind,
                    "frequency": np.maximum(1, rng.poisson(frequency, count)),
                    "monetary": monetary * rng.lognormal(0, 0.25, count),
                    "recency_days": (recency * rng.lognormal(0, 0.3, count)).round(),
                }
            )
        )
    found = pd.concat(parts, ignore_index=True)
    found["customer_id"] = [f"c{number:04}" for number in rng.permutation(len(found))]
    return found


FEATURES = ("frequency", "monetary", "recency_days")


@pytest.fixture(scope="module")
def found() -> Clustering:
    return cluster(shop(), features=FEATURES)


def agreement(clustering: Clustering, table: pd.DataFrame) -> float:
    kinds = table.set_index("customer_id")["kind"].astype("category").cat.codes
    labels = clustering.labels.to_pandas().set_index("customer_id")["cluster"]
    return adjusted_rand(labels.to_numpy(), kinds.loc[labels.index].to_numpy())


def test_the_kinds_are_found(found: Clustering) -> None:
    assert found.numbers == (1, 2, 3)
    assert sum(found.sizes) == 700
    assert list(found.sizes) == sorted(found.sizes, reverse=True)
    assert agreement(found, shop()) > 0.95
    assert (found.stability or 0) > 0.95
    assert "3 groups: of 2 to 8" in found.why("en")
    assert "stable" in found.trust("en")


def test_names_say_what_sets_them_apart(found: Clustering) -> None:
    names = dict(zip(found.names["en"], found.sizes, strict=True))
    best = next(name for name in names if "high spend" in name)
    assert "frequent" in best
    assert "recent" in best
    assert abs(names[best] - 120) < 10
    assert any("long absent" in name for name in names)
    assert len(set(found.names["zh"])) == 3


def test_centres_are_in_original_units(found: Clustering) -> None:
    rows = dict(zip(found.names["en"], found.centres.to_pylist(), strict=True))
    best = next(row for name, row in rows.items() if "high spend" in name)
    assert best["frequency"] == pytest.approx(24, rel=0.1)
    assert best["monetary"] == pytest.approx(2400, rel=0.1)  # the geometric centre of a skewed amount
    assert best["recency_days"] == pytest.approx(6, rel=0.15)


@pytest.mark.parametrize("make", [pl.from_pandas, pa.Table.from_pandas, lambda t: t])
def test_any_table_in_any_order_gives_the_same(found: Clustering, make) -> None:
    shuffled = shop().sample(frac=1, random_state=3).reset_index(drop=True)
    again = cluster(make(shuffled), features=FEATURES)
    assert again.labels.equals(found.labels)
    assert again.centres.equals(found.centres)
    assert again.stability == found.stability


def test_money_in_another_unit_is_the_same_groups(found: Clustering) -> None:
    table = shop()
    table["monetary"] *= 1000
    assert cluster(table, features=FEATURES).labels.equals(found.labels)


def test_like_keeps_the_numbers(found: Clustering) -> None:
    """The largest kind shrinks to the smallest: alone its number would change, beside the earlier run it does not."""
    table = shop()
    fewer = table[(table["kind"] != "gone") | (np.arange(len(table)) % 5 == 0)]
    gone = {row["recency_days"] > 200: row["cluster"] for row in found.centres.to_pylist()}[True]
    alone, matched = cluster(fewer, features=FEATURES), cluster(fewer, features=FEATURES, like=found)
    assert {row["recency_days"] > 200: row["cluster"] for row in alone.centres.to_pylist()}[True] != gone
    assert {row["recency_days"] > 200: row["cluster"] for row in matched.centres.to_pylist()}[True] == gone
    assert matched.numbers == found.numbers


def test_like_with_more_clusters_gives_the_new_one_a_new_number(found: Clustering) -> None:
    more = cluster(shop(), features=FEATURES, clusters=4, like=found)
    assert more.numbers == (1, 2, 3, 4)
    fewer = cluster(shop(), features=FEATURES, clusters=2, like=found)
    assert set(fewer.numbers) < {1, 2, 3}


def test_like_of_other_columns(found: Clustering) -> None:
    with pytest.raises(InputError, match="of other columns"):
        cluster(shop().assign(other=range(700)), features=["other", "kind"], like=found)


def test_categories_take_part() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {"customer_id": range(400), "visits": 5 + rng.poisson(2, 400) / 10, "city": ["Oslo", "Rome"] * 200}
    )
    table["visits"] += (table["city"] == "Rome") * 2
    found = cluster(table, clusters=2)
    assert {"city = Oslo", "city = Rome"} < set(found.centres.column_names)
    assert all("City: " in name for name in found.names["en"])
    assert set(found.centres["city = Oslo"].to_pylist()) == {0, 1}


def test_what_is_not_used_is_said() -> None:
    table = shop().assign(
        constant=1,
        empty=None,
        text=[f"note {n}" for n in range(700)],
        since=pd.Timestamp("2025-01-01"),
        order_no=range(700),
    )
    table["age"] = np.where(np.arange(700) % 7 == 0, np.nan, 30.0 + np.arange(700) % 40)
    table.loc[3, "age"] = np.inf
    found = cluster(table.drop(columns="kind"), clusters=3)
    assert found.left_out == {
        "constant": "constant", "empty": "missing", "text": "many", "since": "date", "order_no": "id"
    }  # fmt: skip
    said = " ".join(found.remarks("en"))
    assert "constant is not used: it is the same for everybody" in said
    assert "Age: 101 customers have no value and count as average." in said  # 100 gaps and the infinite one


def test_groups_that_are_not_there() -> None:
    """Noise: whatever is said, it is said that it does not hold."""
    rng = np.random.default_rng(7)
    noise = pd.DataFrame(rng.normal(size=(1_000, 6)), columns=list("abcdef")).assign(customer_id=range(1_000))
    found = cluster(noise, clusters=6)
    assert "not stable" in found.trust("en")
    assert "overlap" in found.why("en")
    chosen = cluster(noise)
    assert "none of 2 to 8 is found again" in chosen.why("en") or "stable" in chosen.trust("en")


def test_few_customers() -> None:
    table = pd.DataFrame({"customer_id": range(12), "spend": [1, 1, 2, 2, 1, 2, 90, 91, 92, 90, 91, 95]})
    found = cluster(table)
    assert found.sizes == (6, 6)
    four = cluster(table.assign(spend=[1, 2, 3, 4] * 3), clusters=4)
    assert four.stability is None or four.stability <= 1


@pytest.mark.parametrize(
    ("table", "clusters", "said"),
    [
        ({"customer_id": [1], "spend": [5.0]}, None, "1 customers are too few"),
        ({"customer_id": range(12), "spend": range(12)}, 20, "12 customers are too few"),
        (
            {"customer_id": range(20), "spend": [7.0] * 20, "none": [None] * 20},
            None,
            "Nothing tells the customers apart",
        ),
        (
            {"customer_id": range(20), "note": [f"text {n}" for n in range(20)]},
            None,
            "Nothing tells the customers apart",
        ),
        ({"customer_id": range(20), "spend": [float("nan")] * 20}, None, "Nothing tells the customers apart"),
        ({"customer_id": range(20), "spend": [1, 2] * 10}, 5, "too much alike for 5 groups"),
        ({"customer_id": [1, 1, *range(2, 20)], "spend": range(20)}, None, "in more than one row"),
        ({"customer_id": [None] * 20, "spend": range(20)}, None, "There are no customers"),
        ({"client": range(20), "spend": range(20)}, None, "lacks the columns customer_id"),
    ],
)
def test_what_cannot_be_grouped(table: dict[str, object], clusters: int | None, said: str) -> None:
    with pytest.raises(InputError, match=said):
        cluster(pa.table({name: list(values) for name, values in table.items()}), clusters=clusters)


@pytest.mark.parametrize("clusters", [0, 1, 51, 2.5, True, "3"])
def test_impossible_numbers(clusters: object) -> None:
    with pytest.raises(SettingsError, match="clusters cannot be"):
        cluster(shop(), clusters=clusters)


def test_a_feature_that_is_not_there() -> None:
    with pytest.raises(InputError, match="lacks the columns shoe_size"):
        cluster(shop(), features=["shoe_size"])


def test_rows_without_a_customer_are_left_out() -> None:
    table = shop()
    table.loc[:4, "customer_id"] = None
    found = cluster(table, features=FEATURES, clusters=3)
    assert found.labels.num_rows == 695
    assert "5 rows without a customer are left out." in found.remarks("en")


def test_names_are_never_the_same() -> None:
    like = [Difference("frequency", None, 1.0), Difference("monetary", None, 0.9), Difference("age", None, -0.8)]
    more = [*like, Difference("income", None, 0.7)]
    names = group_names([like, more, like, [], []])
    assert len(set(names)) == 5
    assert "high income" in names[1]


def test_a_category_that_few_have_names_nobody() -> None:
    assert group_names([[Difference("city", "Oslo", 3.0, 0.2)]]) == ("near the average",)


def test_no_and_yes() -> None:
    table = pa.table({"customer_id": list(range(60)), "opted_in": [0, 1, 1] * 20, "children": ["0", "1", "2+"] * 20})
    found = cluster(table, clusters=3)
    assert {"opted_in = no", "opted_in = yes", "children = 1"} < set(found.centres.column_names)
    assert any("opted_in: no, children: 0" in name or "children: 0, opted_in: no" in name for name in found.names["en"])
    assert any("是" in name for name in found.names["zh"])


def test_ids_written_as_text_are_no_feature() -> None:
    """As most files have them: every cell a text."""
    table = shop().assign(RowNumber=[str(n) for n in range(1, 701)])
    assert cluster(table).left_out["RowNumber"] == "id"
