"""A file with a column nobody could guess: upload, correct, check, import, look at what was found, undo."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.axe import Axe
from tests.browser.conftest import Shop

ORDERS = """order_id,wer,ordered_at,amount
n1,c1,2011-11-02,20
n2,c2,2011-11-03,30
n3,c1,the day before,40
n4,,2011-11-04,50
"""


def test_an_import_is_corrected_checked_run_explained_and_undone(
    shop: Shop, page: Page, axe: Axe, tmp_path: Path
) -> None:
    file = tmp_path / "november.csv"
    file.write_text(ORDERS)
    page.goto(shop.inside + "imports/new")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Upload").click()

    column = page.get_by_label("wer")
    expect(column).to_have_value("")
    expect(page.get_by_text("Not in the file")).to_be_visible()
    column.select_option(label="Customer ID")
    assert axe.everywhere(page) == []
    page.get_by_role("button", name="Check the file").click()

    expect(page.get_by_text("So far nothing has been changed.")).to_be_visible()
    expect(tile(page, "Rejected")).to_have_text("1")
    assert axe.everywhere(page) == []
    page.get_by_role("button", name="Import", exact=True).click()

    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    expect(tile(page, "Rows")).to_have_text("4")
    page.locator("#rejected summary").first.click()
    expect(page.locator("#rejected")).to_contain_text("the day before")
    assert axe.everywhere(page) == []
    with page.expect_download() as rejected:
        page.get_by_role("link", name="Rejected rows").click()
    assert "the day before" in rejected.value.path().read_text(encoding="utf-8-sig")

    page.get_by_role("button", name="Undo").click()
    dialog = page.locator("#undo")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone").first).to_be_visible()
    page.goto(shop.inside + "imports/")
    expect(page.get_by_role("row", name="november.csv")).to_contain_text("Undone")


def tile(page: Page, label: str) -> object:
    return page.locator(".tile").filter(has_text=label).locator(".tile-value")
