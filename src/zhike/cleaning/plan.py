"""What one cleaning works on: the file, its mapping, the contract, and the day it happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from zhike.intake.expressions import ColumnFormat
from zhike.intake.mapping import Mapping
from zhike.intake.raw import RawTable
from zhike.schema import Column, Contract
from zhike.sql import quoted

OLDEST_YEAR = 1900  # no business event before it is real; exports write 1899-12-30, 1753 or 0001 for "none"
LONGEST_LIFE = 120  # years
# No company's figure is larger, in any currency; with it sums over billions of rows stay exact enough and finite.
LARGEST_NUMBER = 1e15
# The column that makes a row of its table itself, and what Zhike may make it from when the file has none.
MADE_IDS = {
    "order_lines": "line_no",
    "interactions": "interaction_id",
    "touches": "touch_id",
    "feedback": "feedback_id",
}
ORDER_TABLES = ("orders", "order_lines")


@dataclass(frozen=True)
class Plan:
    """Everything the SQL of one cleaning is built from. Contains no rows."""

    raw: RawTable
    mapping: Mapping
    contract: Contract
    formats: dict[str, ColumnFormat]
    today: date

    def has(self, *ours: str) -> bool:
        """Whether the file feeds all of these columns."""
        return all(name in self.mapping.columns for name in ours)

    def theirs(self, ours: str) -> str:
        """The file's own name of a column, for remarks; ours when the file has no such column."""
        return self.mapping.columns.get(ours, ours)

    @property
    def mapped(self) -> tuple[Column, ...]:
        """The contract columns that the file feeds, in the contract's order."""
        return tuple(column for column in self.contract if column.name in self.mapping.columns)

    @property
    def made_id(self) -> str | None:
        """The key column Zhike numbers itself where the file leaves it out (see `made_keys.py`)."""
        if self.contract.name == "orders":
            return "order_id" if self.makes_orders else None
        return MADE_IDS.get(self.contract.name)

    @property
    def makes_orders(self) -> bool:
        """Whether these are sales without an order number."""
        return self.is_orders and not self.has("order_id")

    @property
    def is_orders(self) -> bool:
        return self.contract.name in ORDER_TABLES

    @property
    def latest(self) -> date:
        """The first day that cannot be: after tomorrow, because time zones reach a day ahead."""
        return self.today + timedelta(days=2)

    @property
    def oldest_birth(self) -> int:
        return self.today.year - LONGEST_LIFE


def parsed_name(ours: str) -> str:
    """The value as read, before it is checked, in the layers between raw and staged."""
    return quoted(f"_read_{ours}")


def raw_name(ours: str) -> str:
    """The value as the file writes it, for remarks."""
    return quoted(f"_raw_{ours}")
