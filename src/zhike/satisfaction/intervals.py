"""Confidence intervals that hold for a handful of answers as well as for a million.

Each behaves as if a few more answers had been given, spread over the scale; that is why none of them shrinks to a point
when all who answered agree. What they cover is counted out in `tests/satisfaction/test_intervals.py`.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

from zhike.errors import SettingsError

Interval = tuple[float, float]


def normal_quantile(level: Any) -> float:
    """How many standard errors a two-sided interval of that level reaches to each side.

    Raises:
        SettingsError: not a number between .5 and 1.

    >>> round(normal_quantile(0.95), 3)
    1.96
    """
    number = isinstance(level, int | float) and not isinstance(level, bool)
    if not (number and 0.5 <= level < 1):
        raise SettingsError(
            "A confidence level of {level} is not possible.", fix="Give one from 0.5 to 0.999.", level=repr(level)
        )
    return NormalDist().inv_cdf((1 + level) / 2)


def share_interval(hits: int, n: int, level: float = 0.95) -> Interval:
    """The interval of a share (0–1), by Wilson's score method: the shares that a test at this level would not reject.

    Source: Wilson (1927), JASA 22, 209–212; recommended for small n by Brown, Cai & DasGupta (2001).

    >>> low, high = share_interval(8, 10)
    >>> round(low, 4), round(high, 4)
    (0.4902, 0.9433)
    """
    z2 = normal_quantile(level) ** 2
    share = hits / n
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    reach = math.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return max(0.0, min(centre - reach, share)), min(1.0, max(centre + reach, share))


def difference_interval(plus: int, minus: int, n: int, level: float = 0.95) -> Interval:
    """The interval of the difference of two shares of the same n answers (−1…1), such as promoters less detractors.

    The shares p and d of one multinomial have Var(p − d) = (p + d − (p − d)²)/n exactly. Here one answer more is
    supposed on either side, which is Bonett & Price's adjusted Wald interval.

    Source: Bonett & Price (2012), Journal of Educational and Behavioral Statistics 37, 479–488.

    >>> low, high = difference_interval(50, 20, 100)
    >>> round(low, 3), round(high, 3)
    (0.141, 0.447)
    """
    p, d, size = (plus + 1) / (n + 2), (minus + 1) / (n + 2), n + 2
    reach = normal_quantile(level) * math.sqrt((p + d - (p - d) ** 2) / size)
    value = (plus - minus) / n
    return max(-1.0, min(p - d - reach, value)), min(1.0, max(p - d + reach, value))


def mean_interval(total: float, squares: float, n: int, level: float = 0.95) -> Interval:
    """The interval of a mean of n values between 0 and 1, from their sum and their sum of squares.

    One value more is supposed at either end (as above), then Student's interval: t with n + 1 degrees of freedom.

    >>> low, high = mean_interval(total=7.5, squares=5.75, n=10)
    >>> round(low, 3), round(high, 3)
    (0.545, 0.872)
    """
    from scipy.special import stdtrit

    normal_quantile(level)
    size = n + 2
    mean = (total + 1) / size
    variance = max(squares + 1 - size * mean**2, 0.0) / (size - 1)
    reach = float(stdtrit(size - 1, (1 + level) / 2)) * math.sqrt(variance / size)
    return max(0.0, min(mean - reach, total / n)), min(1.0, max(mean + reach, total / n))
