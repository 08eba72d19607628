"""The list of customers: nested conditions, a saved view, a file that a spreadsheet can open without harm."""

from __future__ import annotations

import csv
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import Axe
from tests.browser.conftest import EMAIL, PASSWORD, Shop

SENTENCE = "Revenue at least 200 and (Orders at least 5 or Customer contains Li)"


def test_nested_conditions_are_asked_saved_and_found_again(shop: Shop, page: Page, axe: Axe) -> None:
    page.goto(shop.inside + "customers/")
    everybody = page.locator(".list-total").inner_text()
    page.get_by_role("button", name="Filter").click()
    drawer = page.locator("[data-conditions]")
    fill_in(drawer.locator(".condition").first, "Revenue", "gte", "200")
    drawer.get_by_role("button", name="Group", exact=False).click()
    group = drawer.locator(".condition-group .condition-group")
    fill_in(group.locator(".condition").first, "Orders", "gte", "5")
    group.get_by_role("button", name="Condition", exact=False).click()
    fill_in(group.locator(".condition").nth(1), "Customer", "contains", "Li")
    assert axe.everywhere(page) == []
    drawer.get_by_role("button", name="Show").click()

    expect(page.locator(".list-conditions")).to_contain_text(SENTENCE)
    some = page.locator(".list-total").inner_text()
    assert 0 < int(some) < int(everybody)

    page.get_by_role("button", name="Save as a view").click()
    page.get_by_label("Name", exact=True).fill("Often or Li")
    page.locator("#save-view").get_by_role("button", name="Save").click()
    view = page.get_by_role("link", name="Often or Li")
    expect(view).to_have_class("nav-link active")

    page.get_by_role("link", name="All", exact=True).click()
    expect(page.locator(".list-total")).to_have_text(everybody)
    view.click()
    expect(page.locator(".list-conditions")).to_contain_text(SENTENCE)
    expect(page.locator(".list-total")).to_have_text(some)
    # The builder shows what was saved, to be changed.
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("[data-conditions] .condition")).to_have_count(3)
    page.get_by_role("button", name="Close").first.click()
    page.get_by_role("button", name="Delete this view").click()
    expect(view).to_have_count(0)


@pytest.mark.parametrize("asked", ["conditions", "palette", "link", "script"])
def test_who_is_signed_out_meanwhile_signs_in_and_is_back(shop: Shop, page: Page, asked: str) -> None:
    address = f"{shop.inside}customers/?q=Twin"
    page.goto(address)
    page.context.clear_cookies()
    if asked == "conditions":
        page.get_by_role("button", name="Filter").click()
    elif asked == "palette":
        page.keyboard.press("Control+k")
    elif asked == "link":
        page.locator(".list-tabs, .nav").get_by_role("link", name="All", exact=True).click()
    else:
        page.evaluate("htmx.ajax('GET', location.href, { target: '#list', select: '#list', swap: 'outerHTML' })")
    expect(page).to_have_url(re.compile(r"/accounts/login/\?next=/w/shop/customers/"))
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").first.click()
    expect(page).to_have_url(address if asked != "link" else re.compile(r"/w/shop/customers/"))
    expect(page.locator(".list-total")).to_be_visible()


def fill_in(condition: Locator, column: str, test: str, value: str) -> None:
    condition.locator("> select").select_option(label=column)
    condition.locator(".condition-rest select").select_option(test)
    condition.locator(".condition-rest input").fill(value)


def test_what_was_done_to_many_can_be_taken_back(shop: Shop, page: Page, axe: Axe) -> None:
    page.goto(shop.inside + "customers/?q=Twin")
    expect(page.locator(".list-total")).to_have_text("2")
    page.get_by_label("Select this page").check()
    assert axe.everywhere(page) == []
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete", exact=False).first.click()
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.locator("#toasts").get_by_role("button").click()
    expect(page.locator(".list-total")).to_have_text("2")


def test_an_export_holds_nothing_that_a_spreadsheet_would_run(shop: Shop, page: Page) -> None:
    page.goto(shop.inside + "customers/?q=HYPERLINK")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["Customer"] for row in rows] == ["'=HYPERLINK(1)"]
