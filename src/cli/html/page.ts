import { createHash } from "node:crypto";
import { escapeXml } from "../../demo/learning-curve.js";

/** A part of a page; its content is markup already. */
export interface PageSection {
  readonly title: string;
  readonly markup: readonly string[];
}

/** A page in one file: nothing loaded, no script but the one that is given, readable in light and in dark. */
export function htmlPage(title: string, sections: readonly PageSection[], script?: string): string {
  const parts = sections.map(
    (one) => `<section>\n<h2>${escapeXml(one.title)}</h2>\n${one.markup.join("\n")}\n</section>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${script === undefined ? "" : `${onlyScript(script)}\n`}<title>${escapeXml(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeXml(title)}</h1>
${parts.join("\n")}
${script === undefined ? "" : `<script>${script}</script>\n`}</body>
</html>
`;
}

/** Forbids all scripts but one, whatever the texts of the page hold. */
function onlyScript(script: string): string {
  const source = (content: string) => `'sha256-${createHash("sha256").update(content).digest("base64")}'`;
  const policy = `default-src 'none'; script-src ${source(script)}; style-src ${source(style)}`;
  return `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
}

/** Words as a paragraph. */
export const paragraph = (words: string): string => `<p>${escapeXml(words)}</p>`;

/** Cells as a table; the first columns hold words, the others numbers. */
export function htmlTable(head: readonly string[], rows: readonly (readonly string[])[], left = 1): string {
  const row = (cells: readonly string[], tag: "th" | "td") => {
    const marked = cells.map((cell, i) => `<${tag}${i < left ? "" : ' class="number"'}>${escapeXml(cell)}</${tag}>`);
    return `<tr>${marked.join("")}</tr>`;
  };
  const lines = [row(head, "th"), ...rows.map((cells) => row(cells, "td"))];
  return `<div class="wide"><table>\n${lines.join("\n")}\n</table></div>`;
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
.number { text-align: right; font-variant-numeric: tabular-nums; }
.charts { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start; }
svg { flex: 1 1 22rem; min-width: 0; max-width: 30rem; }
svg text { font: 12px system-ui, sans-serif; fill: var(--soft); }
svg .title { font-size: 14px; font-weight: 600; fill: var(--ink); }
.grid { stroke: var(--grid); }
.line { fill: none; stroke-width: 2; }
.line-0 { stroke: var(--0); } .line-1 { stroke: var(--1); }
.bar-0, .dot-0 { fill: var(--0); } .bar-1, .dot-1 { fill: var(--1); }
.sample { margin: 1.4rem 0; }
.sample button[aria-pressed="true"] { outline: 3px solid var(--0); }
mark { background: none; color: inherit; border-bottom: 3px solid var(--0); }
mark.object { border-color: var(--1); }
`;
