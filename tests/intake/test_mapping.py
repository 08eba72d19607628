"""Their columns → ours, on real files and on names made to mislead."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.intake.conftest import Load
from zhike import schema
from zhike.errors import MappingError
from zhike.intake.mapping import Mapping, propose
from zhike.intake.raw import RawColumn
from zhike.intake.synonyms import EVERYWHERE, TABLES
from zhike.intake.vocabulary import MARKS, names_of


def mapped(load: Load, con: duckdb.DuckDBPyConnection, path: Path, **options: object) -> Mapping:
    table, _ = load(path)
    rows = con.sql(f"SELECT * FROM {table.relation} LIMIT 1000").to_arrow_table()
    sample = {name: rows.column(name).to_pylist() for name in rows.column_names}
    return propose(table.columns, sample, **options)  # type: ignore[arg-type]


REAL = [
    ("online_retail/online_retail.parquet", "order_lines", {
        "order_id": "InvoiceNo", "customer_id": "CustomerID", "ordered_at": "InvoiceDate", "product_id": "StockCode",
        "product_name": "Description", "quantity": "Quantity", "unit_price": "UnitPrice", "country": "Country"}),
    ("tmall/tmall_order_report.csv", "orders", {
        "order_id": "订单编号", "ordered_at": "订单创建时间", "amount": "买家实际支付金额", "listed_amount": "总金额",
        "refunded": "退款金额", "paid_at": "订单付款时间", "region": "收货地址"}),
    ("goods_gbk/GoodsOrder.csv", "order_lines", {"order_id": "id", "product_name": "Goods"}),
    ("bank_marketing/bank-additional.zip", "customers", {
        "age": "age", "occupation": "job", "marital_status": "marital", "education": "education"}),
    ("bank_churn/Churn_Modelling.csv", "customers", {
        "customer_id": "CustomerId", "name": "Surname", "country": "Geography", "gender": "Gender", "age": "Age",
        "income": "EstimatedSalary"}),
    ("telco_churn/Telco-Customer-Churn.csv", "customers", {"customer_id": "customerID", "gender": "gender"}),
    ("cell2cell/Cell2Cell.csv", "customers", {"phone": "phonenumber", "region": "state"}),
    ("marketing_campaign/marketing_campaign.csv", "customers", {
        "customer_id": "ID", "birth_year": "Year_Birth", "education": "Education", "marital_status": "Marital_Status",
        "income": "Income", "joined_at": "Dt_Customer"}),
    ("completejourney/transactions_sample.parquet", "order_lines", {
        "customer_id": "household_id", "order_id": "basket_id", "ordered_at": "transaction_timestamp",
        "product_id": "product_id", "quantity": "quantity", "amount": "sales_value", "discount": "retail_disc",
        "store": "store_id"}),
    ("completejourney/demographics.parquet", "customers", {
        "customer_id": "household_id", "marital_status": "marital_status"}),
    ("completejourney/coupon_redemptions.parquet", "touches", {
        "customer_id": "household_id", "touched_at": "redemption_date", "campaign": "campaign_id",
        "offer": "coupon_upc"}),
    ("reviews_zh/waimai_10k.csv", "feedback", {"positive": "label", "text": "review"}),
    ("reviews_en/amazon_alexa.tsv", "feedback", {
        "csat": "rating", "given_at": "date", "product": "variation", "text": "verified_reviews",
        "positive": "feedback"}),
    ("support_tickets/customer_support_tickets.csv", "tickets", {
        "ticket_id": "Ticket_ID", "opened_at": "Created_Date", "kind": "Ticket_Type", "priority": "Priority",
        "status": "Status", "channel": "Channel", "product": "Product", "category": "Category",
        "agent": "Assigned_Agent", "first_response_hours": "First_Response_Time_Hours",
        "resolution_hours": "Resolution_Time_Hours", "csat": "CSAT_Score"}),
    ("dedupe/dataset1.csv", "customers", {
        "customer_id": "rec_id", "name": "given_name", "birth_date": "date_of_birth", "region": "state",
        "city": "suburb", "address": "address_1", "postcode": "postcode"}),
    ("dedupe/fake_1000.csv", "customers", {
        "customer_id": "unique_id", "name": "first_name", "birth_date": "dob", "city": "city", "email": "email"}),
]  # fmt: skip


@pytest.mark.parametrize(("file", "table", "columns"), REAL, ids=[case[0] for case in REAL])
def test_real_files(
    load: Load, con: duckdb.DuckDBPyConnection, test_data: Path, file: str, table: str, columns: dict[str, str]
) -> None:
    found = mapped(load, con, test_data / file)
    assert (found.table, found.columns) == (table, columns)
    assert set(found.unmapped).isdisjoint(found.columns.values())


@pytest.mark.parametrize(
    "file",
    [
        "sales_opportunities/sales_pipeline.csv", "sales_opportunities/products.csv", "goods_gbk/GoodsTypes.csv",
        "completejourney/products.parquet", "completejourney/campaigns.parquet", "dedupe/fake_1000_labels.csv",
        "cdnow/lifetimes_cdnow_customers_summary.csv", "phone_numbers/libphonenumber_examples_9.0.43.csv",
    ],
)  # fmt: skip
def test_files_that_are_no_table_of_ours(
    load: Load, con: duckdb.DuckDBPyConnection, test_data: Path, file: str
) -> None:
    with pytest.raises(MappingError, match="do not show which table it is"):
        mapped(load, con, test_data / file)


def test_a_file_without_header_is_mapped_by_hand(load: Load, con: duckdb.DuckDBPyConnection, test_data: Path) -> None:
    corrections = {
        "customer_id": "Column 1", "ordered_at": "Column 3", "quantity": "column_4", "amount": "Column 5",
        "order_id": "Column 2",
    }  # fmt: skip
    path = test_data / "cdnow" / "CDNOW_sample.txt"
    found = mapped(load, con, path, table="order_lines", corrections=corrections)
    assert found.columns["quantity"] == "Column 4"
    assert found.unmapped == ()


def columns(*names: str) -> list[RawColumn]:
    return [RawColumn(name) for name in names]


def test_values_speak_against_a_name() -> None:
    theirs = columns("order_id", "date", "amount", "email", "age")
    sample = {"date": ["5", "17", "3"], "amount": ["x", "y", "z"], "order_id": ["1", "2", "3"]}
    with pytest.raises(MappingError, match="amount has the name of amount, but holds values such as “x”"):
        propose(theirs, sample, table="orders")
    with pytest.raises(MappingError, match="lacks: ordered_at, amount"):
        propose(columns("order_id", "date", "email"), sample, table="orders")


def test_names_that_only_sound_alike_stay_unmapped() -> None:
    theirs = columns("customer_id", "gender", "Recency", "MntWines", "duration", "accountlength", "age_group_code")
    found = propose(theirs, {"gender": ["f", "m"]})
    assert found.columns == {"customer_id": "customer_id", "gender": "gender"}


def test_misspelt_and_owned_names() -> None:
    sample = {"customer_email": ["a@b.cd"], "Custmer ID": ["1"], "Maritl Status": ["single"], "Gender": ["f"]}
    found = propose(columns(*sample), sample)
    assert found.columns == {
        "customer_id": "Custmer ID", "email": "customer_email", "gender": "Gender", "marital_status": "Maritl Status",
    }  # fmt: skip
    assert found.confidence["email"] < 1


def test_a_guess_serves_a_column_that_must_be_there() -> None:
    found = propose(columns("订单号", "下单时间", "总金额"), {"总金额": ["5"], "下单时间": ["2020-01-01"]})
    assert found.columns == {"order_id": "订单号", "ordered_at": "下单时间", "amount": "总金额"}


def test_corrections_win() -> None:
    theirs = columns("order_id", "order_date", "amount", "paid")
    sample = {"order_date": ["2020-01-01"], "amount": ["1"], "paid": ["2"]}
    found = propose(theirs, sample, table="orders", corrections={"amount": "PAID", "listed_amount": "-"})
    assert found.columns["amount"] == "paid"
    assert (found.confidence["amount"], found.unmapped) == (1.0, ("amount",))


@pytest.mark.parametrize(
    ("corrections", "says"),
    [
        ({"amount": "nothing"}, "has no column nothing"),
        ({"sum": "amount"}, "no column sum in Zhike"),
        ({"ordered_at": "-"}, "lacks: ordered_at"),
    ],
)
def test_corrections_that_cannot_be(corrections: dict[str, str], says: str) -> None:
    theirs = columns("order_id", "order_date", "amount")
    sample = {"order_date": ["2020-01-01"], "amount": ["1"]}
    with pytest.raises(MappingError, match=says):
        propose(theirs, sample, table="orders", corrections=corrections)


@pytest.mark.parametrize("table", [None, "orders"])
@pytest.mark.parametrize(
    ("corrections", "says"),
    [
        ({"orderid": "a"}, "no column orderid in Zhike. Did you mean order_id?"),
        ({"amount": "Totl"}, "no column Totl. Did you mean Total?"),
        ({"amount": "xyz"}, "no column xyz. Its columns are: a, Total."),
    ],
)
def test_what_a_person_mistyped_comes_before_what_is_missing(
    corrections: dict[str, str], says: str, table: str | None
) -> None:
    with pytest.raises(MappingError) as raised:
        propose(columns("a", "Total"), {"Total": ["1"]}, table=table, corrections=corrections)
    assert says in str(raised.value)


def test_columns_of_two_tables_are_refused() -> None:
    with pytest.raises(MappingError, match="No table has all of these columns: amount, csat"):
        propose(columns("a", "b"), {}, corrections={"amount": "a", "csat": "b"})


def test_only_what_is_missing_is_said_to_be_missing() -> None:
    with pytest.raises(MappingError) as raised:
        propose(columns("order_no", "order_date", "x"), {"order_date": ["2020-01-01"], "order_no": ["1"]})
    assert "as orders it still lacks amount." in str(raised.value)
    with pytest.raises(MappingError, match="they are numbered: Column 1 \\(7\\), Column 2 \\(–\\)"):
        propose(columns("Column 1", "Column 2"), {"Column 1": [None, "7"]})


SALES = {"customer": ["a", "b"], "date": ["2020-01-01", "2020-01-02"]}


def test_sales_without_an_order_number() -> None:
    found = propose(columns("customer", "date", "dollars"), {**SALES, "dollars": ["1", "2"]})
    assert found.table == "order_lines"
    assert found.columns == {"customer_id": "customer", "ordered_at": "date", "amount": "dollars"}
    assert found.missing == ("order_id",)
    # What only an order has makes every row an order; and who says so is right.
    refunds = {**SALES, "order total": ["1", "2"], "refund": ["0", "1"]}
    assert propose(columns(*refunds), refunds).table == "orders"
    paid = {**SALES, "dollars": ["1"]}
    assert propose(columns(*paid), paid, table="orders").table == "orders"
    with pytest.raises(MappingError):
        propose(columns("date", "dollars"), {"date": ["2020-01-01"], "dollars": ["1"]})
    with pytest.raises(MappingError, match="lacks: order_id"):
        propose(columns("customer", "goods"), {}, table="order_lines")


@pytest.mark.parametrize(
    ("header", "table", "expected"),
    [
        ("CustomerID,InvoiceDate,StockCode,Quantity,UnitPrice", "order_lines",
         "customer_id,ordered_at,product_id,quantity,unit_price"),
        ("customer_id,date,product,quantity,price", "order_lines",
         "customer_id,ordered_at,product_name,quantity,unit_price"),
        ("会员编号,日期,商品名称,数量,单价", "order_lines", "customer_id,ordered_at,product_name,quantity,unit_price"),
        ("user_id,order_date,sku,qty,price", "order_lines", "customer_id,ordered_at,product_id,quantity,unit_price"),
        # People are no products.
        ("order_id,customer_id,customer_name,ordered_at,amount", "orders", "order_id,customer_id,,ordered_at,amount"),
        ("order_id,customer_id,name,ordered_at,amount", "orders", "order_id,customer_id,,ordered_at,amount"),
        ("order_id,name,email,ordered_at,amount", "orders", "order_id,,,ordered_at,amount"),
        ("订单号,客户姓名,手机号,下单时间,实付金额", "orders", "order_id,,,ordered_at,amount"),
        ("buyer_name,buyer_id,order_date,sku,qty,price", "order_lines",
         ",customer_id,ordered_at,product_id,quantity,unit_price"),
        # Products are.
        ("order_id,customer_id,sku,name,ordered_at,amount", "order_lines",
         "order_id,customer_id,product_id,product_name,ordered_at,amount"),
        ("order_id,name,ordered_at,amount", "order_lines", "order_id,product_name,ordered_at,amount"),
        # What belongs to the customer, or to the order, is found under their names too.
        ("customer_name,customer_email,user_phone,member_age", "customers", "name,email,phone,age"),
        ("order_no,order_date,order_status,order_discount,total", "orders",
         "order_id,ordered_at,status,discount,amount"),
        ("用户编号,用户评论,用户评分", "feedback", "customer_id,text,csat"),
        # An agent is one of ours; the user agent is the customer's browser.
        ("ticket_id,opened_at,user_agent,ticket_type", "tickets", "ticket_id,opened_at,,kind"),
    ],
)  # fmt: skip
def test_whose_column_it_is(header: str, table: str, expected: str) -> None:
    theirs, ours = header.split(","), expected.split(",")
    day, number, word = ["2020-01-01", "2020-01-02", "2020-01-02"], ["6", "8", "8"], ["Ann", "Bob", "Bob"]
    kinds = {"timestamp": day, "number": number, "integer": number}
    values = {
        name: kinds.get(schema.contract(table)[name_of_ours].kind, word) if name_of_ours else word
        for name, name_of_ours in zip(theirs, ours, strict=True)
    }
    values |= {name: ["a@b.cd"] * 3 for name in theirs if "email" in name}
    values |= {name: ["139 1234 5678"] * 3 for name in theirs if "phone" in name or name == "手机号"}
    found = propose(columns(*theirs), values)
    assert found.table == table
    assert found.columns == {name: their for name, their in zip(ours, theirs, strict=True) if name}


@pytest.mark.parametrize("table", schema.CONTRACTS)
def test_a_file_with_our_own_names_is_our_table(table: str) -> None:
    names = schema.contract(table).names
    found = propose(columns(*names), {}, table=table)
    assert found.columns == {name: name for name in names}


def test_the_vocabulary_names_only_columns_there_are() -> None:
    known = {name for table in schema.CONTRACTS.values() for name in table.names}
    assert set(EVERYWHERE) <= known
    for table, entries in TABLES.items():
        assert set(entries) <= set(schema.contract(table).names)
        assert set(MARKS[table]) <= set(schema.contract(table).names)
    for table in schema.CONTRACTS.values():
        sure = [name for column in table for name, how in names_of(table.name, column.name).items() if how == 1]
        assert len(sure) == len(set(sure)), {name for name in sure if sure.count(name) > 1}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("table", schema.CONTRACTS)
def test_our_own_labels_are_sure_names_of_their_columns(table: str, language: str) -> None:
    contract = schema.contract(table)
    headers = [column.label(language) for column in contract]
    found = propose([RawColumn(header) for header in headers], {}, table=table)
    assert found.columns == {column.name: column.label(language) for column in contract}
    assert set(found.confidence.values()) == {1.0}
