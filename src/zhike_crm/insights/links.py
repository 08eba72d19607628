"""From a figure to the customers behind it: addresses of the list with conditions."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from zhike_crm.customers.addresses import Condition, customers_meeting, everyone
from zhike_crm.workspaces.models import Workspace

ANY = "any"  # as a goal of movers: wherever they went


class Links:
    """Links of one page. Lists show the scores of the current run, so the figures of an earlier one lead nowhere."""

    def __init__(self, workspace: Workspace, *, live: bool = True) -> None:
        self.workspace, self.live = workspace, live

    def where(self, column: str, test: str, value: Any) -> str:
        return self.meeting((column, test, value))

    def meeting(self, *conditions: Condition) -> str:
        return customers_meeting(self.workspace, *conditions) if self.live else ""

    def everyone(self) -> str:
        return everyone(self.workspace) if self.live else ""

    def code(self, column: str, code: str) -> str:
        """Who has this code."""
        return self.where(column, "any_of", [code])

    def movers(self, column: str, pair: tuple[int, int], origin: str | None, goal: str | None) -> str:
        """Who went from one code to another between two runs; this one holds for earlier runs too."""
        asked = {"column": column, "before": pair[0], "after": pair[1], "origin": origin or "", "goal": goal or ""}
        return f"{reverse('movers', args=[self.workspace.slug])}?{urlencode(asked)}"
