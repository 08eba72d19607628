// Charts: the server says what is in them; here they get the colours of the theme and the numbers of the language,
// and lead to the customers behind. What the server may say besides ECharts' own options: `colour` (a name) and
// `address` of a mark, `compact` or `percent` of an axis, `percent` of a tooltip or label.
const drawn = new Map();

export function drawCharts(root) {
  for (const box of root.querySelectorAll("[data-chart]")) {
    if (drawn.has(box)) continue;
    const options = JSON.parse(document.getElementById(box.dataset.chart).textContent);
    const draw = () => {
      drawn.get(box)?.dispose();
      const chart = echarts.init(box, null, { renderer: "svg", locale: language().startsWith("zh") ? "ZH" : "EN" });
      chart.setOption(dressed(options, chart.getWidth()));
      chart.on("click", (event) => {
        const address = event.data?.address || options.addresses?.[event.name];
        if (address) location.href = address;
      });
      drawn.set(box, chart);
    };
    draw();
    new ResizeObserver(() => {
      const chart = drawn.get(box);
      chart?.resize();
      const bottom = roomBelow(options, chart?.getWidth());
      if (bottom) chart.setOption({ grid: { bottom } });
    }).observe(box);
    new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  }
}

const language = () => document.documentElement.lang || "en";

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--zk-${name}`).trim();
}

function numbers() {
  const plain = new Intl.NumberFormat(language(), { maximumFractionDigits: 2 });
  const short = new Intl.NumberFormat(language(), { notation: "compact", maximumFractionDigits: 1 });
  const said = (value) => (typeof value === "number" ? plain.format(value) : value ?? "–");
  return { said, short: (value) => short.format(value), percent: (value) => `${said(value)}%` };
}

// A legend below takes as many lines as its names need in this width; the axis stays above them.
const LEGEND = { mark: 25 + 5, gap: 10, edge: 10, line: 24, font: 12 };

function roomBelow(options, width) {
  const { legend, grid } = options;
  if (!width || !grid?.bottom || !legend || legend.type === "scroll" || legend.bottom === undefined) return undefined;
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `${LEGEND.font}px ${getComputedStyle(document.body).fontFamily}`;
  let [lines, taken] = [1, 0];
  for (const name of legend.data ?? options.series.map((one) => one.name)) {
    const needed = LEGEND.mark + pen.measureText(name).width;
    if (taken && taken + LEGEND.gap + needed > width - LEGEND.edge) [lines, taken] = [lines + 1, 0];
    taken += (taken ? LEGEND.gap : 0) + needed;
  }
  return grid.bottom + (lines - 1) * LEGEND.line;
}

function dressed(options, width) {
  const palette = ["1", "2", "3", "4", "5", "6"].map((n) => colour(`chart-${n}`));
  const [text, strong, line] = ["chart-text", "chart-strong", "chart-line"].map(colour);
  const { said, short, percent } = numbers();
  const axis = (given) => {
    const label = given.percent ? { formatter: percent } : given.compact ? { formatter: short } : {};
    return {
      axisTick: { show: false },
      nameTextStyle: { color: text },
      ...given,
      axisLine: { lineStyle: { color: line }, ...given.axisLine },
      axisLabel: { color: text, ...label, ...given.axisLabel },
      splitLine: { lineStyle: { color: line }, ...given.splitLine },
    };
  };
  const both = (given) => (Array.isArray(given) ? given.map(axis) : given && axis(given));
  const bottom = roomBelow(options, width);
  const below = bottom && { bottom };
  const dress = {
    color: palette,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: text },
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    animationDuration: 400,
    grid: { left: 8, right: 16, top: 24, bottom: 8, outerBoundsMode: "same", outerBoundsContain: "all" },
  };
  const tooltip = {
    trigger: "item",
    confine: true,
    backgroundColor: colour("chart-tip"),
    borderColor: line,
    textStyle: { color: strong },
    valueFormatter: options.tooltip?.percent ? (value) => percent(Array.isArray(value) ? value[1] : value) : said,
  };
  // A border of the mark's own colour keeps the thinnest ones visible.
  const named = (entry) => {
    if (!entry || typeof entry !== "object" || Array.isArray(entry) || !entry.colour) return entry;
    return { ...entry, itemStyle: { color: colour(entry.colour), borderColor: colour(entry.colour), ...entry.itemStyle } };
  };
  const label = (one) => {
    if (one.type === "sankey") {
      return { color: strong, textBorderWidth: 0, fontSize: 12, formatter: ({ data, name }) => data.short ?? name, ...one.label };
    }
    if (!one.label) return undefined;
    const formatter = ({ value }) => (one.label.percent ? percent(value) : said(value));
    return { color: one.label.percent ? colour("chart-on") : strong, formatter, ...one.label };
  };
  const quiet = { symbol: "none", silent: true, lineStyle: { color: text, type: "dashed" }, label: { color: text, textBorderWidth: 0 } };
  const series = (options.series || []).map((one) => {
    const marks = [...(one.data || []), ...(one.links || [])];
    return {
      cursor: marks.some((mark) => mark?.address) ? "pointer" : "default",
      ...one,
      ...(one.colour
        ? {
            itemStyle: { color: colour(one.colour), ...one.itemStyle },
            lineStyle: { color: colour(one.colour), ...one.lineStyle },
          }
        : {}),
      ...(one.data ? { data: one.data.map(named) } : {}),
      label: label(one),
      ...(one.markLine ? { markLine: { ...quiet, ...one.markLine } } : {}),
    };
  });
  return {
    ...dress,
    ...options,
    grid: Array.isArray(options.grid) ? options.grid : { ...dress.grid, ...options.grid, ...below },
    tooltip: { ...tooltip, ...options.tooltip },
    legend: options.legend && { textStyle: { color: text }, pageTextStyle: { color: text }, ...options.legend },
    title: options.title?.map((one) => ({ textStyle: { color: text, fontSize: 12, fontWeight: 500 }, padding: 0, ...one })),
    xAxis: both(options.xAxis),
    yAxis: both(options.yAxis),
    series,
  };
}
