import { createHash } from "node:crypto";
import { spanOfCodePoints } from "../../data/code-points.js";
import { escapeXml } from "../../demo/learning-curve.js";
import type { WrittenRecord } from "../../knowledge/pipeline/record.js";
import type { AlignReport } from "../../knowledge/pipeline/report.js";
import { wilsonInterval } from "../../statistics.js";
import { htmlPage, htmlTable, paragraph } from "../html/page.js";

/**
 * The report as a page on which a person ticks what is right, and sees how precise the alignment is. Ticks stay in the
 * browser, and can be kept as a file.
 */
export function alignReportPage(report: AlignReport): string {
  const { samples, relations, skipped } = report;
  const nameOf = new Map(relations.map(({ relation, label }) => [relation, label ?? relation]));
  const rows = relations.slice(0, mostRows).map(({ relation, train, dev, test }) => {
    return [relation, nameOf.get(relation) ?? "", ...[train, dev, test].map(String)];
  });
  return htmlPage(
    "Aligned sentences",
    [
      { title: "How precise it is", markup: [paragraph(howTo), precisionTable, keepButton] },
      { title: "Samples", markup: samples.map((sample, i) => sampleMarkup(sample, i, nameOf)) },
      { title: "Relations", markup: [htmlTable(["relation", "name", "train", "dev", "test"], rows, 2)] },
      { title: "What was found", markup: [htmlTable(["", "number"], numbers(report))] },
      { title: "What was left out", markup: [htmlTable(["reason", "number"], entries(skipped))] },
    ],
    script(samples),
  );
}

/** More relations nobody reads; report.json has them all. */
const mostRows = 500;

const howTo =
  "Read each sentence and tick whether it says that the relation holds between the subject (the first colour) and the object (the second). The interval is Wilson's at 95 %: where the precision of all records most likely lies.";

const precisionTable = `<div class="wide"><table id="precision"></table></div>`;
const keepButton = `<p><button type="button" id="keep">Keep the ticks as a file</button></p>`;

const entries = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts).map(([name, count]) => [name, String(count)]);

function numbers({ documents, sentences, repeated, mentions, foundBy, scores }: AlignReport): string[][] {
  const ranges = scores.map((count, i) => [`score from ${i / 10} to ${(i + 1) / 10}`, String(count)]);
  return [
    ...entries({ documents, sentences, "records that were there before": repeated }),
    ...entries(mentions).map(([kind = "", count = ""]) => [`mentions: ${kind}`, count]),
    ...entries(foundBy).map(([kinds = "", count = ""]) => [`records by mentions: ${kinds.replace(" ", " → ")}`, count]),
    ...ranges,
  ];
}

function sampleMarkup(
  { text, h, t, relation, score, document }: WrittenRecord,
  i: number,
  nameOf: ReadonlyMap<string, string>,
): string {
  const about = `${h.name} — ${nameOf.get(relation) ?? relation} — ${t.name}`;
  const buttons = ["right", "wrong"].map(
    (tick) => `<button type="button" data-sample="${i}" data-tick="${tick}" aria-pressed="false">${tick}</button>`,
  );
  return `<div class="sample"><p>${marked(text, h.pos, t.pos)}</p>
<p><strong>${escapeXml(about)}</strong> (score ${score}, ${escapeXml(document)}) ${buttons.join(" ")}</p></div>`;
}

/** The sentence with subject and object marked; where one lies in the other, the subject alone. */
function marked(text: string, subject: readonly [number, number], object: readonly [number, number]): string {
  const spanOf = ([start, end]: readonly [number, number]) => spanOfCodePoints(text, start, end, "report", "pos");
  const spans = [
    { ...spanOf(subject), role: "subject" },
    { ...spanOf(object), role: "object" },
  ].sort((a, b) => a.start - b.start);
  let markup = "";
  let at = 0;
  for (const { start, end, role } of spans) {
    if (start < at) continue;
    markup += `${escapeXml(text.slice(at, start))}<mark class="${role}">${escapeXml(text.slice(start, end))}</mark>`;
    at = end;
  }
  return markup + escapeXml(text.slice(at));
}

/** What the page does. Texts of the samples never become markup: they are set as text. */
function script(samples: readonly WrittenRecord[]): string {
  const key = `kadapter-align-${createHash("sha256").update(JSON.stringify(samples)).digest("hex").slice(0, 16)}`;
  const data = samples.map(({ text, h, t, relation }) => ({ text, subject: h, object: t, relation }));
  // A closing tag within a text would end the script.
  const safe = JSON.stringify(data).replaceAll("<", "\\u003c");
  return `
"use strict";
const wilsonInterval = ${wilsonInterval.toString()};
const key = ${JSON.stringify(key)};
const samples = ${safe};
${pageLogic}`;
}

const pageLogic = `
let ticks = {};
try { ticks = JSON.parse(localStorage.getItem(key) || "{}"); } catch { ticks = {}; }
const keep = () => { try { localStorage.setItem(key, JSON.stringify(ticks)); } catch { /* A page that may keep nothing still counts. */ } };
const percent = (share) => (100 * share).toFixed(1) + " %";
function scores() {
  const all = new Map([["all", { right: 0, of: 0 }]]);
  samples.forEach(({ relation }, i) => {
    const tick = ticks[i];
    if (tick !== "right" && tick !== "wrong") return;
    for (const name of ["all", "relation " + relation]) {
      const one = all.get(name) || { right: 0, of: 0 };
      one.of++;
      if (tick === "right") one.right++;
      all.set(name, one);
    }
  });
  return [...all].map(([name, { right, of }]) => ({ name, right, of, precision: of === 0 ? null : right / of, ...wilsonInterval(right, of) }));
}
function show() {
  const table = document.getElementById("precision");
  const row = (cells, tag) => {
    const line = document.createElement("tr");
    cells.forEach((text, i) => {
      const cell = document.createElement(tag);
      cell.textContent = text;
      if (i > 0) cell.className = "number";
      line.append(cell);
    });
    return line;
  };
  const lines = scores().map(({ name, right, of, precision, low, high }) =>
    row([name, right + " of " + of, precision === null ? "–" : percent(precision), percent(low) + " to " + percent(high)], "td"));
  table.replaceChildren(row(["", "right", "precision", "interval"], "th"), ...lines);
  for (const button of document.querySelectorAll("button[data-sample]")) {
    button.setAttribute("aria-pressed", String(ticks[button.dataset.sample] === button.dataset.tick));
  }
}
document.addEventListener("click", ({ target }) => {
  if (target.id === "keep") return download();
  const { sample, tick } = target.dataset || {};
  if (sample === undefined || tick === undefined) return;
  if (ticks[sample] === tick) delete ticks[sample];
  else ticks[sample] = tick;
  keep();
  show();
});
function download() {
  const ticked = samples.map((sample, i) => ({ ...sample, right: ticks[i] === undefined ? null : ticks[i] === "right" }));
  const content = JSON.stringify({ scores: scores(), samples: ticked }, null, 1);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "application/json" }));
  link.download = "ticks.json";
  link.click();
  URL.revokeObjectURL(link.href);
}
show();
`;
