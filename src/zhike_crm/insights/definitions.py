"""What the words on a page count, in one line beside each figure, with a link to where that is set."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from zhike.definitions import Definitions
from zhike.settings import Settings
from zhike_crm.insights.runs import Shown
from zhike_crm.ui.templatetags.zhike import number


class Counted(NamedTuple):
    """A line that says what is counted, and where that is set."""

    text: str
    address: str


def definitions(shown: Shown) -> Definitions:
    """Those of the run shown, by the settings it was made with."""
    proof = shown.summary.proofs.get("churn")
    return Definitions(Settings.from_stored(shown.summary.settings), proof and proof["details"])


def counted(shown: Shown, *, route: str, said: str) -> Counted:
    """A definition with the page whose settings decide it."""
    return Counted(said, f"{reverse(route, args=[shown.summary.workspace.slug])}#settings")


def on_lifecycle(shown: Shown) -> list[Counted]:
    """Who is slowing down and gone by their own rhythm; and why the page Churn counts another number."""
    found, gone = definitions(shown), _gone(shown.figures)
    lines = [counted(shown, route="lifecycle", said=found.stages())]
    if gone is not None:
        differs = _("The page Churn counts %(number)s as gone, by another rule. %(rule)s") % {
            "number": number(gone),
            "rule": found.gone(),
        }
        lines.append(counted(shown, route="churn", said=differs))
    return lines


def on_churn(shown: Shown) -> dict[str, Counted]:
    """Who is at risk; why the lifecycle counts another number as gone; who left, and until when they stayed.

    After how many days somebody is gone, and why, the page says before its figures.
    """
    found = definitions(shown)
    said = {"risks": found.risks(), "left": found.left(), "stayed": found.stayed()}
    lines = {name: counted(shown, route="churn", said=text) for name, text in said.items()}
    stages = {row["code"]: row["customers"] for row in shown.figures.get("stages") or []}
    if "churn" in stages:
        differs = _("The stages count %(number)s as gone, by each customer's own rhythm. %(rule)s") % {
            "number": number(stages["churn"]),
            "rule": found.stages(),
        }
        lines["differs"] = counted(shown, route="lifecycle", said=differs)
    return lines


def _gone(figures: dict[str, Any]) -> int | None:
    """How many are gone on the page Churn; None where that was not computed."""
    groups = (figures.get("churn") or {}).get("groups")
    return sum(row["customers"] for row in groups if row["churn_risk"] == "gone") if groups else None
