"""When figures are refreshed by themselves, in plain words and as the cron line the queue reads."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

OFTEN = [
    ("", gettext_lazy("Never")),
    ("day", gettext_lazy("Every day")),
    ("week", gettext_lazy("Every week")),
    ("month", gettext_lazy("On the first day of every month")),
]
# Cron counts days of the week from Sunday, Django from Monday.
_DAYS = [(str((day + 1) % 7), name) for day, name in WEEKDAYS.items()]
NIGHT = dt.time(3, 0)


class ScheduleForm(forms.Form):
    """How often and when, in the time zone of the workspace."""

    often = forms.ChoiceField(label=gettext_lazy("Refresh by itself"), choices=OFTEN, required=False)
    weekday = forms.ChoiceField(label=gettext_lazy("day of the week"), choices=_DAYS, required=False)
    at = forms.TimeField(
        label=gettext_lazy("time of day"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )

    def __init__(self, data: Any = None, *, cron: str = "", **kwargs: Any) -> None:
        super().__init__(data, initial=_read(cron), **kwargs)

    def cron(self) -> str:
        """The cron line; empty when nothing is to happen by itself."""
        values = self.cleaned_data
        at = values.get("at") or NIGHT
        time = f"{at.minute} {at.hour}"
        weekday = values.get("weekday") or "1"
        return {"": "", "day": f"{time} * * *", "week": f"{time} * * {weekday}", "month": f"{time} 1 * *"}[
            values["often"]
        ]


def in_words(cron: str) -> str:
    """A cron line as people say it; one that was written elsewhere is shown as it is.

    >>> in_words("0 3 * * *")
    'every day at 03:00'
    """
    told = _read(cron)
    if not cron:
        return _("when somebody presses Refresh")
    at = told["at"].strftime("%H:%M")
    if told["often"] == "day":
        return _("every day at %(time)s") % {"time": at}
    if told["often"] == "week":
        day = dict(_DAYS)[told["weekday"]]
        return _("every week on %(day)s at %(time)s") % {"day": day, "time": at}
    if told["often"] == "month":
        return _("on the first day of every month at %(time)s") % {"time": at}
    return _("at the times of %(cron)s") % {"cron": cron}


def _read(cron: str) -> dict[str, Any]:
    fallen_back = {"often": "", "weekday": "1", "at": NIGHT}
    parts = cron.split()
    if len(parts) != 5 or not (parts[0].isdecimal() and parts[1].isdecimal()):
        return fallen_back
    at = dt.time(int(parts[1]) % 24, int(parts[0]) % 60)
    match parts[2:]:
        case ["*", "*", "*"]:
            return {"often": "day", "weekday": "1", "at": at}
        case ["*", "*", day] if day in dict(_DAYS):
            return {"often": "week", "weekday": day, "at": at}
        case ["1", "*", "*"]:
            return {"often": "month", "weekday": "1", "at": at}
    return fallen_back
