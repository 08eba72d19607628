"""Numbers, shares, money and dates as people of the current language write them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from babel.dates import format_date

from zhike.language import current_language

_LOCALES = {"en": "en_GB", "zh": "zh_Hans_CN"}
# Above, digits say nothing any more and break the page.
_LONGEST = 1e15
_NARROW_SPACE = "\u202f"


def count(value: float) -> str:
    """A whole number with thousands separators.

    >>> count(4338)
    '4,338'
    """
    return f"{value:,.0f}"


def money(value: float | None, currency: str | None = None) -> str:
    """An amount: cents below a thousand, whole units above; “–” where it is not known.

    >>> money(8911407.904), money(12.5), money(-3.2, "GBP"), money(None), money(3e22)
    ('8,911,408', '12.50', '−3.20\\xa0GBP', '–', '3.00e+22')
    """
    if value is None:
        return "–"
    size = abs(value)
    digits = ".2e" if size >= _LONGEST else ",.0f" if size >= 1000 else ",.2f"
    said = f"{size:{digits}}"
    sign = "−" if value < 0 and said.strip("0.,") else ""
    return f"{sign}{said}\u00a0{currency}" if currency else sign + said


def percent(share: float | None, digits: int = 0) -> str:
    """A share of 0–1 as a percentage; a share that is not quite nothing or all is not rounded to it.

    >>> percent(0.734), percent(0.0004), percent(0.9996), percent(0), percent(0.125, 1), percent(None)
    ('73\\u202f%', '<1\\u202f%', '>99\\u202f%', '0\\u202f%', '12.5\\u202f%', '–')
    """
    if share is None:
        return "–"
    unit = "%" if current_language() == "zh" else _NARROW_SPACE + "%"
    size, step = abs(share) * 100, 10.0**-digits
    said = f"{size:,.{digits}f}"
    if 0 < size < step / 2:
        said = f"<{step:.{digits}f}"
    elif 100 - step / 2 <= size < 100:
        said = f">{100 - step:.{digits}f}"
    return ("−" if share < 0 else "") + said + unit


def change(now: float, before: float) -> str:
    """How far a number has moved, with its sign.

    >>> change(120, 100), change(90, 100), change(100, 100)
    ('+20\\u202f%', '−10\\u202f%', '±0\\u202f%')
    """
    share = now / before - 1
    said = percent(share)
    if said.startswith("−") or abs(share) < 1e-9:
        return said if share else "±" + said
    return "+" + said


def compact(value: float) -> str:
    """A number for the axis of a chart, in the units of the language.

    >>> compact(1_500_000), compact(20_000), compact(500), compact(0.5), compact(0), compact(1e14)
    ('1.5M', '20k', '500', '0.5', '0', '100,000bn')
    """
    units = ((1e8, "亿"), (1e4, "万")) if current_language() == "zh" else ((1e9, "bn"), (1e6, "M"), (1e3, "k"))
    for size, name in units:
        if abs(value) >= size:
            scaled = value / size
            digits = ".1e" if abs(scaled) >= 1e7 else ",.0f" if abs(scaled) >= 1000 else ".4g"
            return f"{scaled:{digits}}{name}"
    return f"{value:,.6g}"


def day(value: dt.date) -> str:
    """A date in words.

    >>> day(dt.date(2011, 12, 9))
    '9 Dec 2011'
    """
    return str(format_date(value, "d MMM y" if current_language() == "en" else "y年M月d日", locale=_locale()))


def month(value: dt.date) -> str:
    """A month with its year.

    >>> month(dt.date(2011, 12, 1))
    'Dec 2011'
    """
    return str(format_date(value, "MMM y" if current_language() == "en" else "y年M月", locale=_locale()))


def short_month(value: dt.date) -> str:
    """A month where its year is plain from the context.

    >>> short_month(dt.date(2011, 12, 1))
    'Dec'
    """
    return str(format_date(value, "MMM" if current_language() == "en" else "M月", locale=_locale()))


def listing(parts: Sequence[str]) -> str:
    """Several things one after another.

    >>> listing(["a", "b"])
    'a, b'
    """
    return ("、" if current_language() == "zh" else ", ").join(parts)


def sentences(*said: str) -> str:
    """Sentences one after another; Chinese has no space between them.

    >>> sentences("One.", "", "Two.")
    'One. Two.'
    """
    return ("" if current_language() == "zh" else " ").join(part for part in said if part)


def _locale() -> str:
    return _LOCALES[current_language()]
