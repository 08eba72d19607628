"""What a company decides about its models: one object, kept with every run, so that a score can be repeated."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zhike.assumptions import (
    check_cost_per_ticket,
    check_discount_rate,
    check_horizon,
    check_lifespan,
    check_margin,
)
from zhike.churn_settings import ChurnSettings
from zhike.errors import SettingsError
from zhike.facts.purchases import check_window
from zhike.lake.runs import Run
from zhike.lifecycle import LifecycleSettings
from zhike.rfm import RfmSettings


@dataclass(frozen=True)
class ValueSettings:
    """What the value models cannot find in the data.

    Args:
        margin: gross margin as a share of revenue where the cost of goods is not known; None: not known.
        lifespan_years: how long a customer stays; None: estimated from the data.
        cost_per_ticket: where a ticket's own cost is not known, currency; None: not known.
        horizon_days: how far ahead the value to come looks, days.
        discount_rate: what money that comes a year later is worth less, as a share.
    """

    margin: float | None = None
    lifespan_years: float | None = None
    cost_per_ticket: float | None = None
    horizon_days: int = 365
    discount_rate: float = 0.1

    def __post_init__(self) -> None:
        if self.margin is not None:
            check_margin(self.margin)
        if self.lifespan_years is not None:
            check_lifespan(self.lifespan_years)
        if self.cost_per_ticket is not None:
            check_cost_per_ticket(self.cost_per_ticket)
        check_horizon(self.horizon_days)
        check_discount_rate(self.discount_rate)


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
    churn: ChurnSettings = field(default_factory=ChurnSettings)

    def __post_init__(self) -> None:
        check_window(self.window_days)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Settings:
        """Settings from JSON or TOML values; what is not named keeps its default.

        Raises:
            SettingsError: a name that is no setting, or a value outside what is allowed.
        """
        return cls().with_changes(values)

    @classmethod
    def from_run(cls, run: Run) -> Settings:
        """The settings of a stored run, as `from_stored`."""
        return cls.from_stored(run.settings)

    @classmethod
    def from_stored(cls, values: Mapping[str, Any]) -> Settings:
        """Settings that were kept with a run. One that this version no longer has decides nothing and is left out.

        Raises:
            SettingsError: a value that is no longer allowed.
        """
        return cls.from_dict(_known(cls(), values))

    @classmethod
    def from_file(cls, path: Path) -> Settings:
        """Settings from a TOML file: `window_days = 365`, then the sections `[rfm]`, `[lifecycle]`, `[value]`,
        `[churn]`.

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


def _known(settings: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    names = {f.name: getattr(settings, f.name) for f in dataclasses.fields(settings)}
    return {
        name: _known(names[name], value) if dataclasses.is_dataclass(names[name]) else value
        for name, value in values.items()
        if name in names
    }


def _replaced(settings: Any, values: Any, section: str) -> Any:
    if not isinstance(values, Mapping):
        raise SettingsError(
            "{name} cannot be {value}.",
            fix="Give names and values, for example {example}.",
            name=section.rstrip(".") or "settings",
            value=repr(values),
            example=_example(settings),
        )
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


def _example(settings: Any) -> str:
    """A setting of this section as JSON has it."""
    name, value = next(iter(dataclasses.asdict(settings).items()))
    return json.dumps({name: 0.35 if value is None else value})
