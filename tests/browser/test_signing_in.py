"""Through the door: a wrong password, the right one, and the way out."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.axe import Axe
from tests.browser.conftest import Shop, sign_in


def test_a_wrong_password_is_refused_and_the_right_one_leads_home(
    shop: Shop, new_page: Callable[..., Page], axe: Axe
) -> None:
    page = new_page(signed_in=False)
    sign_in(page, shop, "not the password")
    expect(page.get_by_role("alert")).to_contain_text("not correct")
    assert axe.everywhere(page) == []
    sign_in(page, shop)
    expect(page.get_by_role("heading", name="Corner shop", level=1)).to_be_visible()
    page.get_by_role("button", name="Olive Owner").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto(shop.inside)
    expect(page).to_have_url(f"{shop.url}/accounts/login/?next=/w/shop/")
