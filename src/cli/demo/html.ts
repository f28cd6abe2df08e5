import { escapeXml, type LearningCurve, lineChart } from "../../demo/learning-curve.js";
import { htmlPage, htmlTable, type PageSection, paragraph } from "../html/page.js";
import type { Block, Section } from "./blocks.js";
import { type DemoReport, demoSections } from "./page.js";

/** How the demo's trainings went. */
export interface DemoCurves {
  readonly taught: { readonly country: LearningCurve; readonly harbour: LearningCurve };
  readonly relations: { readonly adapter: LearningCurve; readonly noAdapter: LearningCurve };
}

/** The page of results with the learning curves. */
export function demoHtml(report: DemoReport, { taught, relations }: DemoCurves): string {
  const { about, taught: facts, relations: kinds, end } = demoSections(report);
  return htmlPage("kadapter demo", [
    inMarkup(about),
    ...facts.map(inMarkup),
    learning("Learning the facts", "Right in a wording held out", [
      ["the country", taught.country],
      ["the other place", taught.harbour],
    ]),
    ...kinds.map(inMarkup),
    learning("Learning the relations", "Dev accuracy", [
      ["model + adapter", relations.adapter],
      ["model alone", relations.noAdapter],
    ]),
    ...end.map(inMarkup),
  ]);
}

const inMarkup = ({ title, blocks }: Section): PageSection => ({ title, markup: blocks.map(blockHtml) });

function blockHtml(block: Block): string {
  if (block.kind === "text") return paragraph(block.text);
  if (block.kind === "lines") return `<pre>${block.lines.map(escapeXml).join("\n")}</pre>`;
  return htmlTable(block.head, block.rows, block.left);
}

/** @param quality what the second picture shows */
function learning(
  title: string,
  quality: string,
  curves: readonly (readonly [name: string, curve: LearningCurve])[],
): PageSection {
  const series = (key: keyof LearningCurve) => curves.map(([name, curve]) => ({ name, points: curve[key] }));
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  const charts = [
    lineChart(series("loss"), { title: "Training loss (mean between points)", xLabel: "step", format: String }),
    lineChart(series("quality"), { title: quality, xLabel: "step", format: percent, top: 1 }),
  ];
  return { title, markup: [`<div class="charts">\n${charts.join("\n")}\n</div>`] };
}
