"""From the orders of a run: months, cohorts, and the way from everything sold to what the scores count."""

from __future__ import annotations

import calendar
import datetime as dt
from collections import defaultdict
from functools import reduce
from typing import Any

from zhike.facts.orders import order_entries, refunds_by_order, sales_and_refunds, taken_back
from zhike.lake.facts_view import Facts
from zhike.pipeline import order_tables, purchases
from zhike.report.figures import Cohort, MoneyFlow, Month

SHOWN_MONTHS = 24
SHOWN_COHORTS = 12
# Records that begin on one of these days of a month are taken to cover the month: shops close on holidays.
FIRST_DAYS = 3


class Sales:
    """The purchases a run read, netted once for all questions asked of them."""

    def __init__(self, facts: Facts, as_of: dt.date) -> None:
        lake = facts.lake
        self._facts, self._lake, self._as_of = facts, lake, as_of
        self._net = purchases(facts)
        known = self._net.filter(self._net.customer_id.notnull() & self._net.ordered_at.notnull())
        # Months as whole numbers: engines disagree on whether a truncated date is a date.
        month = known.ordered_at.year().cast("int64") * 12 + known.ordered_at.month() - 1
        months = known.group_by("customer_id", month=month).aggregate(orders=known.count(), revenue=known.amount.sum())
        months = lake.materialised(months, "report_customer_months")
        firsts = months.group_by("customer_id").aggregate(began=months.month.min())
        self._months = months.join(firsts, "customer_id")
        self.first_order = self._day(known.ordered_at.min())

    def currency(self) -> str | None:
        """The one currency of all orders; None when none or several are named."""
        orders = self._facts.table("orders")
        named = orders.filter(orders.currency.notnull()).select("currency").distinct().limit(2)
        rows = self._rows(named)
        return str(rows[0]["currency"]) if len(rows) == 1 else None

    def months(self) -> tuple[Month, ...]:
        """The last `SHOWN_MONTHS` calendar months up to the day of the run, months without a sale included."""
        if self.first_order is None:
            return ()
        t = self._months
        found = t.group_by("month").aggregate(
            active=t.count(), new=t.count(where=t.month == t.began), orders=t.orders.sum(), revenue=t.revenue.sum()
        )
        by_month = {row["month"]: row for row in self._rows(found)}
        end = month_number(self._as_of)
        begin = max(month_number(self.first_order), end + 1 - SHOWN_MONTHS)
        months = []
        for number in range(begin, end + 1):
            row = by_month.get(number, {"active": 0, "new": 0, "orders": 0, "revenue": 0.0})
            first, complete = first_day(number), self._is_complete(first_day(number))
            months.append(Month(first, row["revenue"], row["orders"], row["active"], row["new"], complete))
        return tuple(months)

    def cohorts(self) -> tuple[Cohort, ...]:
        """The customers of each of the last `SHOWN_COHORTS` months of first purchase, and who of them came back."""
        if self.first_order is None:
            return ()
        t, end = self._months, month_number(self._as_of)
        t = t.filter(t.began >= end - SHOWN_COHORTS)
        counts: dict[int, dict[int, int]] = defaultdict(dict)
        for row in self._rows(t.group_by("began", "month").aggregate(customers=t.count())):
            counts[row["began"]][row["month"] - row["began"]] = row["customers"]
        partial = not self._is_complete(first_day(end))
        return tuple(
            Cohort(
                first_day(began),
                counts[began][0],
                tuple(counts[began].get(i + 1, 0) for i in range(end - began)),
                partial,
            )
            for began in sorted(counts)
        )

    def flow(self) -> MoneyFlow:
        """Gross sales, what was taken back, what is left, and how much of it belongs to a known customer."""
        entries = order_entries(**order_tables(self._facts), as_of=self._as_of)
        sales, refunds = sales_and_refunds(self._lake.cut(entries, "report_entries"))
        refunds = self._lake.cut(refunds, "report_refunds", few=True)
        placed, free = refunds_by_order(sales, refunds)
        back = taken_back(sales, placed)
        known = self._net.customer_id.notnull() & self._net.ordered_at.notnull()
        net = self._net
        found = self._sums(
            sales.aggregate(gross=sales.gross.sum()),
            back.aggregate(known=back.back.sum()),
            # Taken back without saying from whom or of which order: nothing can be netted with it.
            free.aggregate(free=free.amount.sum(), nameless=free.amount.sum(where=free.customer_id.isnull())),
            net.aggregate(net=net.amount.sum(), scored=net.amount.sum(where=known)),
        )
        gross, left, nameless, scored = (found[name] for name in ("gross", "net", "nameless", "scored"))
        returned = found["known"] + found["free"]
        matched = gross - left
        return MoneyFlow(
            gross=gross,
            returned=returned,
            matched=matched,
            nameless=nameless,
            unmatched=max(0.0, returned - matched - nameless),
            net=left,
            unattributed=left - scored,
            scored=scored,
        )

    def _sums(self, *rows: Any) -> dict[str, float]:
        """Tables of one row each, asked for at once: they share most of what they read."""
        together = reduce(lambda one, other: one.cross_join(other), rows)
        return {name: float(value or 0.0) for name, value in self._rows(together)[0].items()}

    def _is_complete(self, first: dt.date) -> bool:
        last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        begun = self.first_order is not None and self.first_order <= first.replace(day=FIRST_DAYS)
        return begun and last <= self._as_of

    def _rows(self, table: Any) -> list[dict[str, Any]]:
        return list(self._lake.engine.to_pyarrow(table).to_pylist())

    def _day(self, moment: Any) -> dt.date | None:
        found = self._lake.engine.to_pyarrow(moment).as_py()
        return None if found is None else found.date()


def month_number(day: dt.date) -> int:
    """Months since the year 0, so that months can be counted with.

    >>> month_number(dt.date(2012, 1, 1)) - month_number(dt.date(2011, 12, 9))
    1
    """
    return day.year * 12 + day.month - 1


def first_day(number: int) -> dt.date:
    """The first day of a `month_number`.

    >>> first_day(month_number(dt.date(2011, 12, 9)))
    datetime.date(2011, 12, 1)
    """
    return dt.date(number // 12, number % 12 + 1, 1)
