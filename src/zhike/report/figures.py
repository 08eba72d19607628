"""The figures of a report as plain values: what `data` reads from the lake and the sections put into words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from zhike.adviser import Advice, RfmAdvice
from zhike.cleaning.report import QualityReport
from zhike.lake.batches import Batch
from zhike.lake.runs import Run

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Headline:
    """The customer base in numbers. Money is net of refunds; "window" and "before" are equally long.

    `comparable`: the records reach back over the whole window before, so that the two may be compared.
    """

    customers: int = 0
    never_purchased: int = 0
    active: int = 0
    active_before: int = 0
    stayed: int = 0
    new: int = 0
    orders: int = 0
    orders_before: int = 0
    revenue: float = 0.0
    revenue_before: float = 0.0
    lifetime_revenue: float = 0.0
    bought_once: int = 0
    comparable: bool = False

    @property
    def everyone(self) -> int:
        return self.customers + self.never_purchased

    @property
    def average_order(self) -> float | None:
        return self.revenue / self.orders if self.orders else None


@dataclass(frozen=True)
class Month:
    """One calendar month; `complete` is False when the records cover only a part of it."""

    first: dt.date
    revenue: float
    orders: int
    active: int
    new: int
    complete: bool = True


@dataclass(frozen=True)
class Group:
    """The customers who share a code: how many, and their net money in the window."""

    code: str
    customers: int
    monetary: float


@dataclass(frozen=True)
class Moves:
    """Stage to stage since an earlier run: (from, to) → customers; from None = new since, to None = gone. `drift`:
    score → how far its spread has moved (`zhike.drift`)."""

    since: dt.date
    run: int
    same_settings: bool
    customers: Mapping[tuple[str | None, str | None], int]
    drift: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Bin:
    """Customers whose value lies from `low` (None: no lower bound) up to, not including, `high` (None: no upper)."""

    low: float | None
    high: float | None
    customers: int


@dataclass(frozen=True)
class Value:
    """What customers bring in and may bring in: concentration, lifetime value by formula, profit where known."""

    curve: tuple[tuple[float, float], ...] = ()
    top_fifth_share: float | None = None
    abc: tuple[Group, ...] = ()
    clv_total: float = 0.0
    clv_mean: float | None = None
    clv_median: float | None = None
    clv_bins: tuple[Bin, ...] = ()
    lifespan_years: float | None = None
    lifespan_source: str | None = None
    retention: float | None = None
    margin: float | None = None
    profit_known: int = 0
    profit_unknown: int = 0
    profit: float = 0.0
    profit_revenue: float = 0.0
    losing: int = 0
    lost_money: float = 0.0


@dataclass(frozen=True)
class Cohort:
    """Customers who first bought in one month, and how many of them bought again 1, 2, … months later.

    The list ends with the last month the records cover; `partial` says that this one is not over yet.
    """

    first: dt.date
    customers: int
    returned: tuple[int, ...]
    partial: bool


@dataclass(frozen=True)
class MoneyFlow:
    """From everything sold to what the scores count; gross − matched = net; net − unattributed = scored.

    What was taken back but not netted: `nameless`, entries that name neither customer nor order, and `unmatched`,
    entries of which no purchase is in the records. returned = matched + nameless + unmatched.
    """

    gross: float = 0.0
    returned: float = 0.0
    matched: float = 0.0
    nameless: float = 0.0
    unmatched: float = 0.0
    net: float = 0.0
    unattributed: float = 0.0
    scored: float = 0.0


@dataclass(frozen=True)
class Import:
    """One import with its quality report, where it has one."""

    batch: Batch
    report: QualityReport | None


@dataclass(frozen=True)
class ReportFigures:
    """Everything a report says, before it is put into words."""

    run: Run
    headline: Headline = field(default_factory=Headline)
    first_order: dt.date | None = None
    currency: str | None = None
    months: tuple[Month, ...] = ()
    tiers: tuple[Group, ...] = ()
    advice: RfmAdvice | None = None
    models: tuple[Advice, ...] = ()
    grades: tuple[Group, ...] = ()
    grid: tuple[Group, ...] = ()
    stages: tuple[Group, ...] = ()
    moves: Moves | None = None
    value: Value = field(default_factory=Value)
    best: tuple[Row, ...] = ()
    leaving: tuple[Row, ...] = ()
    leaving_customers: int = 0
    leaving_money: float = 0.0
    companies: Mapping[str, str] = field(default_factory=dict)
    cohorts: tuple[Cohort, ...] = ()
    flow: MoneyFlow = field(default_factory=MoneyFlow)
    imports: tuple[Import, ...] = ()

    @property
    def window_days(self) -> int:
        return int(self.run.settings.get("window_days", 365))
