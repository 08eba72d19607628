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
from zhike.report.page import write_report

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


@pytest.fixture
def report(tmp_path: Path) -> Callable[..., Page]:
    """Writes the report of a run and takes it apart."""

    def write(lake: Lake, run: Run, language: str = "en") -> Page:
        path = write_report(lake, run, tmp_path / f"report-{language}.html", language=language)
        return Page(path.read_text("utf-8"))

    return write


@pytest.fixture
def scored(lake: Lake, orders_csv: Callable[..., Path]) -> Callable[..., Run]:
    """Imports rows of orders into the lake and scores them: `scored("1,a,2026-01-05,10", …)`."""

    def run(*rows: str, header: str = "order_id,customer_id,ordered_at,amount", as_of: dt.date | None = None) -> Run:
        import_file(lake, orders_csv("orders.csv", *rows, header=header), Choices(table="orders"))
        return refresh(lake, as_of)

    return run


@pytest.fixture(scope="session")
def retail(tmp_path_factory: pytest.TempPathFactory, online_retail: Path) -> Iterator[tuple[Lake, Run]]:
    """Online Retail as of its last day, after a run of three months before."""
    with Lake(tmp_path_factory.mktemp("retail") / "lake", engine="duckdb") as lake:
        import_file(lake, online_retail)
        refresh(lake, dt.date(2011, 9, 9))
        yield lake, refresh(lake)
