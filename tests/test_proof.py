"""Groups by what was expected: all customers in one of them, equals together, sums kept; and a proof survives JSON."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhike.proof import Group, Proof, in_groups

KINDS = st.lists(
    st.tuples(st.floats(0, 100), st.floats(0, 100), st.integers(1, 1000)), min_size=1, max_size=40
)  # fmt: skip


@given(KINDS)
def test_groups_hold_everybody_once(kinds: list[tuple[float, float, int]]) -> None:
    expected, actual, weights = (np.array(column, dtype=float) for column in zip(*kinds, strict=True))
    groups = in_groups(expected, actual, weights)
    assert 1 <= len(groups) <= 10
    assert sum(group.customers for group in groups) == weights.sum()
    assert sum(g.customers * g.expected for g in groups) == pytest.approx(expected @ weights)
    assert sum(g.customers * g.actual for g in groups) == pytest.approx(actual @ weights)
    means = [group.expected for group in groups]
    assert means == sorted(means, reverse=True)


def test_equal_expectations_are_not_torn_apart() -> None:
    groups = in_groups(np.array([2.0, 1.0, 1.0]), np.array([3.0, 0.0, 1.0]), np.array([10.0, 45.0, 45.0]))
    assert groups == (Group(10, 2.0, 3.0), Group(90, 1.0, 0.5))


def test_a_proof_is_kept_as_json() -> None:
    proof = Proof(
        "clv",
        "BGNBD",
        "rmse",
        error=1.0,
        baseline=1.5,
        cut=dt.date(2025, 1, 1),
        end=dt.date(2025, 6, 1),
        customers=20,
        expected=12.0,
        actual=10.0,
        groups=(Group(2, 3.0, 2.5), Group(18, 0.3, 0.28)),
        reasons={"en": "…", "zh": "……"},
    )
    assert Proof.from_dict(json.loads(json.dumps(proof.to_dict()))) == proof
    assert proof.holds
    assert proof.lift == pytest.approx(5.0)
    failed = Proof("churn", "", "brier", reasons={"en": "Too few."})
    assert Proof.from_dict(json.loads(json.dumps(failed.to_dict()))) == failed
    assert not failed.holds
    assert failed.lift is None
