"""The probability that each customer still is one, from when they bought, and whether to believe it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zhike.clv.choose import Choice, choose
from zhike.errors import InputError
from zhike.facts.repeat import repeat_summary
from zhike.language import _, current_language, speaking


@dataclass(frozen=True)
class Alive:
    """`table` (`customer_id, p_alive`) is None where no model can be fitted; `trusted` says whether the model beat
    the answers without one on the company's own past; `why` says what was tried and what came of it."""

    table: Any | None
    choice: Choice | None
    reason: InputError | None = None

    @property
    def trusted(self) -> bool:
        return self.choice is not None and self.choice.beats_baseline

    def why(self, language: str | None = None) -> str:
        """What was fitted and how far to trust it, or why nothing was."""
        with speaking(language or current_language()):
            if self.choice is None:
                return _("No probability of being active: {reason}", reason=str(self.reason))
            return self.choice.why()


def p_alive(orders: Any, *, as_of: Any, unit: str = "week") -> Alive:
    """P(alive) of every customer with a purchase up to `as_of`, by the purchase model that fits their past best.

    Args:
        orders: whatever `zhike.rfm` takes.
        as_of: the last day that counts.
        unit: of time: "day", "week", "month" or "year".

    Raises:
        SettingsError: no date, no such unit.
    """
    try:
        choice = choose(orders, observation_end=as_of, unit=unit)
    except InputError as reason:
        return Alive(None, None, reason)
    summary = repeat_summary(orders, observation_end=as_of, unit=unit)
    return Alive(choice.model.p_alive(summary), choice)
