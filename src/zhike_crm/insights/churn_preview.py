"""What other settings of churn would change, before they are published: who counts as gone, how many warnings fire.

The probabilities themselves are learnt anew by the refresh: what can be said before is said, what cannot is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from zhike.churn_settings import RULES, ChurnSettings
from zhike.labels import WARNINGS, label, say
from zhike.lake.facts_view import Facts
from zhike.lake.lake import Lake
from zhike.lake.runs import Run, scores_of
from zhike.pipeline import orders_as_of
from zhike_crm.insights.models import RunSummary
from zhike_crm.insights.moves import run_of
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace

_EVENTS = ("interactions", "tickets", "feedback")


@dataclass(frozen=True)
class Line:
    """One count, as it is and as it would be; None: not known before the refresh."""

    name: str
    now: int
    then: int | None

    @property
    def change(self) -> int | None:
        return None if self.then is None else self.then - self.now


@dataclass(frozen=True)
class Preview:
    """`days`: after how many without a purchase a customer would count as gone."""

    days: int
    lines: list[Line]


def preview(workspace: Workspace, summary: RunSummary, settings: ChurnSettings) -> Preview:
    """The counts now and under other settings, of a run that has a risk of leaving.

    Raises:
        LakeError: these scores are no longer in the lake.
        SettingsError: there is no such column for who left.
    """
    with lake_of(workspace) as lake, lake.temporary():
        run = run_of(lake, summary)
        facts, details = Facts.of(lake, run), run.proofs["churn"]["details"]
        if settings.flag:
            # SciPy takes a moment to load.
            from zhike.churn.flags import check_flag

            check_flag(facts.table("customers"), settings.flag)
        days = _days(facts, run, settings, details)
        scores = lake.materialised(scores_of(lake, run), "churn_scores")
        same = days == details["days"] and settings.flag == run.settings["churn"]["flag"]
        risks = _risks(lake, scores, settings, days, same=same)
        return Preview(days, risks + _warnings(facts, scores, settings, days, details))


def _days(facts: Facts, run: Run, settings: ChurnSettings, details: dict[str, Any]) -> int:
    if settings.days is not None:
        return settings.days
    if details["proposed"]:
        return int(details["days"])
    # SciPy takes a moment to load, and few people ever ask.
    from zhike.churn import propose_days

    return int(propose_days({"orders": orders_as_of(facts)}, run.as_of).days)


def _risks(lake: Lake, scores: Any, settings: ChurnSettings, days: int, *, same: bool) -> list[Line]:
    """Bands of the probabilities there are; with another definition these will be others."""
    p, risk = scores.churn_probability, scores.churn_risk
    then = {
        "high": p >= settings.high,
        "middle": (p >= settings.middle) & (p < settings.high),
        "low": p < settings.middle,
    }
    then["gone"] = scores.recency_days >= days
    counts = {f"now_{code}": scores.count(where=risk == code) for code in then}
    counts |= {f"then_{code}": scores.count(where=condition) for code, condition in then.items()}
    (found,) = lake.engine.to_pyarrow(scores.aggregate(**counts, tested=p.count())).to_pylist()
    known = dict.fromkeys(then, same and found["tested"] > 0) | {"gone": not settings.flag}
    return [
        Line(label("churn_risk", code), found[f"now_{code}"], found[f"then_{code}"] if known[code] else None)
        for code in then
    ]


def _warnings(facts: Facts, scores: Any, settings: ChurnSettings, days: int, details: dict[str, Any]) -> list[Line]:
    from zhike.churn import indicators, warning_counts

    bought = scores.filter(~scores.never_purchased)
    tables = {"orders": orders_as_of(facts)}
    tables |= {name: facts.table(name) for name in _EVENTS if name in facts.versions}
    here = bought.filter(bought.recency_days < days)
    warned = indicators(tables, as_of=facts.as_of, settings=settings.indicators, summary=bought, customers=here)
    then, now = warning_counts(facts.lake.materialised(warned, "churn_preview")), details["warnings"]
    lines = [Line(say(WARNINGS[rule]), now.get(rule, 0), then[rule]) for rule in RULES]
    return [*lines, Line(_("Customers with a warning"), now.get("any", 0), then["any"])]
