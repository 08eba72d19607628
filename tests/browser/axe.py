"""What is wrong with a page for those who do not see it, or see it badly, or on a phone."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from zhike_crm.running.installation import BUILT

SOURCE = BUILT.parent / "axe.js"
# Only these two are what a page must not have; the others are advice.
GRAVE = ("serious", "critical")
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
# A page must not be wider than its screen; what is wider scrolls inside it.
_WIDER = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return "";
  const parts = [...document.querySelectorAll("body *")];
  const out = parts.filter((one) => one.getBoundingClientRect().right > width + 1).pop();
  return `${document.documentElement.scrollWidth} > ${width}: ${out?.outerHTML.slice(0, 160)}`;
}"""
_CONTRAST = ("color-contrast",)
# What may differ on a narrow screen, where other things show and scroll; all else has been looked at on the wide one.
_NARROW = (*_CONTRAST, "scrollable-region-focusable", "button-name", "link-name", "label", "aria-hidden-focus")
_RUN = """(only) => axe.run(
  document,
  { resultTypes: ["violations"], elementRef: false, ...(only ? { runOnly: only } : {}) },
).then(({ violations }) => violations.map(({ id, impact, help, nodes }) => ({
  id, impact, help, nodes: nodes.slice(0, 4).map((node) => node.target.join(" ") + "  " + node.html.slice(0, 160)
    + "  " + (node.any[0]?.message || "")),
})))"""


class Axe:
    """axe(page) is a sentence for each grave problem of the page as it is now."""

    def __init__(self) -> None:
        self._source = SOURCE.read_text(encoding="utf-8")

    def everywhere(self, page: Page) -> list[str]:
        """The same wide and narrow, light and dark; and whether it fits on a phone."""
        found = []
        for name, size in (("wide", WIDE), ("phone", PHONE)):
            page.set_viewport_size(size)
            page.evaluate("document.documentElement.dataset.bsTheme = 'light'")
            found += [f"{name} {one}" for one in self(page, only=() if name == "wide" else _NARROW)]
            if name == "phone" and (wider := page.evaluate(_WIDER)):
                found.append(f"phone scrolls sideways: {wider}")
            page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
            # In the dark only colours can differ.
            found += [f"{name} dark {one}" for one in self(page, only=_CONTRAST)]
        page.evaluate("document.documentElement.dataset.bsTheme = 'light'")
        page.set_viewport_size(WIDE)
        return found

    def __call__(self, page: Page, *, only: tuple[str, ...] = ()) -> list[str]:
        """The page as it stands."""
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(self._source + "\n;undefined")
        found: list[dict[str, Any]] = page.evaluate(_RUN, list(only) or None)
        return [
            f"{one['impact']} {one['id']}: {one['help']}\n      " + "\n      ".join(one["nodes"])
            for one in found
            if one["impact"] in GRAVE
        ]
