"""What counts as leaving: no purchase in N days, with N proposed from the customers' own rhythm.

(Where a contract ends there is a column that says so: `zhike.churn.labelled` reads it.)
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

import ibis
from ibis import _ as this

from zhike.churn.sources import Sources
from zhike.errors import InputError, SettingsError
from zhike.facts.purchases import bought, window_end
from zhike.language import _, current_language, speaking
from zhike.tables import as_date

# Of those who bought again, so many had done so within the days proposed.
WITHIN = 0.9
SHORTEST = 7
# A third of the time there is data for: one to know the customer by, one to learn who left, one to test it.
LONGEST_SHARE = 1 / 3
DEFAULT_DAYS = 90
# Fewer gaps show no rhythm.
ENOUGH_GAPS = 20


@dataclass(frozen=True)
class Proposal:
    """After how many `days` without a purchase a customer counts as gone, and what that rests on.

    `gaps` (pauses that ended in a purchase) and `within` (the share of them no longer than `days`); `span` is the
    number of days there is data for. `case`: "rhythm", "short" (the data is too short for the customers' rhythm, so
    fewer days are proposed) or "unknown" (too few ever came back).
    """

    days: int
    gaps: int
    within: float
    span: int
    case: str

    def why(self, language: str | None = None) -> str:
        """The proposal in a sentence."""
        with speaking(language or current_language()):
            values = {"days": self.days, "within": f"{self.within:.0%}", "span": self.span}
            if self.case == "unknown":
                return _("Too few customers came back to see a rhythm; {days} days is only a usual choice.", **values)
            if self.case == "short":
                return _(
                    "A customer counts as gone after {days} days without a purchase: {within} of all pauses that "
                    "ended were no longer. The data covers only {span} days, so a longer pause cannot be tested.",
                    **values,
                )
            return _(
                "A customer counts as gone after {days} days without a purchase: {within} of all pauses that ended "
                "were no longer.",
                **values,
            )


def propose_days(tables: Any, as_of: Any, *, within: float = WITHIN) -> Proposal:
    """N for "no purchase in N days": so many days that `within` of the pauses that ended were no longer.

    Args:
        tables: as for `zhike.churn.features`.
        as_of: the last day that counts.
        within: a share, 0–1.

    Raises:
        InputError: there are no orders up to then.
        SettingsError: `within` is no share.
    """
    if isinstance(within, bool) or not isinstance(within, int | float) or not 0 < within < 1:
        raise SettingsError(
            "{name} cannot be {value}.", fix="Give a number between 0 and 1.", name="within", value=repr(within)
        )
    day = as_date(as_of)
    orders = Sources.of(tables, day).orders
    days = orders.filter(bought(orders)).select("customer_id", day=this.ordered_at.date()).distinct()
    earlier = days.day.lag().over(group_by=days.customer_id, order_by=days.day)
    gaps = days.mutate(gap=days.day.delta(earlier, unit="day"))
    found = gaps.aggregate(
        first=gaps.day.min(), gaps=gaps.gap.count(), quantile=gaps.gap.cast("float64").quantile(within)
    )
    (row,) = found.to_pyarrow().to_pylist()
    if row["first"] is None:
        raise InputError("Nobody bought up to {end}.", fix="Give a later day, or more data.", end=day.isoformat())
    span = (day - _date(row["first"])).days + 1
    longest = max(int(span * LONGEST_SHARE), 1)
    if row["gaps"] < ENOUGH_GAPS:
        return Proposal(min(DEFAULT_DAYS, longest), row["gaps"], math.nan, span, "unknown")
    wanted = max(SHORTEST, 7 * math.ceil(row["quantile"] / 7))
    proposed = min(wanted, longest)
    shorter = gaps.aggregate(share=(gaps.gap <= proposed).mean()).to_pyarrow()["share"][0].as_py()
    return Proposal(proposed, row["gaps"], float(shorter), span, "rhythm" if proposed == wanted else "short")


def left_after(tables: Any, as_of: Any, days: int) -> Any:
    """`customer_id, left` of those with a purchase up to `as_of`: left is true when none followed in `days` days.

    Raises:
        InputError: a table cannot be read.
        SettingsError: `as_of` is no date, or `days` no whole number of 1 or more.
    """
    day, days = as_date(as_of), check_days(days)
    orders = Sources.of(tables, day + dt.timedelta(days=days)).orders
    orders = orders.filter(bought(orders))
    after = (orders.ordered_at >= window_end(day)).fill_null(False)
    found = orders.group_by("customer_id").aggregate(before=(~after).sum(), after=after.sum())
    return found.filter(found.before > 0).select("customer_id", left=found["after"] == ibis.literal(0))


def check_days(days: Any) -> int:
    """Days without a purchase.

    Raises:
        SettingsError: not a whole number, or below one.
    """
    if isinstance(days, bool) or not isinstance(days, int) or days < 1:
        raise SettingsError(
            "A customer cannot count as gone after {days} days without a purchase.",
            fix="Give a whole number of days, 1 or more; zhike.churn.propose_days finds one.",
            days=repr(days),
        )
    return days


def _date(value: Any) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value
