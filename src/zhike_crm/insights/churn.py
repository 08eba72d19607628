"""The figures of the churn page: who may leave, what is at stake, what warns, what leavers had in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from zhike.churn_settings import RULES
from zhike.labels import CHURN_RISKS, VALUE_TIERS, WARNINGS, label, say
from zhike.language import current_language
from zhike.next_action import VALUABLE_TIERS
from zhike.proof import Proof
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.models import Customer
from zhike_crm.customers.personal import is_open_rule, open_reasons
from zhike_crm.insights.definitions import on_churn
from zhike_crm.insights.links import Links
from zhike_crm.insights.moves import customers_known_as
from zhike_crm.insights.runs import Shown
from zhike_crm.ui.charts import Cell, Chart
from zhike_crm.ui.templatetags.zhike import number, percent

HERE = ("high", "middle", "low")
LISTED = 20
BAND_COLOURS = {"high": "bad", "middle": "warn", "low": "good", "gone": "quiet"}

# Of `open_columns`.
Columns = tuple[str, ...] | None


@dataclass(frozen=True)
class Band:
    """The customers of one risk: what is at stake (`worth`) and what they brought in (`monetary`)."""

    code: str
    name: str
    customers: int
    share: float
    worth: float
    monetary: float
    address: str


def bands(figures: dict[str, Any], links: Links) -> list[Band]:
    """The risks, the highest first; who is gone already last."""
    groups = figures["groups"]
    everyone = sum(row["customers"] for row in groups) or 1
    found = []
    for code in CHURN_RISKS:
        rows = [row for row in groups if row["churn_risk"] == code]
        customers, worth, spent = (sum(row[name] for row in rows) for name in ("customers", "worth", "monetary"))
        address = links.code("churn_risk", code)
        found.append(Band(code, label("churn_risk", code), customers, customers / everyone, worth, spent, address))
    return found


def answer(figures: dict[str, Any], links: Links) -> dict[str, Any] | None:
    """How many of those still here are at high risk, and how much of what is at stake is theirs; None: nobody is."""
    here = [row for row in figures["groups"] if row["churn_risk"] in HERE]
    everyone = sum(row["customers"] for row in here)
    if not everyone:
        return None
    high = [row for row in here if row["churn_risk"] == "high"]
    worth = sum(row["worth"] for row in here)
    at_stake = sum(row["worth"] for row in high)
    return {
        "here": everyone,
        "high": sum(row["customers"] for row in high),
        "worth": at_stake,
        "share": at_stake / worth if worth > 0 else None,
        "address": links.code("churn_risk", "high"),
    }


def by_tier(figures: dict[str, Any], links: Links) -> Chart | None:
    """Risk by value tier; a part leads to its customers."""
    counts = {(row["churn_risk"], row["value_tier"]): row["customers"] for row in figures["groups"]}
    risks = [code for code in CHURN_RISKS if any(risk == code for risk, _tier in counts)]
    tiers = [code for code in VALUE_TIERS if any(tier == code for _risk, tier in counts)]
    if not risks or not tiers:
        return None

    def where(risk: str, tier: str) -> str:
        return links.meeting(("churn_risk", "any_of", [risk]), ("value_tier", "any_of", [tier]))

    series = [
        {
            "name": label("churn_risk", risk),
            "type": "bar",
            "stack": "all",
            "colour": BAND_COLOURS[risk],
            "barMaxWidth": 26,
            "data": [{"value": counts.get((risk, tier), 0), "address": where(risk, tier)} for tier in tiers[::-1]],
        }
        for risk in risks
    ]
    options = {
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "legend": {"bottom": 0},
        "grid": {"bottom": 36, "top": 4},
        "xAxis": {"type": "value", "compact": True},
        "yAxis": {"type": "category", "data": [label("value_tier", tier) for tier in tiers[::-1]]},
        "series": series,
    }
    table = [
        [
            Cell(label("value_tier", tier)),
            *(Cell(number(counts.get((risk, tier), 0)), where(risk, tier)) for risk in risks),
        ]
        for tier in tiers
    ]
    head = [_("Value tier"), *(label("churn_risk", risk) for risk in risks)]
    return Chart("chart-risk-tiers", _("Risk by value tier"), options, head, table, size="chart-low")


@dataclass(frozen=True)
class ToSave:
    """A customer at risk: how likely to leave, what is to come, and why."""

    customer: Customer
    risk: str
    probability: float | None
    worth: float
    tier: str | None
    why: str

    @property
    def is_valuable(self) -> bool:
        """Whether the tier is worth a word: that of the lowest is called after a risk too."""
        return self.tier in VALUABLE_TIERS


def first_known(member: Membership, shown: Shown) -> dict[str, Customer]:
    """The first of those at risk with most at stake whom the member may see, by their ids in the figures."""
    ids = [row["customer_id"] for row in (shown.figures.get("churn") or {}).get("save_first", ())]
    known: dict[str, Customer] = {}
    # Most members see everybody, and the first are enough.
    for start in range(0, len(ids), LISTED):
        found = customers_known_as(member, ids[start : start + LISTED])
        known |= {one: found[one] for one in ids[start : start + LISTED] if one in found}
        if len(known) >= LISTED:
            break
    return dict(list(known.items())[:LISTED])


def save_first(known: dict[str, Customer], figures: dict[str, Any], told: Columns) -> list[ToSave]:
    """Those at risk with most at stake (probability × worth), of the customers who may be shown."""
    shown = [row for row in figures["save_first"] if row["customer_id"] in known]
    return [
        ToSave(
            known[row["customer_id"]],
            row["churn_risk"],
            row["churn_probability"],
            row["worth"],
            row["value_tier"],
            _first_reason(open_reasons(row["churn_reasons"], told)),
        )
        for row in shown
    ]


def _first_reason(kept: str | None) -> str:
    # SciPy takes longer to load than this page: only a page with reasons waits for it, once.
    from zhike.churn.explained import told_reasons

    return next((reason.sentence for reason in told_reasons(kept) if reason.raises), "")


@dataclass(frozen=True)
class Fired:
    """An early warning, how many it warns of, and where they are."""

    code: str
    name: str
    customers: int
    address: str


def warnings(proof: Proof, links: Links) -> list[Fired]:
    counts = proof.details["warnings"]
    return [Fired(r, say(WARNINGS[r]), counts.get(r, 0), links.where(f"warn_{r}", "yes", None)) for r in RULES]


@dataclass(frozen=True)
class Common:
    """What leavers had in common: who, the share that left, how many times the average, how many customers."""

    conditions: str
    confidence: float
    lift: float
    customers: int
    support: float
    proven: float


@dataclass(frozen=True)
class Rules:
    """The rules about leavers that the reader may see, and how many others there are."""

    open: list[Common]
    hidden: int


def rules(proof: Proof, told: Columns) -> Rules:
    kept = proof.details.get("rules") or []
    shown = [rule for rule in kept if is_open_rule(rule, told)]
    return Rules([_common(rule) for rule in shown], len(kept) - len(shown))


def _common(rule: dict[str, Any]) -> Common:
    return Common(
        rule["conditions"][current_language()],
        rule["confidence"],
        rule["lift"],
        rule["customers"],
        rule["support"],
        rule["proven_confidence"],
    )


def staying(proof: Proof) -> Chart | None:
    """How many are still customers, by months since their first purchase."""
    curve = proof.details.get("staying")
    if not curve or len(curve["points"]) < 2:
        return None
    points = [{"month": 0, "survival": 1.0, "low": 1.0, "high": 1.0}, *curve["points"]]
    options = {
        "tooltip": {"trigger": "axis", "percent": True},
        "xAxis": {"type": "value", "name": _("months"), "splitLine": {"show": False}, "max": points[-1]["month"]},
        "yAxis": {"type": "value", "min": 0, "max": 100, "percent": True},
        "series": [
            {
                "name": _("Still customers"),
                "type": "line",
                "step": "end",
                "symbol": "none",
                "colour": "chart-1",
                "areaStyle": {"opacity": 0.1},
                "data": [[point["month"], round(point["survival"] * 100, 1)] for point in points],
            }
        ],
    }
    table = [
        [Cell(number(p["month"])), Cell(percent(p["survival"])), Cell(f"{percent(p['low'])} – {percent(p['high'])}")]
        for p in points
    ]
    head = [_("Months since the first purchase"), _("Still customers"), _("Likely range")]
    return Chart("chart-staying", _("How long customers stay"), options, head, table, note=_staying_note(curve))


def _staying_note(curve: dict[str, Any]) -> str:
    last = curve["points"][-1]
    if curve["half"] is None:
        said = {"share": percent(last["survival"]), "months": number(last["month"])}
        return _("%(share)s are still customers after %(months)s months.") % said
    return _("Half have left within %(months)s months.") % {"months": number(curve["half"])}


def found_flag(shown: Shown) -> str:
    """The column of the customers' list that looks as if it said who left; empty where none does."""
    return str((shown.summary.proofs.get("churn") or {"details": {}})["details"].get("flag_found", ""))


def page(shown: Shown, known: dict[str, Customer], told: Columns) -> dict[str, Any]:
    """Everything of the page that comes from a refresh; nothing where that did not know of churn yet.

    `known`: see `first_known`. `told`: the columns of the customers' list that the reader may read about.
    """
    figures, stored = shown.figures.get("churn"), shown.summary.proofs.get("churn")
    if not figures or not stored:
        return {"churn": None}
    proof, links = Proof.from_dict(stored), shown.links
    return {
        "churn": figures,
        "proof": proof,
        "reason": proof.reasons.get(current_language(), ""),
        "why_days": proof.details["why_days"][current_language()],
        "contract": proof.details["method"] == "contract",
        "answer": answer(figures, links),
        "bands": bands(figures, links),
        "tiers": by_tier(figures, links),
        "save_first": save_first(known, figures, told) if shown.is_current else None,
        "warnings": warnings(proof, links),
        "rules": rules(proof, told),
        "staying": staying(proof),
        "counted": on_churn(shown),
        "highest": _sorted(links.code("churn_risk", "high"), figures["basis"]),
    }


def _sorted(address: str, column: str) -> str:
    return f"{address}&sort=-{column}" if address else ""
