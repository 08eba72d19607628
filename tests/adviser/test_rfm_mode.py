"""Which RFM mode is advised: on data made for each case, and on real ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import ibis
import pytest

from zhike.adviser import RfmAdvice, recommend_rfm
from zhike.errors import InputError
from zhike.facts.purchases import purchase_summary
from zhike.rfm import RfmSettings, score_rfm
from zhike.settings import Settings

if TYPE_CHECKING:
    from tests.engines.engine import Engine

pytest_plugins = ("tests.engines.engine",)  # the fixture `engine`


def customers(*, n: int = 60, giants: int = 0, frequency: Any = None, recency: Any = None) -> list[dict[str, Any]]:
    """`n` customers spread evenly from 1 to 10 purchases, and some giants."""
    rows = [
        {
            "customer_id": f"c{i:03d}",
            "recency_days": recency if recency is not None else i * 7 % 60,
            "frequency": frequency if frequency is not None else 1 + i % 10,
            "monetary": 10.0 * (frequency if frequency is not None else 1 + i % 10),
        }
        for i in range(n)
    ]
    for row in rows[:giants]:
        row |= {"frequency": 1000, "monetary": 90_000.0}
    return rows


def test_min_max_is_kept_where_it_tells_customers_apart(engine: Engine) -> None:
    advice = recommend_rfm(engine.table(customers()))
    assert (advice.mode, advice.changes, advice.case) == ("minmax", False, "fits")
    assert advice.tiers_now == advice.tiers_then
    assert advice.reason("en").startswith("The present mode fits these data: of the 60 customers")


def test_giants_make_quantiles_better(engine: Engine) -> None:
    table = engine.table(customers(giants=1))
    advice = recommend_rfm(table)
    assert (advice.mode, advice.changes, advice.case) == ("quantile", True, "stretched")
    counted = score_rfm(table, advice.settings).value_tier.value_counts(name="customers")
    tiers = {row["value_tier"]: row["customers"] for row in engine.rows(counted)}
    assert advice.tiers_then == tiers
    assert sum(advice.tiers_now.values()) == sum(tiers.values()) == 60
    assert max(advice.tiers_now.values()) == 59
    assert "尺度" in advice.reason("zh")


def test_weights_and_thresholds_of_the_company_are_kept() -> None:
    mine = RfmSettings(weights=(0.2, 0.2, 0.6), thresholds=(0.9, 0.6, 0.2))
    advice = recommend_rfm(ibis.memtable(customers(giants=1)), mine)
    assert advice.settings == RfmSettings((0.2, 0.2, 0.6), (0.9, 0.6, 0.2), "quantile")
    # What a product offers at the first refresh is a value of the settings.
    offered = Settings().with_changes({"rfm": {"mode": advice.mode}})
    assert offered.rfm.mode == "quantile"


def test_cut_points_that_tell_nobody_apart_are_not_blamed_on_giants() -> None:
    cuts = {"r": (1000,), "f": (1,), "m": (1,)}
    advice = recommend_rfm(ibis.memtable(customers(giants=1)), RfmSettings(mode="fixed", cuts=cuts))
    assert (advice.case, advice.mode, advice.settings.cuts) == ("uneven", "quantile", None)
    assert "now 100 % of the 60 customers" in advice.reason("en")


@pytest.mark.parametrize(
    ("rows", "case", "says"),
    [
        (customers(frequency=0, recency=400), "nobody", "Nobody bought in the window"),
        ([], "nobody", "Nobody bought in the window"),
        (customers(n=19, giants=1), "few", "in the window (19)"),
        (customers(frequency=2, recency=5), "alike", "so alike"),
    ],
)
def test_nothing_is_changed_without_a_reason(rows: list[dict[str, Any]], case: str, says: str) -> None:
    schema = {"customer_id": "string", "recency_days": "int64", "frequency": "int64", "monetary": "float64"}
    now = RfmSettings(thresholds=(0.7, 0.4))
    advice = recommend_rfm(ibis.memtable(rows, schema=schema), now)
    assert (advice.case, advice.settings, advice.changes) == (case, now, False)
    assert says in advice.reason("en")


def test_quantiles_are_not_advised_against_themselves() -> None:
    advice = recommend_rfm(ibis.memtable(customers(giants=1)), RfmSettings(mode="quantile"))
    assert (advice.case, advice.mode) == ("fits", "quantile")


def test_a_summary_without_what_rfm_needs() -> None:
    with pytest.raises(InputError, match="monetary"):
        recommend_rfm(ibis.memtable([{"customer_id": 1, "recency_days": 1, "frequency": 1}]))


def advice_on(orders: Any, as_of: str) -> RfmAdvice:
    return recommend_rfm(ibis.memtable(purchase_summary(orders, as_of=as_of).to_pyarrow()))


def test_online_retail(online_retail: Path) -> None:
    """Clean lines, as in the golden test: one customer of 4,338 is high value by min-max, 908 are by quantile."""
    lines = (
        duckdb.connect()
        .sql(
            f"""SELECT CAST(CustomerID AS VARCHAR) AS customer_id, CAST(InvoiceNo AS VARCHAR) AS order_id,
        min(InvoiceDate) AS ordered_at, sum(Quantity * UnitPrice) AS amount FROM '{online_retail}'
        WHERE CustomerID IS NOT NULL AND NOT starts_with(CAST(InvoiceNo AS VARCHAR), 'C')
        AND Quantity > 0 AND UnitPrice > 0 GROUP BY ALL"""
        )
        .to_arrow_table()
    )
    advice = advice_on(lines, "2011-12-09")
    assert (advice.mode, advice.case, advice.bought) == ("quantile", "stretched", 4264)
    assert advice.tiers_now == {"high": 1, "potential": 8, "at_risk": 4329}
    assert advice.tiers_then == {"high": 908, "potential": 1003, "at_risk": 2427}
    assert advice.reason("en") == (
        "Quantile scores fit these data better: the largest customer spent 139 times the mean and stretches the scale, "
        "so that 99.8 % of the 4,264 customers who bought in the window fall into one tier; by quantile the fullest "
        "tier holds 55 %."
    )


def test_cdnow(test_data: Path) -> None:
    """Two thirds did not buy in the last year and are at risk in every mode; it is the others the mode must part."""
    orders = (
        duckdb.connect()
        .sql(
            f"""SELECT p[1] AS customer_id, p[1] || p[3] AS order_id, strptime(p[3], '%Y%m%d') AS ordered_at,
        sum(CAST(p[5] AS DOUBLE)) AS amount
        FROM (SELECT regexp_split_to_array(trim(line), ' +') AS p
              FROM read_csv('{test_data}/cdnow/CDNOW_sample.txt', columns = {{'line': 'VARCHAR'}}, delim = '|'))
        GROUP BY ALL"""
        )
        .to_arrow_table()
    )
    advice = advice_on(orders, "1998-06-30")
    assert (advice.mode, advice.case, advice.bought) == ("quantile", "stretched", 812)
    assert advice.tiers_now == {"high": 4, "potential": 31, "at_risk": 2314}
    assert advice.tiers_then == {"high": 608, "potential": 204, "at_risk": 1537}
    year = advice_on(orders, "1997-12-31")
    assert (year.mode, year.bought, year.tiers_now) == ("quantile", 2349, {"potential": 11, "at_risk": 2338})
