"""The list of the house in CONTRIBUTING.md is the one that lint-imports holds."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_list_of_the_house_agrees_with_the_import_layers() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = [set(layer.split(" | ")) for layer in reversed(contracts[0]["layers"])]
    house = (ROOT / "CONTRIBUTING.md").read_text("utf-8").split("src/zhike/\n")[1].split("```")[0]
    lines = [set(re.findall(r"(\w+)(?:\.py|/)", line)) for line in house.splitlines()]
    assert lines == layers
