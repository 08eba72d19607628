"""Centres that are kept: the same customers get the same groups, later ones the nearest, and drift is told."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.segments.test_clusters import FEATURES, shop
from zhike.errors import InputError
from zhike.segments import Centres, Clustering, cluster, profile


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    """With a category, a yes-or-no and gaps, as tables have them."""
    table = shop()
    rng = np.random.default_rng(3)
    table["channel"] = np.where(table.kind == "best", "app", rng.choice(["app", "shop", "post"], len(table)))
    table["member"] = (table.kind == "best").astype(int)
    table.loc[rng.random(len(table)) < 0.1, ["channel", "monetary"]] = None
    return table.drop(columns="kind")


@pytest.fixture(scope="module")
def found(people: pd.DataFrame) -> Clustering:
    return cluster(people)


def kept(found: Clustering) -> Centres:
    """As it comes back from where it was kept."""
    return Centres.from_dict(json.loads(json.dumps(found.model.to_dict())))


def test_the_same_customers_are_in_the_same_groups(people: pd.DataFrame, found: Clustering) -> None:
    assert {axis.level for axis in found.axes if axis.column == "member"} == {"no", "yes"}
    again = kept(found).assign(people.sample(frac=1, random_state=1))
    assert again.labels.equals(found.labels)
    assert again.sizes == found.sizes
    assert again.moved == pytest.approx(0)
    assert again.far == pytest.approx(0.05, abs=0.01)
    assert not again.is_adrift
    assert "still fit" in again.fit("en")


def test_a_customer_alone_is_assigned(people: pd.DataFrame, found: Clustering) -> None:
    every = dict(zip(*(found.labels[name].to_pylist() for name in ("customer_id", "cluster")), strict=True))
    for row in people.head(5).to_dict("records"):
        alone = pa.Table.from_pylist([row])
        assert kept(found).assign(alone).labels["cluster"].to_pylist() == [every[row["customer_id"]]]


@pytest.mark.parametrize("dress", [str, bool], ids=["text", "boolean"])
def test_what_means_the_same_is_read_the_same(people: pd.DataFrame, found: Clustering, dress: type) -> None:
    other = people.assign(member=people.member.map(lambda flag: dress(flag) if dress is bool else str(flag)))
    if dress is str:
        other["member"] = other.member.map({"0": "no", "1": "yes"})
        other["frequency"] = other.frequency.astype(str)
    assert kept(found).assign(other).labels.equals(found.labels)


def test_new_levels_gaps_and_infinities_are_no_obstacle(people: pd.DataFrame, found: Clustering) -> None:
    odd = people.head(4).copy()
    odd["channel"] = ["telegraph", None, "app", "shop"]
    odd["member"] = [2.0, np.nan, np.inf, 1.0]
    odd["monetary"] = [np.inf, -np.inf, np.nan, 1e300]
    assert len(kept(found).assign(odd).labels) == 4


def test_drift_is_told(people: pd.DataFrame, found: Clustering) -> None:
    strange = people.assign(monetary=people.monetary * 60, recency_days=people.recency_days * 9)
    gone = kept(found).assign(strange)
    assert gone.far > 0.1
    assert gone.is_adrift
    assert "far from their group" in gone.fit("en")
    assert "Find the groups anew" in gone.fit("en")
    best = people[people.customer_id.isin(_members(found, 3))]
    lopsided = kept(found).assign(pd.concat([best, people.head(20)]).drop_duplicates("customer_id"))
    assert lopsided.moved > 0.5
    assert "sizes have shifted" in lopsided.fit("en")


def _members(found: Clustering, number: int) -> list[str]:
    rows = found.labels.to_pylist()
    return [row["customer_id"] for row in rows if row["cluster"] == number]


def test_kept_centres_can_be_searched_from(people: pd.DataFrame) -> None:
    before = cluster(people, features=FEATURES)
    again = cluster(people.sample(frac=0.8, random_state=2), features=FEATURES, like=kept(before))
    assert again.numbers == before.numbers
    was, now = (dict(c.labels.to_pandas().itertuples(index=False)) for c in (before, again))
    assert np.mean([was[customer] == number for customer, number in now.items()]) > 0.97


def test_what_is_missing_is_said(people: pd.DataFrame, found: Clustering) -> None:
    with pytest.raises(InputError, match="monetary"):
        kept(found).assign(people.drop(columns="monetary"))
    with pytest.raises(InputError, match="no customers"):
        kept(found).assign(people.head(0))


def test_groups_that_overlap_have_cards_too(people: pd.DataFrame) -> None:
    best, often = people.nlargest(50, "monetary"), people.nlargest(80, "frequency")
    shown = profile(people, {"best": best.customer_id, "often": list(often.customer_id)}, features=FEATURES)
    assert {card.name: card.customers for card in shown.cards} == {"best": 50, "often": 80}
    assert next(card for card in shown.cards if card.name == "often").traits[0].effect > 0
    union = set(best.customer_id) | set(often.customer_id)
    assert shown.ungrouped == len(people) - len(union)
    with pytest.raises(InputError, match="Nobody"):
        profile(people, {"none": ["x"]})
