"""Simulated tickets, feedback, notes and tasks, in the language of the workspace. Each says that it is simulated."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pyarrow as pa

TICKETS = 600
FEEDBACK = 500
_FIRST_DAY, _DAYS = dt.datetime(2010, 12, 15, 9), 355

MARK = {"en": " (simulated)", "zh": "（模拟）"}
_SUBJECTS = {
    "en": (
        ("delivery", "Parcel arrived late"),
        ("delivery", "Two boxes of three arrived"),
        ("quality", "Broken glass holders"),
        ("quality", "Paint comes off the tins"),
        ("returns", "Wants to return a wrong colour"),
        ("invoice", "VAT missing on the invoice"),
        ("question", "Asks for a wholesale price list"),
        ("question", "When is the cake stand back in stock?"),
    ),
    "zh": (
        ("物流", "包裹晚到"),
        ("物流", "三箱只到了两箱"),
        ("质量", "玻璃烛台碎了"),
        ("质量", "铁罐掉漆"),
        ("退货", "颜色发错，要求退货"),
        ("发票", "发票没有税号"),
        ("咨询", "索要批发价目表"),
        ("咨询", "蛋糕架什么时候补货？"),
    ),
}
_GOOD = {
    "en": ("Lovely things, my customers ask for more.", "Fast delivery and careful packing.", "Friendly on the phone."),
    "zh": ("东西很漂亮，顾客都喜欢。", "发货快，包装仔细。", "客服很热情。"),
}
_FAIR = {
    "en": ("Good range, but the minimum order is high.", "Fine. Delivery could be quicker."),
    "zh": ("款式多，但起订量偏高。", "还可以，物流能再快些就好了。"),
}
_BAD = {
    "en": ("A third of the mugs were broken.", "Three weeks for one parcel.", "Nobody answered my two mails."),
    "zh": ("三分之一的杯子是碎的。", "一个包裹等了三周。", "发了两封邮件没人回。"),
}
NOTES = {
    "en": (
        "Called about the spring catalogue; wants samples of the new tins.",
        "Prefers one large delivery a month. Unloads only before noon.",
        "New buyer there since June: be patient, she is learning our numbers.",
        "Asked for 60 days to pay. Agreed to 45.",
        "Complained about breakage; sent replacements the same day. Ask again in two weeks.",
        "Opening a second shop in autumn.",
    ),
    "zh": (
        "电话沟通了春季目录，想要新款铁罐的样品。",
        "希望每月集中送一次货，只能上午卸货。",
        "六月起换了采购，正在熟悉我们的货号，多些耐心。",
        "申请 60 天账期，谈定 45 天。",
        "反映破损，当天已补发，两周后回访。",
        "秋天要开第二家店。",
    ),
}
# What is to do, and in how many days.
TASKS = {
    "en": (
        ("Call: what does the coming season need?", -3),
        ("Send the price list", -1),
        ("Ask whether the replacements arrived", 0),
        ("Thank for the latest order", 0),
        ("Offer the winter range", 2),
        ("Agree on yearly volume", 5),
        ("Visit the new shop", 9),
    ),
    "zh": (
        ("电话回访：了解下一季的需求", -3),
        ("发送价目表", -1),
        ("确认补发的货是否收到", 0),
        ("感谢最近的订单", 0),
        ("推荐冬季新品", 2),
        ("商定全年用量", 5),
        ("拜访新店", 9),
    ),
}


def tickets(ids: list[str], language: str) -> pa.Table:
    """Tickets of some customers; most are solved."""
    dice = random.Random(1)  # noqa: S311
    return pa.Table.from_pylist([_ticket(dice, number, ids, language) for number in range(TICKETS)])


def _ticket(dice: random.Random, number: int, ids: list[str], language: str) -> dict[str, Any]:
    category, subject = dice.choice(_SUBJECTS[language])
    opened = _moment(dice)
    hours = round(dice.lognormvariate(3.0, 0.9), 1)
    solved = dice.random() < 0.93
    return {
        "ticket_id": f"simulated-{number + 1}",
        "customer_id": dice.choice(ids),
        "opened_at": opened,
        "closed_at": opened + dt.timedelta(hours=hours) if solved else None,
        "priority": dice.choice(("low", "normal", "normal", "high")),
        "status": "closed" if solved else "open",
        "channel": "simulated",
        "category": category,
        "subject": subject + MARK[language],
        "first_response_hours": round(hours * dice.uniform(0.05, 0.4), 1),
        "resolution_hours": hours if solved else None,
        "csat": dice.choice((2, 3, 4, 4, 5, 5)) if solved and dice.random() < 0.5 else None,
    }


def feedback(ids: list[str], language: str) -> pa.Table:
    """Answers to a survey, with a sentence of text for half of them."""
    dice = random.Random(2)  # noqa: S311
    return pa.Table.from_pylist([_answer(dice, number, ids, language) for number in range(FEEDBACK)])


def _answer(dice: random.Random, number: int, ids: list[str], language: str) -> dict[str, Any]:
    nps = min(10, max(0, round(dice.gauss(7.6, 2.2))))
    said = (_GOOD if nps >= 9 else _FAIR if nps >= 7 else _BAD)[language]
    return {
        "feedback_id": f"simulated-{number + 1}",
        "customer_id": dice.choice(ids),
        "given_at": _moment(dice),
        "nps": nps,
        "text": dice.choice(said) + MARK[language] if dice.random() < 0.5 else None,
        "channel": "simulated",
    }


def _moment(dice: random.Random) -> dt.datetime:
    return _FIRST_DAY + dt.timedelta(days=dice.randrange(_DAYS), minutes=dice.randrange(9 * 60))
