"""The names people see for the codes of the models, in one place.

Codes are for tables, filters and programs and never change; names are for people. Here they are in English; the
other languages have them in `locale/`, each under the column it belongs to (the message's context), because one
English word may need several Chinese ones: a “new” grade is 新客户, a new row is 新增.
"""

from __future__ import annotations

from typing import NamedTuple

from zhike.language import current_language, language_of, translated


class Name(NamedTuple):
    """The name of one code: the column it belongs to, and the English, which together find the other languages."""

    context: str
    en: str

    @property
    def zh(self) -> str:
        return translated(self.en, context=self.context, language="zh")


def names(column: str, /, **english: str) -> dict[str, Name]:
    """Code → name, for all codes of a column.

    >>> names("grade", vip="VIP")["vip"].en
    'VIP'
    """
    return {code: Name(column, said) for code, said in english.items()}


VALUE_TIERS = names("value_tier", high="High value", potential="Potential", general="General", at_risk="At risk")
GRADES = names("grade", vip="VIP", new="New", regular="Regular", dormant="Dormant")
OCTANTS = names(
    "octant",
    important_value="Important: value",
    important_develop="Important: develop",
    important_keep="Important: keep",
    important_win_back="Important: win back",
    general_value="General: value",
    general_develop="General: develop",
    general_keep="General: keep",
    general_win_back="General: win back",
)
STAGES = names(
    "stage", acquisition="Acquisition", growth="Growth", maturity="Maturity", maintenance="Maintenance", churn="Churn"
)
STAGES4 = names("stage4", acquire="Acquire", develop="Develop", maintain="Maintain", retain="Retain")
ABC = names("abc", A="A: the first 80 % of revenue", B="B: up to 95 % of revenue", C="C: the rest")
CHURN_RISKS = names("churn_risk", high="High risk", middle="Middle risk", low="Low risk", gone="Gone already")
WARNINGS = names(
    "churn_warning",
    activity="Buys less",
    interactions="Less contact",
    carts="Carts left behind",
    complaints="Complains often",
    overdue="Overdue",
    competitor="Looks at competitors",
)
CHURN_CANDIDATES = names(
    "churn_candidate",
    base_rate="the same probability for everybody",
    recency="only the days since the last purchase",
    logistic="a regression on smooth curves",
    trees="boosted trees",
    blend="a regression and boosted trees together",
    purchases="a model of when customers buy",
)
LIFESPAN_SOURCES = names(
    "lifespan_source",
    given="as set",
    retention="from the share of customers who came back",
    default="a default, because the data is too short or too small to tell",
)
COST_BASES = names(
    "cost_basis",
    orders="from the cost on the orders",
    margin="from the assumed margin",
    mixed="from the orders where known, else the assumed margin",
    unknown="unknown",
)
# What the adviser speaks of (`zhike.adviser`): the models, what they are for, and whether they fit.
MODELS = names(
    "model",
    rfm="RFM, tiers, grades",
    lifecycle="Lifecycle stages",
    clusters="Groups found in the data",
    clv_formula="Lifetime value by formula",
    purchases="Value to come, by purchase models",
    profit="Profit per customer",
    retention="Retention by cohort",
    churn="Risk of leaving",
    warnings="Early warnings",
    satisfaction="NPS, CSAT, CSI",
    opinions="Topics and sentiment of texts",
)
GOALS = names(
    "goal",
    know="Know who they are",
    worth="Know what they are worth",
    keep="Keep them",
    listen="Hear what they say",
)
VERDICTS = names("verdict", fits="fits", care="with care", locked="not yet")
GRID_ACTIVITY = names("grid_activity", active="active", silent="silent", lost="lost")
GRID_FREQUENCY = names("grid_frequency", high="high frequency", mid="mid frequency", low="low frequency")
GRID_VALUE = names("grid_value", high="high value", mid="mid value", low="low value")

# Column of a score table → the names of its codes.
NAMES: dict[str, dict[str, Name]] = {
    "value_tier": VALUE_TIERS,
    "grade": GRADES,
    "octant": OCTANTS,
    "stage": STAGES,
    "stage4": STAGES4,
    "abc": ABC,
    "churn_risk": CHURN_RISKS,
    "churn_candidate": CHURN_CANDIDATES,
    "lifespan_source": LIFESPAN_SOURCES,
    "cost_basis": COST_BASES,
    "model": MODELS,
    "goal": GOALS,
    "verdict": VERDICTS,
}


def say(name: Name, language: str | None = None) -> str:
    """The name in that language, or in the current one."""
    return translated(name.en, context=name.context, language=language)


def names_of(column: str) -> dict[str, Name]:
    """The codes a column can hold, each with its names; empty for a column without codes."""
    return NAMES.get(column, {})


def label(column: str, code: str, language: str | None = None) -> str:
    """What people call the code in that column; a code without a name is shown as it is.

    >>> label("grade", "vip", "zh"), label("value_tier", "at_risk", "en")
    ('VIP客户', 'At risk')
    >>> label("grid_cell", "active-high-mid", "en"), label("grid_cell", "active-high-mid", "zh")
    ('active, high frequency, mid value', '活跃·高频·中价值')
    """
    if column == "grid_cell":
        return _grid_label(code, language)
    name = NAMES.get(column, {}).get(code)
    return say(name, language) if name else code


def _grid_label(code: str, language: str | None) -> str:
    parts = code.split("-")
    axes = (GRID_ACTIVITY, GRID_FREQUENCY, GRID_VALUE)
    if len(parts) != 3 or any(part not in axis for part, axis in zip(parts, axes, strict=True)):
        return code
    said = [say(axis[part], language) for part, axis in zip(parts, axes, strict=True)]
    return ("·" if language_of(language or current_language()) == "zh" else ", ").join(said)
