"""What a company decides about its models: one object, kept with every run, so that a score can be repeated."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zhike.errors import SettingsError


@dataclass(frozen=True)
class Settings:
    """The settings of a refresh. The models' own pages in `docs/models/` say what each does.

    Args:
        window_days: the window of frequency and monetary value, days.
        weights: of R, F, M; they sum to 1.
        thresholds: of the value tiers, descending, each in (0, 1).
        mode: `minmax`, `quantile` or `fixed`.
        cuts: for `fixed`: {"r": [...], "f": [...], "m": [...]}, ascending.
        grid_days: days since the last purchase up to which a customer is active, and silent; lost beyond.
        slow_after, churn_after: multiples of the customer's own rhythm after which the customer slows, and has left.
        margin: gross margin as a share of revenue, where the cost of goods is not known; None: unknown.
        lifespan_years: of a customer; None: estimated from the data.
        cost_per_ticket: where a ticket's own cost is not known, currency.

    >>> Settings.from_dict({"weights": [0.2, 0.5, 0.3]}).weights
    (0.2, 0.5, 0.3)
    """

    window_days: int = 365
    weights: tuple[float, float, float] = (0.3, 0.4, 0.3)
    thresholds: tuple[float, ...] = (0.8, 0.5)
    mode: str = "minmax"
    cuts: dict[str, list[float]] | None = None
    grid_days: tuple[int, int] = (90, 180)
    slow_after: float = 1.5
    churn_after: float = 3.0
    margin: float | None = None
    lifespan_years: float | None = None
    cost_per_ticket: float | None = None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Settings:
        """Settings from JSON or TOML values; what is not named keeps its default.

        Raises:
            SettingsError: a name that is no setting.
        """
        known = {f.name for f in dataclasses.fields(cls)}
        for name in values:
            if name not in known:
                raise SettingsError(
                    "There is no setting called {name}.",
                    fix="Use one of: {known}.",
                    name=name,
                    known=", ".join(sorted(known)),
                )
        typed: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
        return cls(**typed)

    @classmethod
    def from_file(cls, path: Path) -> Settings:
        """Settings from a TOML file.

        Raises:
            SettingsError: the file is not TOML, or names a setting that does not exist.
        """
        try:
            return cls.from_dict(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
            raise SettingsError(
                "The settings file {file} cannot be read: {reason}.",
                fix="Check the path, and the TOML in it (for example: weights = [0.3, 0.4, 0.3]).",
                file=str(path),
                reason=str(wrong),
            ) from wrong

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    def with_changes(self, **changes: Any) -> Settings:
        """These settings with some replaced; None means unchanged."""
        return dataclasses.replace(self, **{name: v for name, v in changes.items() if v is not None})
