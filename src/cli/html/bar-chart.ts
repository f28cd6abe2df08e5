import { escapeXml, ticksUpTo } from "../../demo/learning-curve.js";

/** Bars side by side, a group for each row. */
export interface BarChart {
  readonly title: string;
  /** Names of the bars of each row. */
  readonly series: readonly string[];
  readonly rows: readonly { readonly name: string; readonly values: readonly number[] }[];
  /** How a value is written beside its bar, and at the axis. */
  readonly format: (value: number) => string;
  /** The axis' upper end; that of the data by default. The lower end is 0. */
  readonly top?: number;
}

const width = 460;
const plot = { left: 150, right: 390, top: 60 };
const bar = { height: 13, gap: 8 };
/** Longer names do not fit beside their bars. */
const mostLetters = 22;

/** Lying bars, so that rows have room for their names. Colours are the classes `bar-0`, `bar-1` …: the page decides them. */
export function barChart({ title, series, rows, format, top }: BarChart): string {
  const ticks = ticksUpTo(top ?? Math.max(0, ...rows.flatMap(({ values }) => values)));
  const last = ticks.at(-1) as number;
  const x = (value: number) => round(plot.left + ((plot.right - plot.left) * Math.min(value, last)) / last);
  const group = series.length * bar.height + bar.gap;
  const bottom = plot.top + rows.length * group;
  return [
    `<svg viewBox="0 0 ${width} ${bottom + 24}" role="img" aria-label="${escapeXml(title)}">`,
    label([12, 18], title, ` class="title"`),
    ...series.flatMap((name, i) => [
      `<rect class="bar-${i}" x="${12 + i * 190}" y="32" width="12" height="12"/>`,
      label([30 + i * 190, 42], name),
    ]),
    ...ticks.flatMap((tick) => [
      `<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="${plot.top - 6}" y2="${bottom}"/>`,
      label([x(tick), bottom + 16], format(tick), ` text-anchor="middle"`),
    ]),
    ...rows.flatMap(({ name, values }, row) => {
      const from = plot.top + row * group;
      const middle = from + (group - bar.gap) / 2 + 4;
      return [
        label([plot.left - 8, middle], shortened(name), ` text-anchor="end"`),
        ...values.flatMap((value, i) => {
          const y = from + i * bar.height;
          return [
            `<rect class="bar-${i}" x="${plot.left}" y="${y}" width="${round(x(value) - plot.left)}" height="${bar.height - 2}"/>`,
            label([x(value) + 5, y + 10], format(value)),
          ];
        }),
      ];
    }),
    "</svg>",
  ].join("\n");
}

const round = (value: number) => Math.round(10 * value) / 10;

const shortened = (name: string) => (name.length > mostLetters ? `${name.slice(0, mostLetters - 1)}…` : name);

const label = (at: readonly [x: number, y: number], words: string, more = "") =>
  `<text x="${at[0]}" y="${at[1]}"${more}>${escapeXml(words)}</text>`;
