"""The figures of a report are those of the lake, counted here a second time and in another way."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from zhike.importing.importer import Choices, import_file
from zhike.lake.batches import undo
from zhike.lake.identities import link
from zhike.lake.lake import Lake
from zhike.lake.runs import Run, scores_of
from zhike.pipeline import refresh
from zhike.report.blocks import Cell, Column, Table
from zhike.report.data import read_figures
from zhike.report.figures import ReportFigures
from zhike.report.growth import trend
from zhike.report.numbers import count, money, percent
from zhike.report.stages import returned_after

from .conftest import Page

Scored = Callable[..., Run]


@pytest.fixture(scope="module")
def figures(retail: tuple[Lake, Run]) -> ReportFigures:
    return read_figures(*retail)


@pytest.fixture(scope="module")
def rows(retail: tuple[Lake, Run]) -> list[dict[str, object]]:
    lake, run = retail
    return list(lake.engine.to_pyarrow(scores_of(lake, run)).to_pylist())


def test_the_headline_adds_up_to_the_scores(figures: ReportFigures, rows: list[dict[str, object]]) -> None:
    h, bought = figures.headline, [r for r in rows if not r["never_purchased"]]
    assert h.everyone == len(rows) == figures.run.customers
    assert h.customers == len(bought)
    assert h.active == sum(r["frequency"] > 0 for r in bought)
    assert h.revenue == pytest.approx(sum(r["monetary"] for r in bought))
    assert h.bought_once == sum(r["purchase_days"] == 1 for r in bought)
    assert not h.comparable, "the records cover only a few days of the window before"


@pytest.mark.parametrize(("name", "column"), [("tiers", "value_tier"), ("grades", "grade"), ("grid", "grid_cell")])
def test_groups_are_those_of_the_scores(
    figures: ReportFigures, rows: list[dict[str, object]], name: str, column: str
) -> None:
    groups = getattr(figures, name)
    assert {g.code: g.customers for g in groups} == Counter(r[column] for r in rows if not r["never_purchased"])
    assert sum(g.monetary for g in groups) == pytest.approx(figures.headline.revenue)


def test_stages_count_everyone(figures: ReportFigures, rows: list[dict[str, object]]) -> None:
    assert {g.code: g.customers for g in figures.stages} == Counter(r["stage"] for r in rows)
    assert figures.moves is not None
    assert sum(n for (_old, new), n in figures.moves.customers.items() if new) == len(rows)
    assert figures.moves.since == dt.date(2011, 9, 9)


def test_months_add_up_to_all_revenue_and_all_customers(figures: ReportFigures) -> None:
    assert sum(m.revenue for m in figures.months) == pytest.approx(figures.headline.lifetime_revenue)
    assert sum(m.new for m in figures.months) == figures.headline.customers
    assert [m.complete for m in figures.months] == [True] * 12 + [False]
    assert sum(c.customers for c in figures.cohorts) == figures.headline.customers


def test_money_flows_from_the_file_to_the_scores(figures: ReportFigures, online_retail: Path) -> None:
    flow = figures.flow
    con = duckdb.connect()
    gross, returned = con.execute(
        "SELECT sum(a) FILTER (a > 0), -sum(a) FILTER (a < 0) FROM "
        f"(SELECT Quantity * UnitPrice AS a FROM '{online_retail}')"
    ).fetchone()
    assert flow.gross == pytest.approx(gross)
    assert flow.returned == pytest.approx(returned)
    assert flow.gross - flow.matched == pytest.approx(flow.net)
    assert flow.net - flow.unattributed == pytest.approx(flow.scored)
    assert flow.scored == pytest.approx(figures.headline.lifetime_revenue)
    assert flow.matched + flow.nameless + flow.unmatched == pytest.approx(flow.returned)
    (nameless,) = con.execute(
        f"WITH l AS (SELECT *, Quantity * UnitPrice AS a FROM '{online_retail}') SELECT -sum(a) FROM l WHERE a < 0 "
        "AND CustomerID IS NULL AND NOT EXISTS (FROM l AS s WHERE s.a > 0 AND s.InvoiceNo = l.InvoiceNo)"
    ).fetchone()
    assert flow.nameless == pytest.approx(nameless)


def test_what_was_taken_back_is_told_apart(scored: Scored, lake: Lake) -> None:
    """20 off a purchase of 100; 7 of somebody who never bought; 5 of nobody; 3 of nobody, but of a known order."""
    run = scored(
        "1,a,2025-01-05,100,",
        "2,,2025-01-05,50,",
        "3,a,2025-01-06,-20,",
        "4,b,2025-01-06,-7,",
        "5,,2025-01-06,-5,",
        "6,,2025-01-06,-3,2",
        header="order_id,customer_id,ordered_at,amount,refund_of",
    )
    flow = read_figures(lake, run).flow
    assert (flow.gross, flow.returned, flow.net) == (150, 35, 127)
    assert (flow.matched, flow.unmatched, flow.nameless) == (23, 7, 5)


def test_a_refund_in_the_order_and_in_a_row_is_taken_back_once(scored: Scored, lake: Lake) -> None:
    header = "order_id,customer_id,ordered_at,amount,refunded,refund_of"
    run = scored("1,a,2025-01-05,100,40,", "2,a,2025-01-06,-40,,1", "3,b,2025-01-06,10,5,", header=header)
    flow = read_figures(lake, run).flow
    assert (flow.gross, flow.returned, flow.matched, flow.unmatched, flow.net) == (110, 45, 45, 0, 65)


@pytest.mark.parametrize(("paid", "code"), [("100", "gross"), ("60", "already_net")])
def test_the_report_of_an_import_and_the_lake_have_the_same_net_sales(
    lake: Lake, orders_csv: Callable[..., Path], paid: str, code: str
) -> None:
    header = "order_id,customer_id,ordered_at,amount,listed_amount,refunded"
    rows = (f"1,a,2025-01-05,{paid},100,40", "2,a,2025-01-06,80,80,", "3,b,2025-01-06,20,20,")
    done = import_file(lake, orders_csv("a.csv", *rows, header=header), Choices(table="orders"))
    assert code in {note["code"] for note in done.report["findings"]}
    net = read_figures(lake, refresh(lake)).flow.net
    assert done.report["figures"]["net"]["revenue"] == net == 160


def test_concentration_and_lifetime_value(figures: ReportFigures, rows: list[dict[str, object]]) -> None:
    bought = sorted((r for r in rows if not r["never_purchased"]), key=lambda r: -r["revenue"])
    best = bought[: len(bought) // 5]
    share = sum(r["revenue"] for r in best) / sum(r["revenue"] for r in bought)
    assert figures.value.top_fifth_share == pytest.approx(share)
    assert figures.value.curve[-1] == (1.0, 1.0)
    assert figures.value.clv_total == pytest.approx(sum(r["clv"] for r in bought))
    for b in figures.value.clv_bins:
        inside = [r for r in bought if (b.low or 1e-9) <= r["clv"] < (b.high or float("inf"))]
        assert b.customers == len(inside)
    assert figures.value.profit_unknown == figures.headline.active


def test_the_lists_hold_the_right_people(figures: ReportFigures, rows: list[dict[str, object]]) -> None:
    top = sorted((r for r in rows if r["clv"]), key=lambda r: -r["clv"])[:10]
    assert [r["customer_id"] for r in figures.best] == [r["customer_id"] for r in top]
    leaving = [r for r in rows if r["stage"] in ("churn", "maintenance")]
    leaving.sort(key=lambda r: -max(r["monetary"], r["prior_monetary"]))
    assert [r["customer_id"] for r in figures.leaving] == [r["customer_id"] for r in leaving[:10]]
    assert figures.leaving_customers == sum(max(r["monetary"], r["prior_monetary"]) > 0 for r in leaving)


def test_the_page_says_these_figures(
    figures: ReportFigures, retail: tuple[Lake, Run], report: Callable[..., Page]
) -> None:
    text = report(*retail).text
    h, value = figures.headline, figures.value
    said = [count(h.customers), count(h.active), money(h.revenue), money(h.average_order), money(value.clv_total)]
    said += [count(g.customers) for g in (*figures.grades, *figures.grid, *figures.stages)]
    said += [money(figures.flow.gross), money(figures.flow.scored), figures.leaving[0]["customer_id"]]
    said.append(f"The best 20 % of customers bring {percent(value.top_fifth_share)} of the revenue.")
    # The clean figures that others have published for this file stand beside ours.
    said += ["397,884", "4,338", "18,532", "8,911,408", "541,909", "135,080"]
    assert [s for s in said if s not in text] == []


def test_a_report_of_a_past_run_does_not_see_later_facts(
    scored: Scored, lake: Lake, tmp_path: Path, orders_csv: Callable[..., Path]
) -> None:
    run = scored("1,a,2025-01-05,10", "2,b,2025-02-06,20")
    before = read_figures(lake, run)
    import_file(lake, orders_csv("more.csv", "3,c,2025-01-20,1000"), Choices(table="orders"))
    refresh(lake)
    after = read_figures(lake, run)
    assert (after.headline, after.months, after.flow) == (before.headline, before.months, before.flow)
    assert [i.batch.batch for i in before.imports] == [1]
    assert after == before


def test_a_report_of_a_past_run_does_not_see_later_links_nor_undone_imports(scored: Scored, lake: Lake) -> None:
    run = scored("1,a,2025-01-05,10", "2,b,2025-02-06,20")
    before = read_figures(lake, run)
    link(lake, ["b"], "a")
    undo(lake, 1)
    assert read_figures(lake, run) == before


def test_the_time_of_a_step_is_shown_only_where_it_was_taken(
    scored: Scored, lake: Lake, report: Callable[..., Page]
) -> None:
    run = scored("1,a,2025-01-05,10")
    shown = report(lake, replace(run, seconds={"facts": 0.2, "models": 0.4, "scores": 0.0})).text
    assert "0.4 s" in shown
    assert "0.0 s" not in shown


def test_two_windows_are_compared_when_the_records_reach_back(scored: Scored, lake: Lake) -> None:
    rows = [f"{y}-{m},a,{y}-{m:02d}-10,{10 if y < 2025 else 20}" for y in (2023, 2024, 2025) for m in range(1, 13)]
    figures = read_figures(lake, scored(*rows))
    assert figures.headline.comparable
    assert (figures.headline.revenue, figures.headline.revenue_before) == (240.0, 120.0)
    assert trend(figures.months).change == "±0\u202f%"


def test_cohorts_by_hand(scored: Scored, lake: Lake) -> None:
    figures = read_figures(
        lake,
        scored(
            "1,a,2025-01-01,10",
            "2,a,2025-02-05,10",
            "3,b,2025-01-09,10",
            "4,c,2025-02-01,10",
            "5,c,2025-03-01,10",
            "6,b,2025-03-03,10",
            as_of=dt.date(2025, 3, 10),
        ),
    )
    assert [(c.customers, c.returned) for c in figures.cohorts] == [(2, (1, 1)), (1, (1,))]
    assert returned_after(figures.cohorts, 1) == 0.5, "March is not over: c's return does not count yet"


def test_profit_where_it_is_known(scored: Scored, lake: Lake) -> None:
    figures = read_figures(
        lake,
        scored(
            "1,a,2025-01-05,100,60,EUR",
            "2,b,2025-01-06,50,70,EUR",
            "3,c,2025-01-07,30,,EUR",
            header="order_id,customer_id,ordered_at,amount,cost,currency",
        ),
    )
    v = figures.value
    assert (v.profit_known, v.profit_unknown, v.profit, v.losing, v.lost_money) == (2, 1, 20.0, 1, 20.0)
    assert figures.currency == "EUR"


def test_a_table_has_a_cell_for_each_column(figures: ReportFigures) -> None:
    from zhike.report import page
    from zhike.report.blocks import Chart, Folded, Side

    def tables(blocks: object) -> list[Table]:
        found = []
        for block in blocks:
            if isinstance(block, Table):
                found.append(block)
            elif isinstance(block, Chart):
                found.append(block.table)
            elif isinstance(block, Folded | Side):
                found += tables(block.blocks)
        return found

    every = [t for make in page.SECTIONS if (s := make(figures)) for t in tables(s.blocks)]
    assert len(every) > 15
    assert all(len(row) == len(table.columns) for table in every for row in table.rows)
    assert all(isinstance(c, Column) for table in every for c in table.columns)
    assert all(isinstance(c, Cell) for table in every for row in table.rows for c in row)
