"""The settings that were published, and what each changed, in words."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhike.labels import WARNINGS, say
from zhike.settings import Settings
from zhike_crm.insights.models import PublishedSettings
from zhike_crm.workspaces.models import Workspace

SHOWN = 10

_LABELS = {
    "window_days": gettext_lazy("window, days"),
    "rfm.mode": gettext_lazy("mode"),
    "rfm.weights": gettext_lazy("weights of recency, frequency, amount"),
    "rfm.thresholds": gettext_lazy("tiers from"),
    "rfm.grid_days": gettext_lazy("borders of the grid, days"),
    "lifecycle.slow_after": gettext_lazy("slowing down after, times the usual gap"),
    "lifecycle.churn_after": gettext_lazy("gone after, times the usual gap"),
    "lifecycle.settled_after": gettext_lazy("mature from, days with a purchase"),
    "lifecycle.rise": gettext_lazy("growing from, times the spending before"),
    "lifecycle.fall": gettext_lazy("falling below, times the spending before"),
    "value.margin": gettext_lazy("gross margin"),
    "value.lifespan_years": gettext_lazy("customers last, years"),
    "value.cost_per_ticket": gettext_lazy("cost of a ticket"),
    "value.horizon_days": gettext_lazy("value to come looks ahead, days"),
    "value.discount_rate": gettext_lazy("discount rate, as a share a year"),
    "churn.days": gettext_lazy("gone after, days without a purchase"),
    "churn.flag": gettext_lazy("column that says who left"),
    "churn.high": gettext_lazy("high risk from, as a share"),
    "churn.middle": gettext_lazy("middle risk from, as a share"),
}
# Of an early warning.
_PARTS = {
    "on": gettext_lazy("used"),
    "threshold": gettext_lazy("fires from"),
    "days": gettext_lazy("within days"),
    "at_least": gettext_lazy("at least"),
    "words": gettext_lazy("words"),
}
_MODES = {"minmax": gettext_lazy("min-max"), "quantile": gettext_lazy("quantile")}


@dataclass(frozen=True)
class Entry:
    """One publication: what it changed, and whether it is the one in force."""

    published: PublishedSettings
    changes: list[str]
    in_force: bool


@dataclass(frozen=True)
class History:
    """The newest publications, newest first, and the one before those that are shown."""

    rows: list[PublishedSettings]

    @property
    def in_force(self) -> Settings:
        return Settings.from_dict(self.rows[0].values) if self.rows else Settings()

    @property
    def stamp(self) -> tuple[Hashable, ...]:
        """Another one when anything is that could be read of them. What was published never changes."""
        return tuple((row.pk, row.at, row.note, str(row.by)) for row in self.rows)

    @property
    def entries(self) -> list[Entry]:
        before = [row.values for row in self.rows[1:]]
        if len(self.rows) <= SHOWN:
            before.append(Settings().to_dict())
        pairs = enumerate(zip(self.rows, before, strict=False))
        return [Entry(row, differences(old, row.values), place == 0) for place, (row, old) in pairs][:SHOWN]


def history(workspace: Workspace) -> History:
    return History(list(PublishedSettings.objects.of(workspace).select_related("by")[: SHOWN + 1]))


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What differs between two settings, a line each."""
    old, new = _flat(before), _flat(after)
    return [
        _("%(setting)s: %(before)s → %(after)s")
        % {"setting": _label(name), "before": _said(old.get(name)), "after": _said(value)}
        for name, value in new.items()
        if old.get(name) != value
    ]


def _label(name: str) -> Any:
    _churn, _indicators, code = name.rpartition(".")[0].partition("churn.indicators.")
    part = name.rpartition(".")[2]
    if code in WARNINGS and part in _PARTS:
        return f"{say(WARNINGS[code])}: {_PARTS[part]}"
    return _LABELS.get(name, name)


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"rfm.mode": …}; lists and tuples are the same here, for JSON does not tell them apart."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = list(value) if isinstance(value, (list, tuple)) else value
    return found


def _said(value: Any) -> str:
    if value is None:
        return str(_("not set"))
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, list):
        return " / ".join(_said(one) for one in value)
    if isinstance(value, str):
        return str(_MODES.get(value, value))
    return str(formats.localize(value))
