"""The names people see for the codes of the models, in both languages, in one place.

Codes are for tables, filters and programs and never change; names are for people.
"""

from __future__ import annotations

from typing import NamedTuple

from zhike.language import current_language, language_of


class Name(NamedTuple):
    """The English and the Chinese name of one code."""

    en: str
    zh: str


VALUE_TIERS = {
    "high": Name("High value", "高价值"),
    "potential": Name("Potential", "潜力"),
    "general": Name("General", "一般"),
    "at_risk": Name("At risk", "流失风险"),
}
GRADES = {
    "vip": Name("VIP", "VIP客户"),
    "new": Name("New", "新客户"),
    "regular": Name("Regular", "普通客户"),
    "dormant": Name("Dormant", "沉睡客户"),
}
OCTANTS = {
    "important_value": Name("Important: value", "重要价值客户"),
    "important_develop": Name("Important: develop", "重要发展客户"),
    "important_keep": Name("Important: keep", "重要保持客户"),
    "important_win_back": Name("Important: win back", "重要挽留客户"),
    "general_value": Name("General: value", "一般价值客户"),
    "general_develop": Name("General: develop", "一般发展客户"),
    "general_keep": Name("General: keep", "一般保持客户"),
    "general_win_back": Name("General: win back", "一般挽留客户"),
}
STAGES = {
    "acquisition": Name("Acquisition", "获取期"),
    "growth": Name("Growth", "成长期"),
    "maturity": Name("Maturity", "成熟期"),
    "maintenance": Name("Maintenance", "维护期"),
    "churn": Name("Churn", "流失期"),
}
STAGES4 = {
    "acquire": Name("Acquire", "客户获取"),
    "develop": Name("Develop", "客户发展"),
    "maintain": Name("Maintain", "客户维护"),
    "retain": Name("Retain", "客户保留"),
}
ABC = {
    "A": Name("A: the first 80 % of revenue", "A类：前80%收入"),
    "B": Name("B: up to 95 % of revenue", "B类：至95%收入"),
    "C": Name("C: the rest", "C类：其余"),
}
LIFESPAN_SOURCES = {
    "given": Name("as set", "手动设定"),
    "retention": Name("from the share of customers who came back", "由客户留存率推算"),
    "default": Name("a default, because the data is too short or too small to tell", "数据不足，使用默认值"),
}
COST_BASES = {
    "orders": Name("from the cost on the orders", "取自订单成本"),
    "margin": Name("from the assumed margin", "按假定毛利率估算"),
    "mixed": Name("from the orders where known, else the assumed margin", "已知订单取成本，其余按假定毛利率"),
    "unknown": Name("unknown", "未知"),
}
GRID_ACTIVITY = {"active": Name("active", "活跃"), "silent": Name("silent", "沉默"), "lost": Name("lost", "流失")}
GRID_FREQUENCY = {
    "high": Name("high frequency", "高频"),
    "mid": Name("mid frequency", "中频"),
    "low": Name("low frequency", "低频"),
}
GRID_VALUE = {
    "high": Name("high value", "高价值"),
    "mid": Name("mid value", "中价值"),
    "low": Name("low value", "低价值"),
}

# Column of a score table → the names of its codes.
NAMES: dict[str, dict[str, Name]] = {
    "value_tier": VALUE_TIERS,
    "grade": GRADES,
    "octant": OCTANTS,
    "stage": STAGES,
    "stage4": STAGES4,
    "abc": ABC,
    "lifespan_source": LIFESPAN_SOURCES,
    "cost_basis": COST_BASES,
}


def say(name: Name, language: str | None = None) -> str:
    """The name in that language, or in the current one."""
    return name.zh if language_of(language or current_language()) == "zh" else name.en


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
