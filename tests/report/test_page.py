"""The page: safe to open anywhere, whole in both languages, and readable also when there is next to nothing to say."""

from __future__ import annotations

import datetime as dt
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from zhike.errors import LakeError, SettingsError
from zhike.importing.importer import Choices, import_file
from zhike.inert import inert
from zhike.lake.lake import Lake
from zhike.lake.runs import Run
from zhike.pipeline import refresh
from zhike.portrait import portrait
from zhike.report.page import SECTIONS, write_report

from .conftest import Page, some_orders

Report = Callable[..., Page]
Scored = Callable[..., Run]
Small = tuple[Lake, Run, Run]
CSS = Path(write_report.__code__.co_filename).parent / "templates" / "report.css"
NOTHING_SAID = re.compile(r"\b(nan|inf|None|Infinity|NaN)\b")


def test_nothing_is_loaded_from_anywhere(retail: tuple[Lake, Run], report: Report) -> None:
    page = report(*retail)
    assert not {"script", "link", "iframe", "object", "embed", "img", "base", "form"} & set(page.tags)
    links = {value for _tag, name, value in page.attributes if name in {"href", "src", "srcset", "action", "data"}}
    assert links
    assert all(value.startswith("#") for value in links)
    assert not re.search(r"url\(|@import|https?://", page.html)
    policy = next(v for tag, name, v in page.attributes if tag == "meta" and name == "content" and "default-src" in v)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert len(page.html.encode()) < 300_000


def test_every_link_leads_to_a_section(retail: tuple[Lake, Run], report: Report) -> None:
    page = report(*retail)
    ids = [value for _tag, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value[1:] for _tag, name, value in page.attributes if name == "href"} <= set(ids)
    assert page.tags.count("section") == len(SECTIONS)


HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "{{7*7}}",
    "</style><svg/onload=x>",
    "a" * 500,
]
# Escape sequences, an override that shows "exe.pdf" for "fdp.exe", an isolate nobody closes, a C1 control.
SPEAKING = ["esc\x1b[31mred", "rlo\u202efdp.exe", "lri\u2066open", "csi\x9b2J"]


def test_hostile_ids_are_text(scored: Scored, lake: Lake, report: Report) -> None:
    rows = []
    for n, name in enumerate(HOSTILE):
        quoted = '"' + name.replace('"', '""') + '"'
        rows += [f"{n}-{m},{quoted},2025-0{m}-0{n + 1},{100 + n}" for m in (1, 2, 3)]
    page = report(lake, scored(*rows))
    assert not {"script", "img"} & set(page.tags)
    assert not [name for _tag, name, _value in page.attributes if name.startswith("on")]
    for name in HOSTILE[:4]:
        assert name in page.texts
    assert "a" * 59 + "…" in page.texts


def test_hostile_text_cannot_steer_the_page(scored: Scored, lake: Lake, tmp_path: Path, report: Report) -> None:
    people = tmp_path / "rlo\u202efdp.csv"
    lines = [f'c{n},"{name}"' for n, name in enumerate(SPEAKING)]
    people.write_text("\n".join(["customer_id,company", *lines]) + "\n", "utf-8")
    import_file(lake, people, Choices(table="customers"))
    rows = [f"{n}-{c},{c},2025-0{n}-05,{n}" for n in (1, 2) for c in ("c0", "c1", "c2", "c3")]
    rows += [f"i{n},{name},2025-02-05,90" for n, name in enumerate(SPEAKING)]
    run = scored(*rows)
    for language in ("en", "zh"):
        page = report(lake, run, language)
        for name in SPEAKING:
            assert name not in page.html
            # As a company; of an id such signs are taken away when it is read.
            assert inert(name) in page.texts
        assert inert(page.html, lines=True) == page.html


def test_who_never_bought_gets_advice_that_fits(scored: Scored, lake: Lake, tmp_path: Path, report: Report) -> None:
    people = tmp_path / "customers.csv"
    people.write_text("customer_id,city\nnew,Berlin\nc1,Paris\n")
    import_file(lake, people, Choices(table="customers"))
    run = scored(*some_orders(customers=3, months=1))
    text = report(lake, run).text
    assert "Of these, without a purchase that stands: 1. Win a first purchase" in text
    assert portrait(lake, run, "new").next_step().action.startswith("Win a first purchase")
    assert portrait(lake, run, "c1").next_step().action.startswith("Win the second purchase")


def test_the_mode_that_fits_is_named_with_its_reason(retail: tuple[Lake, Run], report: Report) -> None:
    text = report(*retail).text
    assert "Quantile scores fit these data better: the largest customer spent" in text
    assert "zhike preview --mode quantile" in text


def test_few_customers_get_no_other_mode(small: Small, report: Report) -> None:
    lake, _march, june = small
    page = report(lake, june)
    assert "Too few customers bought in the window (8)" in page.text
    assert "zhike preview" not in page.text


def test_the_chinese_page_has_no_english_sentence(small: Small, report: Report) -> None:
    lake, _march, june = small
    page = report(lake, june, "zh")
    assert ("html", "lang", "zh-Hans") in page.attributes
    said = page.texts + [v for _tag, name, v in page.attributes if name in {"title", "aria-label", "data-head"}]
    # Commands are typed as they are; three words in a row are a sentence nobody has translated.
    english = [s for s in said if not s.startswith("zhike ") and re.search(r"[A-Za-z]{2,}( [A-Za-z]{2,}){2,}", s)]
    assert not english
    assert len([s for s in said if re.search(r"[\u4e00-\u9fff]", s)]) > 100


