import { escapeXml, type LearningCurve, lineChart } from "../../demo/learning-curve.js";
import type { Block, Section } from "./blocks.js";
import { type DemoReport, demoSections } from "./page.js";

/** How the demo's trainings went. */
export interface DemoCurves {
  readonly taught: { readonly country: LearningCurve; readonly harbour: LearningCurve };
  readonly relations: { readonly adapter: LearningCurve; readonly noAdapter: LearningCurve };
}

/** The page of results with the learning curves: one file, no scripts, nothing loaded, readable in light and in dark. */
export function demoHtml(report: DemoReport, { taught, relations }: DemoCurves): string {
  const sections = demoSections(report);
  const some = (parts: readonly Section[]) => parts.map(sectionHtml).join("\n");
  const facts: readonly NamedCurve[] = [
    ["the country", taught.country],
    ["the other place", taught.harbour],
  ];
  const kinds: readonly NamedCurve[] = [
    ["model + adapter", relations.adapter],
    ["model alone", relations.noAdapter],
  ];
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
${sectionHtml(sections.about)}
${some(sections.taught)}
${chartsHtml("Learning the facts", facts, "Right in a wording held out")}
${some(sections.relations)}
${chartsHtml("Learning the relations", kinds, "Dev accuracy")}
${some(sections.end)}
</body>
</html>
`;
}

type NamedCurve = readonly [name: string, curve: LearningCurve];

function sectionHtml({ title, blocks }: Section): string {
  return `<section>\n<h2>${escapeXml(title)}</h2>\n${blocks.map(blockHtml).join("\n")}\n</section>`;
}

/** @param quality what the second picture shows */
function chartsHtml(title: string, curves: readonly NamedCurve[], quality: string): string {
  const series = (key: keyof LearningCurve) => curves.map(([name, curve]) => ({ name, points: curve[key] }));
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  const charts = [
    lineChart(series("loss"), { title: "Training loss (mean between points)", xLabel: "step", format: String }),
    lineChart(series("quality"), { title: quality, xLabel: "step", format: percent, top: 1 }),
  ];
  return `<section>\n<h2>${escapeXml(title)}</h2>\n<div class="charts">\n${charts.join("\n")}\n</div>\n</section>`;
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
