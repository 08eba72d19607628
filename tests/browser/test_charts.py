"""Charts on a phone: what is written below one another does not lie on one another."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.conftest import Shop

_DRAWN = """async (names) => {
  const options = {
    legend: { bottom: 0 }, grid: { top: 8, bottom: 34 },
    xAxis: { type: "category", data: ["Axis"] }, yAxis: { type: "value" },
    series: names.map((name) => ({ name, type: "bar", data: [1] })),
  };
  const home = document.createElement("div");
  home.innerHTML = '<div class="chart chart-low" data-chart="legend-options"></div>';
  const told = Object.assign(document.createElement("script"), { id: "legend-options", type: "application/json" });
  told.textContent = JSON.stringify(options);
  home.append(told);
  document.querySelector("main, body").prepend(home);
  home.style.width = "300px";
  const { drawCharts } = await import("/static/ui/charts.js");
  drawCharts(home);
  await new Promise((done) => setTimeout(done, 600));
  const texts = [...home.querySelectorAll("text")].map((one) => [one.textContent, one.getBoundingClientRect()]);
  const axis = texts.find(([said]) => said === "Axis")[1];
  const tops = texts.filter(([said]) => names.includes(said)).map(([, place]) => place.top);
  return { below: Math.min(...tops) - axis.bottom, lines: new Set(tops.map(Math.round)).size };
}"""


def test_a_legend_of_several_lines_stays_clear_of_the_axis(shop: Shop, page: Page) -> None:
    page.goto(shop.inside)
    one = page.evaluate(_DRAWN, ["short", "names"])
    several = page.evaluate(_DRAWN, ["How clear the groups are", "Found again in both halves", "Of all customers"])
    assert one["lines"] == 1
    assert several["lines"] > 1
    assert min(one["below"], several["below"]) > 0, (one, several)
