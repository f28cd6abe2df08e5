import { escapeXml, type LearningCurve, lineChart } from "../../demo/learning-curve.js";
import { type Block, type DemoReport, demoSections } from "../demo/page.js";

/** The two trainings that are compared. */
export interface DemoCurves {
  readonly adapter: LearningCurve;
  readonly noAdapter: LearningCurve;
}

/** The page of results with the learning curve: one file, no scripts, nothing loaded, readable in light and in dark. */
export function demoHtml(report: DemoReport, curves: DemoCurves): string {
  const [about, ...others] = demoSections(report).map(({ title, blocks }) => {
    return `<section>\n<h2>${escapeXml(title)}</h2>\n${blocks.map(blockHtml).join("\n")}\n</section>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>kadapter demo</title>
<style>${style}</style>
</head>
<body>
<h1>kadapter demo</h1>
${about}
<section>
<h2>Learning curve</h2>
<div class="charts">
${charts(curves)}
</div>
</section>
${others.join("\n")}
</body>
</html>
`;
}

function charts({ adapter, noAdapter }: DemoCurves): string {
  const series = (key: keyof LearningCurve) => [
    { name: "model + adapter", points: adapter[key] },
    { name: "model alone", points: noAdapter[key] },
  ];
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  return [
    lineChart(series("loss"), { title: "Training loss (mean between points)", xLabel: "step", format: String }),
    lineChart(series("accuracy"), { title: "Dev accuracy", xLabel: "step", format: percent, top: 1 }),
  ].join("\n");
}

function blockHtml(block: Block): string {
  if (block.kind === "text") return `<p>${escapeXml(block.text)}</p>`;
  if (block.kind === "lines") return `<pre>${block.lines.map(escapeXml).join("\n")}</pre>`;
  const row = (cells: readonly string[], tag: "th" | "td") =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeXml(cell)}</${tag}>`).join("")}</tr>`;
  const rows = [row(block.head, "th"), ...block.rows.map((cells) => row(cells, "td"))];
  return `<div class="wide"><table>\n${rows.join("\n")}\n</table></div>`;
}

// Blue and orange keep apart for every kind of colour vision; each is taken darker on white and lighter on black.
const style = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --grid: #d5dae0; --page: #ffffff; --0: #0b62c4; --1: #b8540a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ed; --soft: #a3adb8; --grid: #39414b; --page: #14181d; --0: #6cb2ff; --1: #f5a35c; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2 { line-height: 1.2; }
h2 { margin-top: 2.2rem; font-size: 1.2rem; }
.wide, pre { overflow-x: auto; }
pre { font-size: 0.85rem; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: 0.3rem 1rem 0.3rem 0; border-bottom: 1px solid var(--grid); }
th { color: var(--soft); font-weight: 600; }
.charts { display: flex; flex-wrap: wrap; gap: 1.5rem; }
svg { flex: 1 1 22rem; min-width: 0; max-width: 30rem; }
svg text { font: 12px system-ui, sans-serif; fill: var(--soft); }
svg .title { font-size: 14px; font-weight: 600; fill: var(--ink); }
.grid { stroke: var(--grid); }
.line { fill: none; stroke-width: 2; }
.line-0 { stroke: var(--0); } .line-1 { stroke: var(--1); }
.dot-0 { fill: var(--0); } .dot-1 { fill: var(--1); }
`;
