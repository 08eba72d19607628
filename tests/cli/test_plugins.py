"""Commands of other packages: there when they can be loaded, a sentence that says what to install when not."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import click
import pytest

from zhike.cli import plugins
from zhike.errors import EngineError


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> plugins.Commands:
    points = [
        EntryPoint("there", "click.decorators:version_option", plugins.GROUP),
        EntryPoint("missing", "no_such_package.commands:run", plugins.GROUP),
    ]
    monkeypatch.setattr(plugins, "_added", lambda: points)
    return plugins.Commands("zhike")


def test_only_what_can_be_loaded_is_listed(group: plugins.Commands) -> None:
    assert group.list_commands(click.Context(group)) == ["there"]


def test_a_missing_package_is_named(group: plugins.Commands) -> None:
    with pytest.raises(EngineError, match=r"zhike\[server\]"):
        group.get_command(click.Context(group), "missing")


def test_an_unknown_command_is_unknown(group: plugins.Commands) -> None:
    assert group.get_command(click.Context(group), "nothing") is None
