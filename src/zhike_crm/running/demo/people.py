"""Simulated names, e-mail addresses and telephone numbers. The same ones every time; none can reach anybody.

Addresses are at example.com. British numbers are the ones kept free for films, and Chinese numbers begin with a
prefix nobody has.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

_FIRST_NAMES = """Alice Amelia Anna Arthur Ben Charlotte Clara Daisy Daniel David Edith Eleanor Ella Emily Emma Ethan
Eva Finn Florence Freya George Grace Hannah Harriet Harry Henry Holly Hugo Isaac Isla Ivy Jack James Jane Joseph Julia
Kate Laura Leo Lily Louis Lucy Luke Martha Mary Max Mia Molly Nina Nora Oliver Oscar Paul Peter Rose Ruby Sam Sarah
Simon Sophie Theo Thomas Toby Violet William Zoe"""
_LAST_NAMES = """Adams Allen Archer Bailey Barker Bell Bennett Brooks Burton Butler Carter Chapman Clarke Cole Cooper
Cox Davies Dixon Dunn Ellis Evans Fisher Ford Foster Fox Gibson Graham Grant Gray Green Hall Harper Harris Hart Harvey
Hill Holmes Howard Hughes Hunt Jenkins Kelly King Knight Lane Lawson Lee Lewis Marsh Mason Miller Mills Moore Morgan
Morris Murray Nash Owen Palmer Parker Payne Pearce Perry Porter Powell Price Reed Reid Roberts Rose Russell Shaw Spencer
Stone Taylor Thomas Turner Walker Ward Watson Webb West White Wood Wright Young"""
_FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英文华玉萍红雪梅建国志强思远子涵雨桐欣怡浩然嘉怡俊熙诗涵"
# Of British mobile numbers 07700 900000 to 900999 are nobody's.
_FREE_NUMBERS = 1000


@dataclass(frozen=True)
class Person:
    name: str
    email: str
    phone: str


def people(ids: list[str], language: str) -> dict[str, Person]:
    """A person for each id."""
    dice = random.Random(20111209)  # noqa: S311 - the same people every time
    make = _chinese if language == "zh" else _english
    return {identity: make(dice, number, identity) for number, identity in enumerate(ids)}


def _english(dice: random.Random, number: int, identity: str) -> Person:
    first, last = dice.choice(_FIRST_NAMES.split()), dice.choice(_LAST_NAMES.split())
    phone = f"07700 900{number:03}" if number < _FREE_NUMBERS else ""
    return Person(f"{first} {last}", f"{first}.{last}.{identity}@example.com".lower(), phone)


def _chinese(dice: random.Random, number: int, identity: str) -> Person:
    name = dice.choice(_FAMILY) + "".join(dice.sample(_GIVEN, dice.choice((1, 2, 2))))
    return Person(name, f"kehu{identity}@example.com", f"100 0000 {number:04}" if number < 10_000 else "")
