"""What each word for leaving means, in a sentence with the company's own numbers.

Who is gone is asked in several ways, each good for something else, so their counts differ: by the customer's own rhythm
(`lifecycle`), by days without a purchase that are the same for everybody (`churn`), by days since the last purchase
alone (the grid of `rfm`). A figure is understood only beside its definition; all of them are here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zhike.labels import CHURN_RISKS, GRID_ACTIVITY, STAGES, VALUE_TIERS, say
from zhike.language import _
from zhike.settings import Settings


@dataclass(frozen=True)
class Definitions:
    """Sentences in the current language.

    Args:
        settings: those of the run whose figures are read.
        churn: `details` of the run's proof of churn; None where a run has none.

    >>> Definitions(Settings(), {"method": "learnt", "days": 112}).gone()
    'Gone already: no purchase for 112 days or more, the same for everybody.'
    """

    settings: Settings
    churn: Mapping[str, Any] | None = None

    def stages(self) -> str:
        """Who is slowing down, and who is gone, by their own rhythm."""
        limits = self.settings.lifecycle
        return _(
            "{maintenance}: slowing down, no purchase for {slow} times their own usual pause, or spending down to "
            "{fall}. {churn}: gone, no purchase for {gone} times that pause.",
            maintenance=say(STAGES["maintenance"]),
            churn=say(STAGES["churn"]),
            slow=f"{limits.slow_after:g}",
            gone=f"{limits.churn_after:g}",
            fall=f"{limits.fall:.0%}",
        )

    def tier(self) -> str:
        """Who is in the lowest value tier, which is called after a risk."""
        return _(
            "{tier}: a value tier, an RFM score below {limit}; how likely somebody leaves is on the page Churn.",
            tier=say(VALUE_TIERS["at_risk"]),
            limit=f"{min(self.settings.rfm.thresholds):g}",
        )

    def grid(self) -> str:
        """Who is active, silent and lost in the grid."""
        active, silent = self.settings.rfm.grid_days
        names = {code: say(name).capitalize() for code, name in GRID_ACTIVITY.items()}
        return _(
            "{active}: a purchase in the last {days} days; {silent}: in the last {more}; {lost}: longer ago.",
            active=names["active"],
            silent=names["silent"].lower(),
            lost=names["lost"].lower(),
            days=active,
            more=silent,
        )

    def gone(self) -> str:
        """Who is gone for the prediction of who leaves."""
        name = say(CHURN_RISKS["gone"])
        if self._by_list:
            return _("{gone}: the column {column} of your customers' list says so.", gone=name, column=self._column)
        return _("{gone}: no purchase for {days} days or more, the same for everybody.", gone=name, days=self._days)

    def risks(self) -> str:
        """Who is at high risk."""
        churn, high, middle = self.settings.churn, say(CHURN_RISKS["high"]), say(CHURN_RISKS["middle"])
        values = {"high": high, "middle": middle, "p": f"{churn.high:.0%}", "q": f"{churn.middle:.0%}"}
        if self._by_list:
            return _("{high}: they leave with a probability of {p} or more; {middle}: {q} or more.", **values)
        if self._method == "rhythm":
            return _("{high}: no purchase for 1.5 times their own usual pause; {middle}: for longer than it.", **values)
        return _(
            "{high}: no purchase follows in {days} days with a probability of {p} or more; {middle}: {q} or more.",
            days=self._days,
            **values,
        )

    def left(self) -> str:
        """Who left, among the customers of the past a model was learnt from and tested on."""
        if self._by_list:
            return _("Left: the column {column} of your customers' list says so.", column=self._column)
        return _("Left: no purchase in the {days} days after the day that was asked about.", days=self._days)

    def stayed(self) -> str:
        """Until when somebody on the curve of staying is still a customer."""
        return _("Left: with the last purchase, once {days} days have gone by without another.", days=self._days)

    def returned(self) -> str:
        """Who came back in a month of a cohort."""
        if self.churn is None or self._by_list:
            return _("Bought again: a purchase in that month. Who has none in it may still come later.")
        return _(
            "Bought again: a purchase in that month. Who has none in it may still come later: gone is only who has "
            "none for {days} days.",
            days=self._days,
        )

    @property
    def _method(self) -> str:
        return str((self.churn or {}).get("method", ""))

    @property
    def _by_list(self) -> bool:
        return self._method == "contract"

    @property
    def _column(self) -> str:
        return self.settings.churn.flag

    @property
    def _days(self) -> int:
        return int((self.churn or {}).get("days") or self.settings.churn.days or 0)
