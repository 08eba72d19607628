"""Other weights: who would move, published with a reason, in force after the refresh."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.axe import Axe
from tests.browser.conftest import Shop


def test_weights_are_previewed_and_published(shop: Shop, page: Page, axe: Axe) -> None:
    page.goto(shop.inside + "rfm/")
    for letter, weight in (("recency", "0.8"), ("frequency", "0.1"), ("amount", "0.1")):
        page.get_by_label(f"{letter} weighs").fill(weight)
    page.get_by_role("button", name="Who would move?").click()
    preview = page.locator("#preview")
    expect(preview).to_contain_text("customers would move")
    expect(preview.locator(".chart svg")).to_be_visible()
    moved = int(preview.locator("strong").first.inner_text())
    assert moved > 0
    assert axe.everywhere(page) == []

    page.get_by_label("why").fill("Recency counts most with us")
    page.get_by_role("button", name="Publish and refresh").click()
    expect(page.get_by_text("A refresh with these settings has begun")).to_be_visible()
    history = page.locator(".list-group-item").filter(has_text="Recency counts most with us")
    expect(history).to_contain_text("in force")
    # Until the refresh is over, the page says that its figures are still those of before.
    expect(page.get_by_text("Other settings have been published")).to_be_visible()
    expect(page.locator(".refresh-progress")).to_have_count(0)
    page.reload()
    expect(page.get_by_text("Other settings have been published")).to_have_count(0)
    page.get_by_role("button", name="Who would move?").click()
    expect(preview).to_contain_text("0 of")
