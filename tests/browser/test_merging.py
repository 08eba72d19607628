"""Two records of one person: found, compared, made one, taken apart again."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.axe import Axe
from tests.browser.conftest import Shop


def test_doubles_are_found_merged_and_taken_apart(shop: Shop, page: Page, axe: Axe) -> None:
    page.goto(shop.inside + "duplicates/")
    page.get_by_role("button", name="Search for duplicates").click()
    pair = page.locator(".pair").filter(has_text="Ada Twine")
    while not pair.count():
        page.get_by_role("link", name="Look again").click()
    assert axe.everywhere(page) == []
    pair.get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", name="Are they the same?")).to_be_visible()
    page.get_by_role("radio").nth(1).check()
    assert axe.everywhere(page) == []
    page.get_by_role("button", name="Merge", exact=True).click()

    merged = page.locator("section").filter(has_text="Merged into this customer").first
    expect(merged).to_be_visible()
    page.goto(shop.inside + "customers/?q=Ada+Twin")
    expect(page.locator(".list-total")).to_have_text("1")
    page.locator(".list-record").click()
    assert axe.everywhere(page) == []
    merged.get_by_role("button", name="Take apart").click()
    page.goto(shop.inside + "customers/?q=Ada+Twin")
    expect(page.locator(".list-total")).to_have_text("2")
