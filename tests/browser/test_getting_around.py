"""By keyboard, on a phone, in Chinese, in the dark."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.axe import PHONE, Axe
from tests.browser.conftest import Shop, sign_in

COLLEAGUE = "colleague@example.com"


def test_the_palette_finds_a_customer_and_a_page(shop: Shop, page: Page, axe: Axe) -> None:
    page.goto(shop.inside)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option", name="Lifecycle")).to_be_visible()
    page.keyboard.type("李伟")
    found = page.locator("#palette-found [role=option]")
    expect(found).to_have_count(1)
    expect(found).to_have_attribute("aria-selected", "true")
    assert axe(page) == []
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="李伟 Li Wei", level=1)).to_be_visible()

    # The heading is there before the scripts are.
    page.wait_for_load_state("load")
    page.keyboard.press("Control+k")
    page.keyboard.type("reten")
    expect(page.get_by_role("option", name="Retention")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()


def test_a_phone_has_navigation_search_lists_and_portraits(shop: Shop, new_page: Callable[..., Page], axe: Axe) -> None:
    page = new_page(viewport=PHONE, is_mobile=True, has_touch=True)
    page.goto(shop.inside)
    menu = page.get_by_role("navigation", name="Main navigation")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="Menu").tap()
    expect(menu.get_by_role("link", name="Customers")).to_be_visible()
    assert axe(page) == []
    menu.get_by_role("link", name="Customers").tap()

    first = page.locator(".list-table tbody tr").first
    expect(first).to_contain_text("李伟 Li Wei")
    box, name = first.bounding_box(), first.locator(".list-record").bounding_box()
    assert box
    assert name
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert name["height"] < 60
    for button in ("Filter", "Columns", "Export", "Search"):
        expect(page.get_by_role("button", name=button, exact=True)).to_be_visible()
    # Who uses it is reached from the phone too.
    page.get_by_role("button", name="Menu").tap()
    expect(page.get_by_role("button", name="Olive Owner")).to_be_visible()


def test_the_language_is_changed_at_the_door_and_in_the_profile(shop: Shop, new_page: Callable[..., Page]) -> None:
    page = new_page(signed_in=False)
    page.goto(f"{shop.url}/accounts/login/")
    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    page.get_by_role("button", name="English").click()
    sign_in(page, shop, email=COLLEAGUE)
    page.goto(f"{shop.url}/profile/")
    page.get_by_label("language").select_option(label="简体中文")
    page.get_by_label("appearance").select_option("dark")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="客户", exact=True)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_dark_follows_the_device(shop: Shop, new_page: Callable[..., Page]) -> None:
    page = new_page(color_scheme="dark")
    page.goto(shop.inside)
    brightness = (
        "() => getComputedStyle(document.body).backgroundColor.match(/\\d+/g).reduce((a, b) => a + Number(b), 0)"
    )
    assert page.evaluate(brightness) < 150
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    assert page.evaluate(brightness) > 600
    # Charts are drawn again in the other colours.
    expect(page.locator(".chart svg").first).to_be_visible()
