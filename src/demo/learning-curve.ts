/**
 * A training's curve from its `metrics.jsonl`, and line charts as SVG: pure functions of text.
 * @module
 */
import { z } from "zod";

/** x and y. */
export type Point = readonly [x: number, y: number];

/** How a training went, by step. */
export interface LearningCurve {
  /** The mean loss of the steps since the point before. */
  readonly loss: readonly Point[];
  /** What was measured on held-out data, from 0 to 1. */
  readonly quality: readonly Point[];
}

const event = z.object({
  kind: z.string(),
  step: z.number().optional(),
  loss: z.number().nullish(),
  metrics: z.record(z.string(), z.number().nullable()).optional(),
});

/**
 * The curve in a `metrics.jsonl`, its losses averaged to about `points` points.
 *
 * @param metric name of what is measured, such as `accuracy`
 */
export function readCurve(metrics: string, metric: string, points = 60): LearningCurve {
  const events = metrics
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => event.parse(JSON.parse(line)));
  const pick = (kind: string, value: (one: z.infer<typeof event>) => number | null | undefined): Point[] =>
    events.flatMap((one) => {
      const found = one.kind === kind ? value(one) : undefined;
      return one.step === undefined || found === undefined || found === null ? [] : [[one.step, found] as const];
    });
  const losses = pick("step", ({ loss }) => loss);
  const width = Math.ceil(losses.length / points);
  const loss: Point[] = [];
  for (let start = 0; start < losses.length; start += width) {
    const part = losses.slice(start, start + width);
    loss.push([part.at(-1)![0], part.reduce((sum, [, y]) => sum + y, 0) / part.length]);
  }
  return { loss, quality: pick("eval", ({ metrics: scores }) => scores?.[metric]) };
}

/** A line of a chart. */
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

export interface ChartOptions {
  readonly title: string;
  readonly xLabel: string;
  /** How a value is written at the axis. */
  readonly format: (y: number) => string;
  /** The axis' upper end; that of the data by default. The lower end is 0. */
  readonly top?: number;
}

const size = { width: 460, height: 280 };
const plot = { left: 52, right: 448, top: 56, bottom: 236 };
/** Below it, numbers lose their digits (they are subnormal), and no width fits them. */
const leastTick = 1e-300;
/** Few points are shown as dots too: a line of one point cannot be seen. */
const mostDots = 20;

/**
 * A line chart. Colours are the classes `line-0`, `line-1` … and the text's own, so that the page decides them; lines
 * after the first are dashed, so that they can be told apart without colours.
 */
export function lineChart(series: readonly Series[], { title, xLabel, format, top }: ChartOptions): string {
  const all = series.flatMap(({ points }) => points);
  const xTicks = ticksUpTo(Math.max(0, ...all.map(([x]) => x)));
  const yTicks = ticksUpTo(top ?? Math.max(0, ...all.map(([, y]) => y)));
  const x = scale(xTicks, plot.left, plot.right);
  const y = scale(yTicks, plot.bottom, plot.top);
  const text = (at: readonly [x: number, y: number], words: string, more = "") =>
    `<text x="${at[0]}" y="${at[1]}"${more}>${escapeXml(words)}</text>`;
  return [
    `<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${escapeXml(title)}">`,
    text([plot.left, 18], title, ` class="title"`),
    ...yTicks.flatMap((tick) => [
      `<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${y(tick)}" y2="${y(tick)}"/>`,
      text([plot.left - 6, y(tick) + 4], format(tick), ` text-anchor="end"`),
    ]),
    ...xTicks.map((tick) => text([x(tick), plot.bottom + 18], String(tick), ` text-anchor="middle"`)),
    text([(plot.left + plot.right) / 2, plot.bottom + 36], xLabel, ` text-anchor="middle"`),
    ...series.flatMap(({ name, points }, i) => {
      const look = `class="line line-${i}"${i === 0 ? "" : ` stroke-dasharray="6 4"`}`;
      const at = points.map(([px, py]) => [x(px), y(py)] as const);
      const legend = plot.left + i * 190;
      return [
        `<polyline ${look} points="${at.map((point) => point.join(",")).join(" ")}"/>`,
        ...at.slice(0, at.length > mostDots ? 0 : mostDots).map(([cx, cy]) => {
          return `<circle class="dot-${i}" cx="${cx}" cy="${cy}" r="3"/>`;
        }),
        `<line ${look} x1="${legend}" x2="${legend + 26}" y1="38" y2="38"/>`,
        text([legend + 32, 42], name),
      ];
    }),
    "</svg>",
  ].join("\n");
}

function scale(ticks: readonly number[], from: number, to: number): (value: number) => number {
  const last = ticks.at(-1)!;
  return (value) => Math.round(10 * (from + ((to - from) * value) / last)) / 10;
}

/** 0 and four to six round numbers after it, the last not below `most`. */
export function ticksUpTo(most: number): readonly number[] {
  if (!(most > leastTick)) return [0, 1];
  const power = 10 ** Math.floor(Math.log10(most / 4));
  const width = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => most / one <= 6)!;
  // A multiple of the width has digits of its own that are no part of the number: 3 × 0.1.
  return Array.from({ length: Math.ceil(most / width - 1e-9) + 1 }, (_, i) => Number((i * width).toPrecision(12)));
}

/** Text as SVG and HTML may hold it, in an element or in an attribute. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
