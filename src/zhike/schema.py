"""The contracts: which tables Zhike knows, their columns, types, units, keys, and what is optional.

One place. Intake maps a company's columns onto these, cleaning casts to these types, the lake stores them, the
models read them, and `docs/contracts.md` is written from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from zhike.errors import SettingsError

Kind = Literal["id", "text", "number", "integer", "date", "timestamp", "boolean"]
# What a row without a value means: "must" rejects the row; "wanted" keeps and flags it (the models that need the
# column leave the row out); "may" is silent.
Need = Literal["must", "wanted", "may"]

SQL_TYPES: dict[Kind, str] = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "number": "DOUBLE",
    "integer": "BIGINT",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
}
IBIS_TYPES: dict[Kind, str] = {
    "id": "string",
    "text": "string",
    "number": "float64",
    "integer": "int64",
    "date": "date",
    "timestamp": "timestamp",
    "boolean": "boolean",
}


@dataclass(frozen=True)
class Column:
    """One column of a contract.

    `lowest` and `highest` bound what a value can sensibly be; outside, the row is kept and flagged. `unit` is for
    people ("currency", "days", "years"). `personal` is data that roles may see only masked.
    """

    name: str
    kind: Kind
    en: str
    zh: str
    need: Need = "may"
    unit: str = ""
    lowest: float | None = None
    highest: float | None = None
    personal: bool = False

    def label(self, language: str) -> str:
        return self.zh if language == "zh" else self.en

    @property
    def sql_type(self) -> str:
        return SQL_TYPES[self.kind]


@dataclass(frozen=True)
class Contract:
    """One table: its columns, the key that makes a row the same row, and the column that dates it."""

    name: str
    en: str
    zh: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    time: str | None = None
    # At least one of these columns must be mapped for the file to make sense as this table.
    one_of: tuple[str, ...] = ()
    # "must" columns that a file may lack as a whole, because Zhike can make them (`cleaning/made_keys.py`). Where the
    # file has the column, a row without a value is rejected all the same.
    makeable: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return any(column.name == name for column in self.columns)

    def label(self, language: str) -> str:
        return self.zh if language == "zh" else self.en

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def needing(self, need: Need) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.need == need)


# Ids that belong to the source they came from: two shops may both have an order 1001.
SOURCE_IDS = (
    "customer_id",
    "order_id",
    "refund_of",
    "interaction_id",
    "ticket_id",
    "feedback_id",
    "touch_id",
)

# Columns the file had and the contract does not, kept as one JSON object so that nothing is lost.
ATTRIBUTES = "attributes"

CUSTOMERS = Contract(
    name="customers",
    en="Customers",
    zh="客户",
    key=("customer_id",),
    time="joined_at",
    columns=(
        Column("customer_id", "id", "Customer ID", "客户编号", need="wanted"),
        Column("name", "text", "Name", "姓名", personal=True),
        Column("company", "text", "Company", "公司"),
        Column("email", "text", "E-mail", "邮箱", personal=True),
        Column("phone", "text", "Phone", "电话", personal=True),
        Column("gender", "text", "Gender", "性别", personal=True),
        Column("birth_date", "date", "Date of birth", "出生日期", personal=True),
        Column("birth_year", "integer", "Year of birth", "出生年份", unit="years", personal=True),
        Column("age", "integer", "Age", "年龄", unit="years", lowest=0, highest=120, personal=True),
        Column("country", "text", "Country", "国家"),
        Column("region", "text", "Region", "省份"),
        Column("city", "text", "City", "城市"),
        Column("address", "text", "Address", "地址", personal=True),
        Column("postcode", "text", "Postcode", "邮编"),
        Column("language", "text", "Language", "语言"),
        Column("education", "text", "Education", "学历"),
        Column("occupation", "text", "Occupation", "职业"),
        Column("marital_status", "text", "Marital status", "婚姻状况"),
        Column("income", "number", "Income", "收入", unit="currency per year", lowest=0),
        Column("joined_at", "timestamp", "Customer since", "加入时间"),
        Column("channel", "text", "Channel", "渠道"),
        Column("tags", "text", "Tags", "标签"),
    ),
)

ORDERS = Contract(
    name="orders",
    en="Orders",
    zh="订单",
    key=("order_id",),
    time="ordered_at",
    makeable=("order_id",),
    columns=(
        Column("order_id", "id", "Order ID", "订单编号", need="must"),
        Column("customer_id", "id", "Customer ID", "客户编号", need="wanted"),
        Column("ordered_at", "timestamp", "Ordered at", "下单时间", need="must"),
        Column("amount", "number", "Amount paid", "实付金额", need="must", unit="currency"),
        Column("listed_amount", "number", "Amount before discount", "总金额", unit="currency"),
        Column("refunded", "number", "Refunded", "退款金额", unit="currency", lowest=0),
        Column("refund_of", "id", "Refund of order", "原订单编号"),
        Column("discount", "number", "Discount", "优惠金额", unit="currency", lowest=0),
        Column("cost", "number", "Cost of goods", "成本", unit="currency", lowest=0),
        Column("shipping", "number", "Shipping", "运费", unit="currency"),
        Column("tax", "number", "Tax", "税额", unit="currency"),
        Column("currency", "text", "Currency", "币种"),
        Column("status", "text", "Status", "状态"),
        Column("paid_at", "timestamp", "Paid at", "付款时间"),
        Column("channel", "text", "Channel", "渠道"),
        Column("store", "text", "Store", "门店"),
        Column("country", "text", "Country", "国家"),
        Column("region", "text", "Region", "省份"),
        Column("city", "text", "City", "城市"),
    ),
)

ORDER_LINES = Contract(
    name="order_lines",
    en="Order lines",
    zh="订单明细",
    key=("order_id", "line_no"),
    time="ordered_at",
    makeable=("order_id",),
    one_of=("product_id", "product_name", "amount"),
    columns=(
        Column("order_id", "id", "Order ID", "订单编号", need="must"),
        # Without a line number of its own a line is the n-th of its product in its order.
        Column("line_no", "id", "Line number", "行号"),
        Column("customer_id", "id", "Customer ID", "客户编号", need="wanted"),
        Column("ordered_at", "timestamp", "Ordered at", "下单时间", need="wanted"),
        Column("product_id", "id", "Product ID", "商品编号"),
        Column("product_name", "text", "Product", "商品名称"),
        Column("category", "text", "Category", "类别"),
        Column("quantity", "number", "Quantity", "数量", unit="pieces"),
        Column("unit_price", "number", "Unit price", "单价", unit="currency"),
        Column("amount", "number", "Line amount", "行金额", need="wanted", unit="currency"),
        Column("discount", "number", "Discount", "优惠金额", unit="currency"),
        Column("cost", "number", "Cost of goods", "成本", unit="currency", lowest=0),
        Column("refund_of", "id", "Refund of order", "原订单编号"),
        Column("channel", "text", "Channel", "渠道"),
        Column("store", "text", "Store", "门店"),
        Column("country", "text", "Country", "国家"),
    ),
)

INTERACTIONS = Contract(
    name="interactions",
    en="Interactions",
    zh="互动",
    key=("interaction_id",),
    time="occurred_at",
    columns=(
        Column("interaction_id", "id", "Interaction ID", "互动编号"),
        Column("customer_id", "id", "Customer ID", "客户编号", need="must"),
        Column("occurred_at", "timestamp", "Occurred at", "发生时间", need="must"),
        Column("kind", "text", "Kind", "互动类型", need="wanted"),
        Column("channel", "text", "Channel", "渠道"),
        Column("subject", "text", "Subject", "对象"),
        Column("value", "number", "Value", "数值"),
        Column("session_id", "id", "Session", "会话编号"),
    ),
)

TICKETS = Contract(
    name="tickets",
    en="Tickets",
    zh="工单",
    key=("ticket_id",),
    time="opened_at",
    columns=(
        Column("ticket_id", "id", "Ticket ID", "工单编号", need="must"),
        Column("customer_id", "id", "Customer ID", "客户编号", need="wanted"),
        Column("opened_at", "timestamp", "Opened at", "创建时间", need="must"),
        Column("closed_at", "timestamp", "Closed at", "关闭时间"),
        Column("kind", "text", "Kind", "工单类型"),
        Column("priority", "text", "Priority", "优先级"),
        Column("status", "text", "Status", "状态"),
        Column("channel", "text", "Channel", "渠道"),
        Column("category", "text", "Category", "类别"),
        Column("product", "text", "Product", "商品"),
        Column("agent", "text", "Agent", "客服"),
        Column("subject", "text", "Subject", "主题"),
        Column("first_response_hours", "number", "First response", "首次响应时长", unit="hours", lowest=0),
        Column("resolution_hours", "number", "Resolution time", "解决时长", unit="hours", lowest=0),
        Column("csat", "number", "CSAT", "满意度评分", unit="1–5", lowest=1, highest=5),
        Column("cost", "number", "Cost to serve", "服务成本", unit="currency", lowest=0),
    ),
)

FEEDBACK = Contract(
    name="feedback",
    en="Feedback",
    zh="反馈",
    key=("feedback_id",),
    time="given_at",
    one_of=("nps", "csat", "text", "positive"),
    columns=(
        Column("feedback_id", "id", "Feedback ID", "反馈编号"),
        Column("customer_id", "id", "Customer ID", "客户编号", need="wanted"),
        Column("given_at", "timestamp", "Given at", "反馈时间", need="wanted"),
        Column("nps", "number", "Likelihood to recommend", "推荐意愿", unit="0–10", lowest=0, highest=10),
        Column("csat", "number", "Satisfaction", "满意度", unit="1–5", lowest=1, highest=5),
        Column("text", "text", "Text", "反馈内容"),
        Column("positive", "boolean", "Positive", "是否好评"),
        Column("topic", "text", "Topic", "主题"),
        Column("product", "text", "Product", "商品"),
        Column("channel", "text", "Channel", "渠道"),
    ),
)

TOUCHES = Contract(
    name="touches",
    en="Campaign touches",
    zh="营销触达",
    key=("touch_id",),
    time="touched_at",
    columns=(
        Column("touch_id", "id", "Touch ID", "触达编号"),
        Column("customer_id", "id", "Customer ID", "客户编号", need="must"),
        Column("touched_at", "timestamp", "Touched at", "触达时间", need="must"),
        Column("campaign", "text", "Campaign", "营销活动", need="wanted"),
        Column("kind", "text", "Kind", "触达类型"),
        Column("channel", "text", "Channel", "渠道"),
        Column("offer", "text", "Offer", "优惠"),
        Column("cost", "number", "Cost", "成本", unit="currency", lowest=0),
        Column("hold_out", "boolean", "Hold-out", "对照组"),
    ),
)

CONTRACTS: dict[str, Contract] = {
    c.name: c for c in (CUSTOMERS, ORDERS, ORDER_LINES, INTERACTIONS, TICKETS, FEEDBACK, TOUCHES)
}


def contract(name: str) -> Contract:
    """The contract of that name.

    Raises:
        SettingsError: there is no such table; the message lists those there are.

    >>> contract("orders").key
    ('order_id',)
    """
    if name not in CONTRACTS:
        raise SettingsError(
            "There is no table called {name}.",
            fix="Use one of: {known}.",
            name=name,
            known=", ".join(CONTRACTS),
        )
    return CONTRACTS[name]
