// Charts: the server says what is in them; here they get the colours of the theme, and lead to the customers behind.
const drawn = new Map();

export function drawCharts(root) {
  for (const box of root.querySelectorAll("[data-chart]")) {
    if (drawn.has(box)) continue;
    const options = JSON.parse(document.getElementById(box.dataset.chart).textContent);
    const draw = () => {
      drawn.get(box)?.dispose();
      const chart = echarts.init(box, null, { renderer: "svg", locale: document.documentElement.lang.startsWith("zh") ? "ZH" : "EN" });
      chart.setOption(dressed(options));
      chart.on("click", (event) => {
        const address = event.data?.address || options.addresses?.[event.name];
        if (address) location.href = address;
      });
      drawn.set(box, chart);
    };
    draw();
    new ResizeObserver(() => drawn.get(box)?.resize()).observe(box);
    new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  }
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--zk-${name}`).trim();
}

function dressed(options) {
  const palette = ["1", "2", "3", "4", "5", "6"].map((n) => colour(`chart-${n}`));
  const text = colour("chart-text");
  const line = colour("chart-line");
  const axis = {
    axisLine: { lineStyle: { color: line } },
    axisTick: { show: false },
    axisLabel: { color: text },
    splitLine: { lineStyle: { color: line } },
    nameTextStyle: { color: text },
  };
  const both = (given) => (Array.isArray(given) ? given.map((one) => ({ ...axis, ...one })) : given && { ...axis, ...given });
  const dress = {
    color: palette,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: text },
    animationDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 400,
    tooltip: { trigger: "item", confine: true, backgroundColor: colour("chart-tip"), borderColor: line, textStyle: { color: colour("chart-strong") } },
    grid: { left: 8, right: 16, top: 24, bottom: 8, outerBoundsMode: "same", outerBoundsContain: "all" },
  };
  const named = (entry) => (entry.colour ? { ...entry, itemStyle: { color: colour(entry.colour), ...entry.itemStyle } } : entry);
  const series = (options.series || []).map((one) => ({
    ...one,
    ...(one.colour ? { itemStyle: { color: colour(one.colour) }, lineStyle: { color: colour(one.colour) } } : {}),
    ...(Array.isArray(one.data) ? { data: one.data.map((entry) => (entry && typeof entry === "object" && !Array.isArray(entry) ? named(entry) : entry)) } : {}),
  }));
  return {
    ...dress,
    ...options,
    grid: Array.isArray(options.grid) ? options.grid : { ...dress.grid, ...options.grid },
    tooltip: { ...dress.tooltip, ...options.tooltip },
    legend: options.legend && { textStyle: { color: text }, ...options.legend },
    xAxis: both(options.xAxis),
    yAxis: both(options.yAxis),
    series,
  };
}
