"""What a company decides about its models: one object, kept with every run, so that a score can be repeated."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zhike.errors import SettingsError
from zhike.lifecycle import LifecycleSettings
from zhike.rfm import RfmSettings


@dataclass(frozen=True)
class ValueSettings:
    """What the value models cannot find in the data.

    Args:
        margin: gross margin as a share of revenue where the cost of goods is not known; None: not known.
        lifespan_years: how long a customer stays; None: estimated from the data.
        cost_per_ticket: where a ticket's own cost is not known, currency; None: not known.
    """

    margin: float | None = None
    lifespan_years: float | None = None
    cost_per_ticket: float | None = None


@dataclass(frozen=True)
class Settings:
    """The settings of a refresh; the models' pages in `docs/models/` say what each does.

    Args:
        window_days: the window of frequency and monetary value, days.

    >>> Settings.from_dict({"rfm": {"weights": [0.2, 0.5, 0.3]}}).rfm.weights
    (0.2, 0.5, 0.3)
    """

    window_days: int = 365
    rfm: RfmSettings = field(default_factory=RfmSettings)
    lifecycle: LifecycleSettings = field(default_factory=LifecycleSettings)
    value: ValueSettings = field(default_factory=ValueSettings)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Settings:
        """Settings from JSON or TOML values; what is not named keeps its default.

        Raises:
            SettingsError: a name that is no setting, or a value outside what is allowed.
        """
        return cls().with_changes(values)

    @classmethod
    def from_file(cls, path: Path) -> Settings:
        """Settings from a TOML file: `window_days = 365`, then the sections `[rfm]`, `[lifecycle]`, `[value]`.

        Raises:
            SettingsError: the file is not TOML, or names a setting that does not exist.
        """
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
            raise SettingsError(
                "The settings file {file} cannot be read: {reason}.",
                fix="Check the path, and the TOML in it: a section [rfm] with a line weights = [0.3, 0.4, 0.3].",
                file=str(path),
                reason=str(wrong),
            ) from wrong
        return cls.from_dict(values)

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    def with_changes(self, values: Mapping[str, Any]) -> Settings:
        """These settings with those of a nested dictionary put over them."""
        changed: Settings = _replaced(self, values, "")
        return changed


def _replaced(settings: Any, values: Mapping[str, Any], section: str) -> Any:
    known = {f.name for f in dataclasses.fields(settings)}
    changes: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise SettingsError(
                "There is no setting called {name}.",
                fix="Use one of: {known}.",
                name=section + name,
                known=", ".join(section + k for k in sorted(known)),
            )
        current = getattr(settings, name)
        if dataclasses.is_dataclass(current):
            changes[name] = _replaced(current, value, f"{name}.")
        else:
            changes[name] = tuple(value) if isinstance(value, list) else value
    return dataclasses.replace(settings, **changes)