def test_a_lake_without_orders_says_what_is_missing(lake: Lake, tmp_path: Path, report: Report) -> None:
    people = tmp_path / "customers.csv"
    people.write_text("customer_id,city\na,Berlin\nb,Paris\n")
    import_file(lake, people, Choices(table="customers"))
    run = refresh(lake, dt.date(2025, 1, 1))
    for language in ("en", "zh"):
        page = report(lake, run, language)
        assert not NOTHING_SAID.search(page.text)
    assert "Nobody has bought yet: 2 customers known, no orders." in report(lake, run).texts


@pytest.mark.parametrize(
    "rows",
    [
        ["1,a,2025-01-05,10"],
        ["1,a,2025-01-05,0"],
        ["1,a,2025-01-05,99999999999999"],
        ["1,a,2025-01-05,0.01", "2,b,2025-01-06,99999999999999"],
        ["1,a,2025-01-05,10", "2,a,2025-01-06,-10"],
        ["1,a,2015-01-05,10", "2,b,2025-01-06,10"],
    ],
    ids=["one order", "free order", "huge", "tiny and huge", "all returned", "ten years apart"],
)
def test_next_to_nothing_still_makes_a_page(scored: Scored, lake: Lake, report: Report, rows: list[str]) -> None:
    run = scored(*rows)
    for language in ("en", "zh"):
        page = report(lake, run, language)
        assert page.tags.count("section") >= 3
        assert not NOTHING_SAID.search(page.text)
        widths = [float(w) for w in re.findall(r"width:(-?[\d.]+)%", page.html.split("</style>")[1])]
        assert all(0 <= w <= 100 for w in widths)


def test_moves_need_an_earlier_run(small: Small, report: Report) -> None:
    lake, march, june = small
    assert "zhike refresh --as-of 2024-12-20" in report(lake, march).text
    page = report(lake, june)
    assert "Rows: the stage on 20 Mar 2025; columns: the stage on 20 Jun 2025." in page.texts
    assert "refresh --as-of" not in page.text


def test_the_file_is_whole_readable_and_named(small: Small, tmp_path: Path, report: Report) -> None:
    lake, _march, run = small
    written = write_report(lake, run, tmp_path, language="zh")
    assert written.read_text("utf-8") == report(lake, run, "zh").html
    assert written == tmp_path / f"zhike-report-{run.as_of}-zh.html"
    assert stat.S_IMODE(written.stat().st_mode) & stat.S_IRUSR
    assert not list(tmp_path.glob(".zhike-*"))
    with pytest.raises(LakeError, match="cannot be written"):
        write_report(lake, run, tmp_path / "no such folder" / "a.html", language="en")
    with pytest.raises(SettingsError, match="en, zh"):
        write_report(lake, run, tmp_path, language="fr")


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


TEXT = [
    *((ink, paper) for ink in ("ink", "muted") for paper in ("page", "card")),
    *(("accent", paper) for paper in ("page", "card", "tint")),
    *(("ink", paper) for paper in ("tint", "caution-tint", "soft")),
    ("caution", "caution-tint"),
    ("good", "card"),
    ("bad", "card"),
    *((f"on-h{n}", f"h{n}") for n in range(7)),
]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_stands_out_from_its_ground(scheme: int) -> None:
    """WCAG 2.2 AA: 4.5 for text, 3 for the shapes of charts."""
    blocks = re.findall(r":root \{([^}]*#[^}]*)\}", CSS.read_text("utf-8"))[:2]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[scheme]))
    weak = {f"{ink} on {paper}": contrast(colours[ink], colours[paper]) for ink, paper in TEXT}
    assert not {pair: ratio for pair, ratio in weak.items() if ratio < 4.5}
    assert contrast(colours["s1"], colours["card"]) >= 3


@pytest.fixture(scope="module")
def of_people(tmp_path_factory: pytest.TempPathFactory, report: Report) -> Page:
    """Of customers with names, addresses and days, some of them wrong: such are shown as examples."""
    folder = tmp_path_factory.mktemp("people")
    people, orders = folder / "customers.csv", folder / "orders.csv"
    people.write_text(
        "customer_id,name,company,email,phone,birth_date,joined_at\n"
        "c1,Eva Lind,<b>Lind & Co</b>,eva@example.org,+46701234567,1820-05-17,1801-02-03\n"
        "c2,Eva LÃ©nd,,eva@example.org,+46701234567,1821-06-18,2020-01-01\n"
        "c2,Ole Berg,,ole@example.org,+46709999999,1990-01-01,2020-01-01,surplus@example.org\n",
        encoding="utf-8",
    )
    orders.write_text("\n".join(["order_id,customer_id,ordered_at,amount", *some_orders()]) + "\n")
    with Lake(folder / "lake", engine="duckdb") as lake:
        import_file(lake, people, Choices(table="customers"))
        import_file(lake, orders, Choices(table="orders"))
        return report(lake, refresh(lake))


def test_companies_are_named_and_people_are_not(of_people: Page) -> None:
    assert "<b>Lind & Co</b>" in of_people.texts
    assert "Eva Lind" not in of_people.html
    assert "eva@example.org" not in of_people.html


def test_no_example_tells_of_a_person(of_people: Page) -> None:
    for personal in ("Eva", "@example.org", "4670", "1820", "1821", "LÃ©nd"):
        assert personal not in of_people.html
    assert "birth_date = •••" in of_people.html
    assert "joined_at = 1801-02-03" in of_people.html
