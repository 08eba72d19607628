"""RFM against tables computed by hand, on every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from zhike.errors import InputError, SettingsError
from zhike.rfm import RfmSettings, explain_rfm, rfm, score_rfm

if TYPE_CHECKING:
    from tests.engines.engine import Engine

pytest_plugins = ("tests.engines.engine",)  # the fixture `engine`

# As of 2025-12-31 the window is 2025-01-01 … 2025-12-31.
#   a  10 days ago; 3 purchases; 500
#   b  100 days ago (8 in Sep + 31 + 30 + 31); 2 purchases; 200 + 50 − 50 refunded = 200. The refund is no purchase.
#   c  565 days ago (365 to 2025-06-14, 200 more); nothing in the window
#   d  40 days ago; 1 purchase; 500
ORDERS = [
    ("a", 1, "2025-12-21", 300.0),
    ("a", 2, "2025-06-01", 100.0),
    ("a", 3, "2025-03-01", 100.0),
    ("a", 4, "2026-01-01", 999.0),  # after the day: not known yet
    ("b", 5, "2025-09-22", 200.0),
    ("b", 6, "2025-02-01", 50.0),
    ("b", 7, "2025-10-01", -50.0),
    ("c", 8, "2024-06-14", 1000.0),
    ("d", 9, "2025-11-21", 500.0),
    ("e", 10, "2025-11-21", -5.0),  # only ever a refund: never purchased
    (None, 11, "2025-11-21", 5.0),  # nobody's
]


def orders_table(rows: list[tuple[Any, ...]] = ORDERS) -> pa.Table:
    ids, orders, days, amounts = zip(*rows, strict=True)
    at = pa.array(days).cast(pa.timestamp("us"))
    return pa.table({"customer_id": ids, "order_id": orders, "ordered_at": at, "amount": amounts})


def summary_rows(**columns: list[float]) -> list[dict[str, Any]]:
    names = {"r": "recency_days", "f": "frequency", "m": "monetary"}
    return [
        {"customer_id": f"c{i}"} | {names[x]: column[i] for x, column in columns.items()}
        for i in range(len(columns["r"]))
    ]


def test_minmax_by_hand(engine: Engine) -> None:
    rows = engine.by_customer(rfm(engine.table(orders_table()), as_of="2025-12-31"))
    assert sorted(rows) == ["a", "b", "c", "d"]
    raw = {k: (v["recency_days"], v["frequency"], v["monetary"]) for k, v in rows.items()}
    assert raw == {"a": (10, 3, 500.0), "b": (100, 2, 200.0), "c": (565, 0, 0.0), "d": (40, 1, 500.0)}
    # R' = (565 − R)/555, F' = F/3, M' = M/500
    assert rows["b"]["r"] == pytest.approx(465 / 555, abs=1e-12)
    assert rows["b"]["f"] == pytest.approx(2 / 3, abs=1e-12)
    assert rows["b"]["m"] == pytest.approx(0.4, abs=1e-12)
    # .3·R' + .4·F' + .3·M'
    assert rows["a"]["rfm_score"] == 1.0
    assert rows["b"]["rfm_score"] == pytest.approx(0.3 * 465 / 555 + 0.4 * 2 / 3 + 0.3 * 0.4, abs=1e-12)  # .638
    assert rows["c"]["rfm_score"] == 0.0
    assert rows["d"]["rfm_score"] == pytest.approx(0.3 * 525 / 555 + 0.4 / 3 + 0.3, abs=1e-12)  # .717
    assert {k: v["value_tier"] for k, v in rows.items()} == {
        "a": "high",
        "b": "potential",
        "c": "at_risk",
        "d": "potential",
    }
    # Means: r .696, f .5, m .6. So a is high on all, b on R F, c on none, d on R M.
    assert {k: v["grade"] for k, v in rows.items()} == {"a": "vip", "b": "regular", "c": "regular", "d": "regular"}
    assert {k: v["octant"] for k, v in rows.items()} == {
        "a": "important_value",
        "b": "general_value",
        "c": "general_win_back",
        "d": "important_develop",
    }
    # Third points of F 0 1 2 3: 1 and 2; of M 0 200 500 500: 200 and 500.
    assert {k: v["grid_cell"] for k, v in rows.items()} == {
        "a": "active-high-mid",
        "b": "silent-mid-low",
        "c": "lost-low-low",
        "d": "active-low-mid",
    }


def test_quantile_by_hand(engine: Engine) -> None:
    # Cut points at 20/40/60/80 % of five values: position .8, 1.6, 2.4, 3.2 between the sorted values.
    #   R 10 20 30 40 50 → 18 26 34 42; F 1 1 1 2 9 → 1 1 1.4 3.4; M 100 … 500 → 180 260 340 420
    table = engine.table(summary_rows(r=[10, 20, 30, 40, 50], f=[1, 1, 1, 2, 9], m=[100.0, 200.0, 300.0, 400.0, 500.0]))
    rows = engine.rows(score_rfm(table, RfmSettings(mode="quantile")), "customer_id")
    assert [row["r"] for row in rows] == [5, 4, 3, 2, 1]
    assert [row["f"] for row in rows] == [1, 1, 1, 4, 5]  # equal values share a score
    assert [row["m"] for row in rows] == [1, 2, 3, 4, 5]
    # Σ w·(s − 1)/4: c0 .3·1; c3 .3·¼ + .4·¾ + .3·¾ = .6; c4 .4 + .3
    scores = [row["rfm_score"] for row in rows]
    assert scores == pytest.approx([0.3, 0.3 * 0.75 + 0.3 * 0.25, 0.3, 0.6, 0.7], abs=1e-12)


def test_fixed_cuts_by_hand(engine: Engine) -> None:
    cuts = {"r": (30, 60, 90, 180), "f": (2, 3, 5, 10), "m": (100, 300, 1000, 3000)}
    table = engine.table(summary_rows(r=[30, 31, 181], f=[2, 10, 1], m=[99.99, 3000.0, 300.0]))
    rows = engine.rows(score_rfm(table, RfmSettings(mode="fixed", cuts=cuts)), "customer_id")
    # At most 30 days is 5, 31 is 4, over 180 is 1; at least 2 purchases is 2, 10 is 5; at least 300 is 3.
    assert [(row["r"], row["f"], row["m"]) for row in rows] == [(5, 2, 1), (4, 5, 5), (1, 1, 3)]
    # .3·1 + .4·¼ + 0; .3·¾ + .4 + .3; .3·½
    assert [row["rfm_score"] for row in rows] == pytest.approx([0.4, 0.925, 0.15], abs=1e-12)


def test_constant_columns_are_neutral_and_never_divide_by_zero(engine: Engine) -> None:
    same = engine.table(summary_rows(r=[7, 7, 7], f=[2, 2, 2], m=[10.0, 10.0, 10.0]))
    for row in engine.rows(score_rfm(same)):
        assert (row["r"], row["f"], row["m"], row["rfm_score"]) == (0.5, 0.5, 0.5, 0.5)
        assert (row["value_tier"], row["grade"], row["grid_cell"]) == ("potential", "vip", "active-mid-mid")


@pytest.mark.parametrize("mode", ["minmax", "quantile"])
def test_nobody_bought_in_the_window(engine: Engine, mode: Any) -> None:
    """Constant zeros are no neutral half: whoever left less long ago is not "potential", "new" or a VIP for it."""
    table = engine.table(summary_rows(r=[400, 500, 900], f=[0, 0, 0], m=[0.0, 0.0, 0.0]))
    rows = engine.rows(score_rfm(table, RfmSettings(mode=mode)), "customer_id")
    worst = 0.0 if mode == "minmax" else 1.0
    assert [(row["f"], row["m"]) for row in rows] == [(worst, worst)] * 3
    assert rows[0]["rfm_score"] == pytest.approx(0.3)  # R alone
    assert rows[0]["rfm_score"] > rows[1]["rfm_score"] > rows[2]["rfm_score"]
    assert {row["value_tier"] for row in rows} == {"at_risk"}
    assert {(row["grade"], row["octant"]) for row in rows} == {("regular", "general_win_back")}
    assert {row["grid_cell"] for row in rows} == {"lost-low-low"}


@pytest.mark.parametrize("mode", ["minmax", "quantile"])
def test_who_did_not_buy_in_the_window_is_not_new(mode: Any) -> None:
    """The mean of R is 525, so 400 days are "recent"; but a welcome mail after 400 days is not what they need."""
    import ibis

    table = ibis.memtable(summary_rows(r=[10, 400, 800, 890], f=[3, 0, 0, 0], m=[90.0, 0.0, 0.0, 0.0]))
    rows = score_rfm(table, RfmSettings(mode=mode)).order_by("customer_id").to_pyarrow().to_pylist()
    assert [row["grade"] for row in rows] == ["vip", "regular", "regular", "regular"]


@pytest.mark.parametrize("mode", ["minmax", "quantile"])
def test_one_customer(mode: Any) -> None:
    row = rfm(orders_table([("a", 1, "2025-12-21", 300.0)]), as_of="2025-12-31", mode=mode).to_pyarrow().to_pylist()
    assert len(row) == 1
    assert 0 <= row[0]["rfm_score"] <= 1


def test_no_customers() -> None:
    result = rfm(orders_table(), as_of="2020-01-01").to_pyarrow()
    assert result.num_rows == 0
    assert result.column_names[-1] == "grid_cell"


def test_a_score_on_the_threshold_belongs_to_the_higher_tier() -> None:
    # .1 + .2 is .30000000000000004 in floating point, and 1 − .9 is .09999999999999998: both must meet .3 and .1.
    # c1: R' 1, F' 0, M' 0 under weights .7 .2 .1 → .7; c2: R' 0, F' 1, M' 1 → .2 + .1 = .3.
    import ibis

    table = ibis.memtable(summary_rows(r=[0, 10, 10], f=[0, 1, 0], m=[0.0, 1.0, 0.0]))
    settings = RfmSettings(weights=(0.7, 0.2, 0.1), thresholds=(0.7, 0.3))
    rows = score_rfm(table, settings).order_by("customer_id").to_pyarrow().to_pylist()
    assert [(row["rfm_score"], row["value_tier"]) for row in rows] == [
        (0.7, "high"),
        (0.3, "potential"),
        (0.0, "at_risk"),
    ]


def test_three_thresholds_make_four_tiers() -> None:
    import ibis

    table = ibis.memtable(summary_rows(r=[0, 5, 6, 10], f=[1, 1, 1, 1], m=[1.0, 1.0, 1.0, 1.0]))
    rows = score_rfm(table, RfmSettings((1, 0, 0), (0.8, 0.5, 0.3))).order_by("customer_id").to_pyarrow().to_pylist()
    assert [row["value_tier"] for row in rows] == ["high", "potential", "general", "at_risk"]


def test_grades_and_octants_cover_all_eight_corners(engine: Engine) -> None:
    corners = [(r, f, m) for r in (0, 1) for f in (0, 1) for m in (0, 1)]
    table = engine.table(
        summary_rows(
            r=[100 - 90 * r for r, _, _ in corners],
            f=[1 + f for _, f, _ in corners],
            m=[10.0 + 90 * m for *_, m in corners],
        )
    )
    rows = engine.rows(score_rfm(table), "customer_id")
    assert {corner: (row["octant"], row["grade"]) for corner, row in zip(corners, rows, strict=True)} == {
        (1, 1, 1): ("important_value", "vip"),
        (1, 0, 1): ("important_develop", "regular"),
        (0, 1, 1): ("important_keep", "regular"),
        (0, 0, 1): ("important_win_back", "dormant"),
        (1, 1, 0): ("general_value", "regular"),
        (1, 0, 0): ("general_develop", "new"),
        (0, 1, 0): ("general_keep", "regular"),
        (0, 0, 0): ("general_win_back", "regular"),
    }


def test_activity_borders() -> None:
    import ibis

    table = ibis.memtable(summary_rows(r=[90, 91, 180, 181], f=[1] * 4, m=[1.0] * 4))
    rows = score_rfm(table).order_by("customer_id").to_pyarrow().to_pylist()
    assert [row["grid_cell"].split("-")[0] for row in rows] == ["active", "silent", "silent", "lost"]


def test_window_borders_are_days() -> None:
    orders = [("a", 1, "2025-01-01", 1.0), ("a", 2, "2024-12-31T23:59:59", 1.0), ("a", 3, "2025-12-31T23:59:59", 1.0)]
    (row,) = rfm(orders_table(orders), as_of="2025-12-31", window_days=365).to_pyarrow().to_pylist()
    assert (row["frequency"], row["recency_days"]) == (2, 0)


def test_unknown_amounts_are_purchases_without_money() -> None:
    amounts = [10.0, float("nan"), float("inf"), None, float("-inf")]
    orders = [("a", i, f"2025-0{i + 1}-01", amount) for i, amount in enumerate(amounts)]
    (row,) = rfm(orders_table(orders), as_of="2025-12-31").to_pyarrow().to_pylist()
    assert (row["frequency"], row["monetary"]) == (4, 10.0)  # −inf is a refund of unknown size


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"weights": (0.5, 0.5, 0.5)}, "add up to 1"),
        ({"weights": (-0.1, 0.6, 0.5)}, "add up to 1"),
        ({"weights": (float("nan"), 0.6, 0.4)}, "add up to 1"),
        ({"weights": ("a", 0.6, 0.4)}, "add up to 1"),
        ({"thresholds": (0.5, 0.8)}, "from high to low"),
        ({"thresholds": (0.9, 0.8, 0.7, 0.6)}, "one, two or three"),
        ({"thresholds": (1.0, 0.5)}, "between 0 and 1"),
        ({"mode": "kmeans"}, "minmax, quantile or fixed"),
        ({"mode": "fixed"}, "cuts="),
        ({"cuts": {"r": (1,), "f": (1,), "m": (1,)}}, "mode="),
        ({"mode": "fixed", "cuts": {"r": (2, 1), "f": (1,), "m": (1,)}}, "ascending"),
        ({"mode": "fixed", "cuts": {"r": (1,), "f": (1,)}}, "each of r"),
        ({"grid_days": (180, 90)}, "Give two"),
    ],
)
def test_settings_out_of_range_name_the_fix(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        rfm(orders_table(), as_of="2025-12-31", **settings)


@pytest.mark.parametrize("window_days", [0, -1, 1.5, True, "365"])
def test_impossible_windows(window_days: Any) -> None:
    with pytest.raises(SettingsError, match="whole number of days"):
        rfm(orders_table(), as_of="2025-12-31", window_days=window_days)


def test_a_summary_without_what_rfm_needs() -> None:
    import ibis

    with pytest.raises(InputError, match="monetary"):
        score_rfm(ibis.memtable([{"customer_id": 1, "recency_days": 1, "frequency": 1}]))


def test_explanation_in_both_languages() -> None:
    rows = {row["customer_id"]: row for row in rfm(orders_table(), as_of="2025-12-31").to_pyarrow().to_pylist()}
    assert explain_rfm(rows["a"], language="en") == (
        "Bought 3 times in the last 365 days for 500.00, most recently 10 days ago. Score 1.00 of 1: High value; "
        "grade VIP (Important: value)."
    )
    assert "once" in explain_rfm(rows["d"], language="en")
    assert explain_rfm(rows["c"], language="en").startswith("No purchase in the last 365 days; the last was 565")
    assert "重要价值客户" in explain_rfm(rows["a"], language="zh")


def test_one_day_is_one_day() -> None:
    orders = pa.table({"customer_id": ["a", "b"], "order_id": [1, 2], "amount": [5.0, 6.0]})
    orders = orders.append_column("ordered_at", [["2025-03-30", "2025-03-31"]])
    said = [
        explain_rfm(row) for row in rfm(orders, as_of="2025-03-31").order_by("customer_id").to_pyarrow().to_pylist()
    ]
    assert "1 day ago" in said[0]
    assert "0 days ago" in said[1]
