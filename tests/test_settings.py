"""Settings come from files people write by hand: what cannot be used is named, with what it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.test_value import orders_table
from zhike.errors import SettingsError
from zhike.settings import Settings, ValueSettings
from zhike.value.clv_formula import clv_formula
from zhike.value.profitability import profitability

CUTS = {"r": [30, 60], "f": [2, 5], "m": [100, 1000]}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"rfm": 3}, r"rfm cannot be 3\. Give names and values, for example {\"weights\": \[0\.3"),
    ({"value": None}, r"value cannot be None\. .*{\"margin\": 0\.35}"),
    ({"lifecycle": {"slow_after": "2"}}, r"slow_after cannot be '2'\. Give a number; the default is 1\.5"),
    ({"lifecycle": {"settled_after": float("nan")}}, "settled_after cannot be nan"),
    ({"lifecycle": {"rise": True}}, "rise cannot be True"),
    ({"lifecycle": {"churn_after": 1.0}}, "churn_after above slow_after"),
    ({"window_days": "x"}, r"A window of .x. days is not possible"),
    ({"window_days": 0}, "A window of 0 days"),
    ({"window_days": 10**20}, "from 1 to 36500"),
    ({"rfm": {"grid_days": [90, 10**24]}}, "days of the grid"),
    ({"rfm": {"grid_days": [90, 10**400]}}, "days of the grid"),
    ({"lifecycle": {"settled_after": 10**24}}, "settled_after cannot be"),
    ({"value": {"cost_per_ticket": 10**400}}, "cost_per_ticket cannot be"),
    ({"window_days": 1.5}, "A window of 1.5 days"),
    ({"rfm": {"mode": "fixed", "cuts": CUTS | {"r": ["a"]}}}, "cut points .*'a'.* Give ascending numbers"),
    ({"rfm": {"mode": "fixed", "cuts": 3}}, "cut points 3"),
    ({"rfm": {"mode": "fixed", "cuts": ["r", "f", "m"]}}, "cut points"),
    ({"rfm": {"weights": 3}}, "weights of R, F and M are 3"),
    ({"rfm": {"weights": [float("nan"), 0.5, 0.5]}}, "weights"),
    ({"rfm": {"grid_days": [1, float("inf")]}}, "days of the grid"),
    ({"value": {"margin": "0.3"}}, r"margin cannot be '0\.3'\. .* share from 0 to 1"),
    ({"value": {"margin": 1.2}}, "margin cannot be 1.2"),
    ({"value": {"margin": float("nan")}}, "margin cannot be nan"),
    ({"value": {"lifespan_years": 0}}, r"lifespan_years cannot be 0\. Give years above 0"),
    ({"value": {"lifespan_years": "3"}}, "lifespan_years cannot be '3'"),
    ({"value": {"cost_per_ticket": -1}}, r"cost_per_ticket cannot be -1\. Give 0 or more"),
    ({"value": {"unknown": 1}}, "no setting called value.unknown"),
]


@pytest.mark.parametrize(("values", "said"), WRONG, ids=[str(values) for values, _ in WRONG])
def test_what_cannot_be_used_is_named_with_what_it_takes(values: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Settings.from_dict(values)


def test_a_file_with_a_wrong_value_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('window_days = 90\n[lifecycle]\nslow_after = "2"\n')
    with pytest.raises(SettingsError, match="slow_after"):
        Settings.from_file(file)
    file.write_text("window_days = 90\n[rfm]\nmode = 'fixed'\ncuts = {r = [30], f = [2], m = [100]}\n")
    settings = Settings.from_file(file)
    assert (settings.window_days, settings.rfm.mode) == (90, "fixed")


@pytest.mark.parametrize("margin", [0, 0.0, 0.35, 1])
def test_one_rule_for_the_margin_everywhere(margin: float) -> None:
    assert ValueSettings(margin=margin).margin == margin
    for model in (clv_formula, profitability):
        assert model(orders_table(), as_of="2025-12-31", margin=margin).count().to_pyarrow().as_py()


@pytest.mark.parametrize("margin", [-0.1, 1.01, "0.3", True])
def test_one_rule_against_the_margin_everywhere(margin: Any) -> None:
    for use in (ValueSettings, lambda **how: clv_formula([], as_of="2025-12-31", **how)):
        with pytest.raises(SettingsError, match="margin cannot be"):
            use(margin=margin)
    with pytest.raises(SettingsError, match="margin cannot be"):
        profitability([], as_of="2025-12-31", margin=margin)


def test_settings_survive_being_stored() -> None:
    settings = Settings.from_dict({"window_days": 90, "rfm": {"mode": "fixed", "cuts": CUTS}, "value": {"margin": 0}})
    assert Settings.from_dict(settings.to_dict()) == settings
