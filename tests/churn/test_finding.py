"""What leavers had in common, what knows the answer, how long customers stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from zhike.churn import leaks, median_survival, p_alive, rules, survival
from zhike.errors import InputError, SettingsError


def customers(n: int = 4000, seed: int = 3) -> pa.Table:
    """Those on plan b with few visits leave (60 %); the others do not (10 %)."""
    dice = np.random.default_rng(seed)
    visits, plan, lot = dice.integers(0, 50, n), dice.integers(0, 3, n), dice.random(n)
    left = dice.random(n) < np.where((visits < 10) & (plan == 1), 0.6, 0.1)
    return pa.table({"visits": visits, "plan": np.array(["a", "b", "c"])[plan], "lot": lot, "left": left})


def test_the_rule_that_is_there_is_found() -> None:
    found = rules(customers(), "left", least_lift=2)
    best = found[0]
    assert {c.column for c in best.conditions} == {"visits", "plan"}
    assert best.confidence == pytest.approx(0.6, abs=0.08)
    assert best.proven_confidence == pytest.approx(0.6, abs=0.1)
    assert best.p_value < 1e-6
    assert best.support == pytest.approx(best.customers / 4000)
    assert best.lift == pytest.approx(best.confidence / np.mean(customers()["left"].to_numpy(zero_copy_only=False)))
    # lot means nothing: no rule says it does.
    assert not any(c.column == "lot" for rule in found for c in rule.conditions)
    said = best.sentence("en")
    assert "plan is b" in said
    assert "visits is at most" in said
    assert "plan 为 b" in best.sentence("zh") or "plan" in best.sentence("zh")


def test_numbers_of_a_rule_are_those_of_the_table() -> None:
    table = customers()
    for rule in rules(table, "left"):
        inside = np.ones(table.num_rows, dtype=bool)
        for condition in rule.conditions:
            column = np.asarray(table[condition.column].to_pylist(), dtype=object)
            if condition.value is not None:
                inside &= column == condition.value
            else:
                inside &= (column >= condition.low) & (column <= condition.high)
        left = table["left"].to_numpy(zero_copy_only=False)
        assert (rule.customers, rule.confidence) == (inside.sum(), pytest.approx(left[inside].mean()))


def test_no_rule_where_there_is_none() -> None:
    dice = np.random.default_rng(8)
    made = 0
    for _round in range(5):
        noise = {f"x{j}": dice.random(1500) for j in range(8)}
        made += len(rules(pa.table({**noise, "left": dice.random(1500) < 0.2}), "left", least_lift=1.2))
    assert made == 0


def test_rules_of_too_few_and_settings() -> None:
    with pytest.raises(InputError, match="too few of one kind"):
        rules(customers(60), "left")
    with pytest.raises(SettingsError):
        rules(customers(), "left", least_support=2)


def test_leaks_are_named_and_causes_are_not() -> None:
    table = customers()
    left = table["left"].to_numpy(zero_copy_only=False)
    dice = np.random.default_rng(1)
    reason = np.where(left, np.array(["price", "moved"])[dice.integers(0, 2, 4000)], None)
    refund = np.where(left, dice.random(4000), 0.0)
    score = left + dice.normal(size=4000) / 6
    odd = {"goodbye": reason.tolist(), "refund": refund, "score": score, "cancel_call": dice.integers(0, 9, 4000)}
    whole = pa.table({**{n: table[n] for n in table.column_names}, **odd})
    found = {leak.column: leak.sign for leak in leaks(whole, "left")}
    assert found == {"goodbye": "filled", "refund": "decides", "score": "decides", "cancel_call": "named"}
    assert leaks(table, "left") == []
    assert leaks(table.slice(0, 3).drop(["left"]).append_column("left", [[True] * 3]), "left") == []


def test_one_value_of_nearly_everybody() -> None:
    table = customers()
    left = table["left"].to_numpy(zero_copy_only=False)
    dice = np.random.default_rng(2)
    state = np.where(left, "closing", np.where(dice.random(4000) < 0.02, "closing", "open"))
    (found,) = leaks(table.append_column("state", [state.tolist()]), "left")
    assert (found.column, found.sign in ("decides", "one_value")) == ("state", True)


def test_duration_of_bank_marketing(test_data: Path) -> None:
    found = leaks(test_data / "bank_marketing" / "bank-additional.zip", "y")
    assert [(leak.column, leak.sign) for leak in found] == [("duration", "alone")]


def test_real_tables_without_leaks(test_data: Path) -> None:
    assert leaks(test_data / "telco_churn" / "Telco-Customer-Churn.csv") == []


def test_kaplan_meier_by_hand() -> None:
    # Remission times of the 6-MP group (Gehan 1965, as in Kalbfleisch & Prentice): published survival estimates.
    weeks = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    gone = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    curve = survival(pa.table({"weeks": weeks, "churn": gone}), "weeks")
    assert curve["duration"].to_pylist() == [6, 7, 10, 13, 16, 22, 23]
    assert np.round(curve["survival"].to_numpy(), 3).tolist() == [0.857, 0.807, 0.753, 0.69, 0.627, 0.538, 0.448]
    assert curve["at_risk"].to_pylist() == [21, 17, 15, 12, 11, 7, 6]
    low, high = curve["low"].to_numpy(), curve["high"].to_numpy()
    assert ((low < curve["survival"].to_numpy()) & (curve["survival"].to_numpy() < high)).all()
    # Published interval at 10 weeks (log-log): .503 to .889.
    assert (low[2], high[2]) == (pytest.approx(0.503, abs=5e-4), pytest.approx(0.889, abs=1e-3))
    assert median_survival(curve) == 23


def test_weights_count_as_rows() -> None:
    once = pa.table({"t": [1, 2, 3, 3], "churn": [1, 0, 1, 0], "w": [2, 1, 3, 1]})
    rows = [row for row in once.to_pylist() for _ in range(row["w"])]
    one, other = survival(once, "t", weight="w"), survival(pa.Table.from_pylist(rows), "t")
    assert np.allclose(one["survival"].to_numpy(), other["survival"].to_numpy())
    assert np.allclose(one["low"].to_numpy(), other["low"].to_numpy())


def test_survival_of_all_and_of_none() -> None:
    everybody = survival(pa.table({"t": [1, 2], "churn": [1, 1]}), "t")
    assert everybody["survival"].to_pylist() == [0.5, 0.0]
    assert everybody["low"].to_pylist()[1] is None
    assert survival(pa.table({"t": [1, 2], "churn": [0, 0]}), "t").num_rows == 0
    with pytest.raises(InputError, match="no duration"):
        survival(pa.table({"t": [1, -2], "churn": [0, 1]}), "t")


def test_p_alive_says_when_there_is_nothing_to_say() -> None:
    one = pa.table({"customer_id": ["a"], "order_id": [1], "ordered_at": ["2025-01-01"], "amount": [1.0]})
    alive = p_alive(one, as_of="2025-06-30")
    assert alive.table is None
    assert not alive.trusted
    assert "No probability of being active" in alive.why("en")
