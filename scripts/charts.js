/**
 * Draws the charts of the documentation from docs/figures.json into docs/images. Use: npm run docs:charts
 *
 * A chart is drawn on a panel of its own, so it can be read on light and dark pages alike.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

const docs = new URL("../docs/", import.meta.url);
const colours = ["#8c959f", "#54aeff", "#bf8700", "#1a7f37", "#8250df"];
const font = "font-family=\"system-ui, 'DejaVu Sans', sans-serif\"";
const width = 760;
const left = 52;
const right = width - 20;
const plotHeight = 210;

/** What the charts show, see docs/figures.json. */
export function figures() {
  return JSON.parse(readFileSync(new URL("figures.json", docs), "utf8"));
}

/** Every chart as an SVG document, by file name. */
export function charts() {
  return new Map(figures().map((figure) => [figure.file, draw(figure)]));
}

function draw(figure) {
  const { title, unit, series, groups } = figure;
  const legend = legendRows(series.map(({ name }) => name));
  const top = 66 + legend.rows * 20;
  const bottom = top + plotHeight;
  const height = bottom + 40;
  const ceiling =
    figure.max ?? roundUp(Math.max(...series.flatMap(({ values }) => values.map(([mean, spread]) => mean + spread))));
  const y = (value) => bottom - (value / ceiling) * plotHeight;
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => share * ceiling);
  const whole = series.every(({ values }) => values.every((value) => value === null || Number.isInteger(value[0])));
  const label = (mean) => mean.toFixed(whole ? 0 : 1);
  const body = [
    ...ticks.map((tick) => line(left, y(tick), right, y(tick), "#d0d7de")),
    ...ticks.map((tick) => text(left - 8, y(tick) + 4, shown(tick), { anchor: "end", size: 11, fill: "#57606a" })),
    ...(figure.kind === "lines" ? lines(series, groups, y, label) : bars(series, groups, y, label)),
    ...groups.map((group, index) => text(centre(index, groups.length), bottom + 20, group, { anchor: "middle" })),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}" ${font}>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="#ffffff" stroke="#d0d7de"/>`,
    text(20, 28, title, { size: 15, weight: 600 }),
    text(20, 47, unit, { size: 12, fill: "#57606a" }),
    ...legend.items,
    ...body,
    "</svg>",
    "",
  ].join("\n");
}

/** Bars side by side in each group, with the standard deviation as a whisker and the mean above it. */
function bars(series, groups, y, label) {
  const room = ((right - left) / groups.length) * 0.86;
  const barWidth = Math.min(58, room / series.length);
  return groups.flatMap((_, group) => {
    const there = series.flatMap(({ values }, index) =>
      values[group] === null ? [] : [{ value: values[group], index }],
    );
    return there.flatMap(({ value: [mean, spread], index }, place) => {
      const x = centre(group, groups.length) + (place - there.length / 2) * barWidth;
      const middle = x + barWidth / 2;
      return [
        `<rect x="${fixed(x + 1)}" y="${fixed(y(mean))}" width="${fixed(barWidth - 2)}" height="${fixed(y(0) - y(mean))}" fill="${colours[index]}"/>`,
        ...(spread > 0 ? [line(middle, y(mean - spread), middle, y(mean + spread), "#24292f")] : []),
        text(middle, y(mean + spread) - 5, label(mean), { anchor: "middle", size: 11 }),
      ];
    });
  });
}

/** A line for each series over the groups, with a point and a whisker at each. */
function lines(series, groups, y, label) {
  return series.flatMap(({ values }, index) => {
    const points = values.map(([mean], group) => `${fixed(centre(group, groups.length))},${fixed(y(mean))}`);
    return [
      `<polyline points="${points.join(" ")}" fill="none" stroke="${colours[index]}" stroke-width="2.5"/>`,
      ...values.flatMap(([mean, spread], group) => {
        const x = centre(group, groups.length);
        // Equal points have one label, and the highest of a group stands above, the others below.
        const means = series.map((other) => other.values[group][0]);
        const above = mean === Math.max(...means);
        return [
          line(x, y(mean - spread), x, y(mean + spread), "#24292f"),
          `<circle cx="${fixed(x)}" cy="${fixed(y(mean))}" r="4" fill="${colours[index]}"/>`,
          ...(means.indexOf(mean) < index ? [] : [text(x + 9, y(mean) + (above ? -7 : 15), label(mean), { size: 11 })]),
        ];
      }),
    ];
  });
}

function legendRows(names) {
  const items = [];
  let x = 20;
  let row = 0;
  for (const [index, name] of names.entries()) {
    const need = 34 + name.length * 7.2;
    if (x + need > right && x > 20) {
      x = 20;
      row += 1;
    }
    const at = 60 + row * 20;
    items.push(`<rect x="${fixed(x)}" y="${at}" width="12" height="12" rx="2" fill="${colours[index]}"/>`);
    items.push(text(x + 18, at + 10.5, name, { size: 12 }));
    x += need;
  }
  return { rows: row + 1, items };
}

const centre = (index, count) => left + ((index + 0.5) * (right - left)) / count;
const fixed = (value) => String(Math.round(value * 10) / 10);
const shown = (value) => (Number.isInteger(value) ? String(value) : String(Math.round(value * 100) / 100));
const roundUp = (value) => {
  const step = 10 ** Math.floor(Math.log10(value)) / 2;
  return Math.ceil(value / step) * step;
};
const line = (x1, y1, x2, y2, stroke) =>
  `<line x1="${fixed(x1)}" y1="${fixed(y1)}" x2="${fixed(x2)}" y2="${fixed(y2)}" stroke="${stroke}"/>`;
const text = (x, y, value, { size = 12, anchor = "start", fill = "#24292f", weight = 400 } = {}) =>
  `<text x="${fixed(x)}" y="${fixed(y)}" font-size="${size}" text-anchor="${anchor}" font-weight="${weight}" fill="${fill}">${escaped(value)}</text>`;
const escaped = (value) =>
  value.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");

if (argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, svg] of charts()) writeFileSync(new URL(`images/${file}`, docs), svg);
}
