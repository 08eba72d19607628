"""The editor of rules: written with the keyboard, whom it means is said while one writes, what is missing beside it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.axe import Axe
from tests.browser.conftest import Shop


def test_a_rule_is_written_saved_and_followed_to_its_customers(shop: Shop, page: Page, axe: Axe) -> None:
    page.goto(shop.inside + "segments/new")
    tree, preview = page.locator("[data-tree]"), page.locator("[data-preview]")
    first = tree.locator(".condition").first
    first.locator("> select").select_option(label="Orders")
    first.locator(".condition-rest select").select_option("gte")
    first.locator(".condition-rest input").fill("2")
    expect(preview.locator("table tbody tr")).to_have_count(10)
    often = preview.locator(".tile-value").inner_text()

    # An event, by the keyboard alone.
    tree.get_by_role("button", name="Add a condition").first.focus()
    page.keyboard.press("Enter")
    second = tree.locator(".condition").nth(1)
    expect(second.locator("> select")).to_be_focused()
    second.locator("> select").select_option(label="Purchases")
    second.locator(".condition-part input").first.fill("")
    page.get_by_label("Name").fill("Often, cups")
    page.get_by_role("button", name="Save").click()
    expect(second.locator(".condition-wrong")).to_be_visible()
    second.locator(".condition-part input").first.fill("2")
    second.get_by_role("button", name="Add a detail").click()
    detail = second.locator(".condition-detail")
    detail.locator("select").first.select_option("product")
    detail.locator("input").fill("cup")
    expect(preview.locator(".tile-value")).not_to_have_text(often)
    assert axe.everywhere(page) == []
    some = preview.locator(".tile-value").inner_text()
    assert int(some) < int(often)

    page.get_by_role("button", name="Save").click()
    expect(page.locator(".answer")).to_have_text(
        "Orders at least 2 and Purchases at least 2 times [Product contains cup]"
    )
    expect(page.locator(".portrait-tiles .tile-value").first).to_have_text(some)
    assert axe.everywhere(page) == []
    page.get_by_role("link", name="Customers", exact=True).last.click()
    expect(page.locator(".list-total")).to_have_text(some)
