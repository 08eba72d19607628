"""Lakes to report on: a small one made by hand, and the complete Online Retail data with two runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from zhike.importing.importer import Choices, import_file
from zhike.lake.lake import Lake
from zhike.lake.runs import Run
from zhike.pipeline import refresh
from zhike.report.data import read_figures
from zhike.report.figures import ReportFigures
from zhike.report.page import page_html

VOID = {"meta", "link", "img", "br", "hr", "input", "base"}


class Page(HTMLParser):
    """A page taken apart: its tags, attributes and texts; complains about tags that do not close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and self._open[-1] != "style":
            self.texts.append(data.strip())

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


_FIGURES: dict[str, ReportFigures] = {}
_PAGES: dict[tuple[str, str], Page] = {}


@pytest.fixture(scope="session")
def report() -> Callable[..., Page]:
    """The report of a run, taken apart. One that has been asked for is not made again, nor its figures read."""

    def page(lake: Lake, run: Run, language: str = "en") -> Page:
        which = f"{lake.url} {run}"
        if which not in _FIGURES:
            _FIGURES[which] = read_figures(lake, run)
        if (which, language) not in _PAGES:
            _PAGES[which, language] = Page(page_html(_FIGURES[which], language=language))
        return _PAGES[which, language]

    return page


@pytest.fixture
def scored(lake: Lake, orders_csv: Callable[..., Path]) -> Callable[..., Run]:
    """Imports rows of orders into the lake and scores them: `scored("1,a,2026-01-05,10", …)`."""

    def run(*rows: str, header: str = "order_id,customer_id,ordered_at,amount", as_of: dt.date | None = None) -> Run:
        import_file(lake, orders_csv("orders.csv", *rows, header=header), Choices(table="orders"))
        return refresh(lake, as_of)

    return run


def some_orders(customers: int = 8, months: int = 6) -> list[str]:
    """Every customer buys every month, except that half of them stop after three months."""
    return [
        f"{c}-{m},c{c},2025-{m + 1:02d}-{c + 1:02d},{10 * (c + 1)}"
        for c in range(customers)
        for m in range(months)
        if m < 3 or c % 2
    ]


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lake, Run, Run]]:
    """Eight customers of whom half stop, scored in March and in June."""
    folder = tmp_path_factory.mktemp("small")
    orders = folder / "orders.csv"
    orders.write_text("\n".join(["order_id,customer_id,ordered_at,amount", *some_orders()]) + "\n")
    with Lake(folder / "lake", engine="duckdb") as lake:
        import_file(lake, orders, Choices(table="orders"))
        yield lake, refresh(lake, dt.date(2025, 3, 20)), refresh(lake, dt.date(2025, 6, 20))
