"""Commands that other installed packages add to `zhike`, such as the server's `zhike serve`.

They register in the entry point group `zhike.commands`. The library knows none of them, and loads one only when it
is called or listed.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

import click

from zhike.errors import EngineError

GROUP = "zhike.commands"


class Commands(click.Group):
    """The library's own commands and those of other packages."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        own = super().list_commands(ctx)
        return own + [point.name for point in _added() if point.name not in own and _loaded(point) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if own := super().get_command(ctx, cmd_name):
            return own
        point = next((point for point in _added() if point.name == cmd_name), None)
        if point is None:
            return None
        command = _loaded(point)
        if command is None:
            raise EngineError(
                "zhike {name} needs the server, which is not installed.",
                fix="Install it with: pip install 'zhike[server]'.",
                name=cmd_name,
            )
        return command


def _added() -> list[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda point: point.name)


def _loaded(point: EntryPoint) -> click.Command | None:
    """The command; None when something it needs is not installed."""
    try:
        command: click.Command = point.load()
    except ModuleNotFoundError:
        return None
    return command
