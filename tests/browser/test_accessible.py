"""axe-core on every page of the URL table, light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.axe import Axe
from tests.browser.conftest import Shop


@pytest.mark.parametrize(("which", "at_least"), [("inside", 40), ("signed_out", 5)])
def test_every_page_is_accessible(
    shop: Shop, new_page: Callable[..., Page], axe: Axe, which: str, at_least: int
) -> None:
    page = new_page(signed_in=which == "inside")
    found: list[str] = []
    looked_at = 0
    for address in shop.pages[which]:
        answer = page.request.get(shop.url + address)
        assert answer.status < 500, address
        # Downloads, and the parts that scripts ask for, are no pages.
        if "text/html" in answer.headers["content-type"] and "<body" in answer.text():
            page.goto(shop.url + address)
            found += [f"{address} {one}" for one in axe.everywhere(page)]
            looked_at += 1
    assert looked_at >= at_least
    assert not found, "\n" + "\n".join(found)
