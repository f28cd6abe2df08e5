import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { charts, figures } from "../../scripts/charts.js";
import { detectRelationFormat, readRelations, relationFormats } from "../data/relation-data.js";
import type { RelationExample } from "../data/relation-example.js";
import { detectTreeFormat, readTrees, recogniseTrees, treeFormats } from "../data/tree-data.js";
import { noSkips } from "../testing/no-skips.js";
import { helpPage } from "./help-page.js";

const root = new URL("../../", import.meta.url);
const read = (path: string) => readFile(new URL(path, root), "utf8");
const pages = (await readdir(new URL("docs/", root)))
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`);

/** The headings of a page as GitHub names them in links. */
function headings(page: string): string[] {
  const lines = page.replace(/```.*?```/gs, "").matchAll(/^#+ (.*)$/gm);
  return [...lines].map(([, line = ""]) =>
    line
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- ]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe("documentation", () => {
  it("has every command and flag in docs/cli.md (else run `npm run docs:cli`)", async () => {
    expect(await read("docs/cli.md")).toBe(await helpPage());
  });

  it.each(["README.md", ...pages])("%s links to files that are there", async (page) => {
    const links = [...(await read(page)).matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1] ?? "");
    expect(links.filter((link) => !existsSync(new URL(link, new URL(page, root))))).toEqual([]);
  });

  it.each(["README.md", ...pages])("%s links to headings that are there", async (page) => {
    const links = [...(await read(page)).matchAll(/\]\(([^)#:]*)#([^)]+)\)/g)];
    const missing: string[] = [];
    for (const [, path = "", heading = ""] of links) {
      const target = path === "" ? page : new URL(path, new URL(page, root)).href.slice(root.href.length);
      if (!headings(await read(target)).includes(heading)) missing.push(`${path}#${heading}`);
    }
    expect(missing).toEqual([]);
  });

  it("has the charts that docs/figures.json gives (else run `npm run docs:charts`)", async () => {
    for (const [file, svg] of charts()) expect(await read(`docs/images/${file}`), file).toBe(svg);
  });

  it("shows in charts only numbers that stand on their pages", async () => {
    for (const { file, page, series } of figures()) {
      const text = await read(`docs/${page}`);
      expect(text.includes(`(images/${file})`), `${page} shows ${file}`).toBe(true);
      for (const [mean, spread] of series.flatMap(({ values }) => values.filter((value) => value !== null))) {
        const digits = Number.isInteger(mean) && spread === 0 ? 0 : 1;
        const number = mean.toFixed(digits);
        expect(text, file).toMatch(spread === 0 ? new RegExp(`\\b${number}\\b`) : `${number} ± ${spread.toFixed(1)}`);
      }
    }
  });

  it.each(pages)("%s has a command to try", async (page) => {
    expect(await read(page)).toMatch(/^Try: `(npm|node) /m);
  });

  it.each(["README.md", ...pages])("%s names only npm scripts that there are", async (page) => {
    const { scripts } = JSON.parse(await read("package.json")) as { scripts: Record<string, string> };
    const named = [...(await read(page)).matchAll(/npm run ([\w:]+)/g)].map((match) => match[1] ?? "");
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it.each(relationFormats)("shows an example of %s that is read as such", async (format) => {
    const endings: Partial<Record<string, string>> = { wiki80: "jsonl", semeval: "txt" };
    const name = `examples/data/${format}.${endings[format] ?? "json"}`;
    const path = fileURLToPath(new URL(name, root));
    expect(await detectRelationFormat(path)).toBe(format);
    const examples: RelationExample[] = [];
    for await (const example of readRelations(path, { onSkip: noSkips })) examples.push(example);
    const capital = examples.find(({ relation }) => relation === "capital" || relation === "P36");
    const { text, subject, object } = capital as RelationExample;
    expect([text.slice(subject.start, subject.end), text.slice(object.start, object.end)]).toEqual([
      "Austria",
      "Vienna",
    ]);
  });

  it.each(treeFormats)("shows an example of %s that is read as such", async (format) => {
    const name = format === "conllu" ? "trees.conllu" : "find-head.json";
    const path = fileURLToPath(new URL(`examples/data/${name}`, root));
    expect(await detectTreeFormat(path)).toBe(format);
    const forms: string[] = [];
    for await (const { words } of readTrees(path)) for (const { form } of words) forms.push(form);
    expect(forms).toContain("n't");
  });

  it("tells trees from relations in all examples", async () => {
    const folder = fileURLToPath(new URL("examples/data/", root));
    const found = await Promise.all(
      (await readdir(folder)).sort().map(async (name) => [name, await recogniseTrees(`${folder}${name}`)]),
    );
    expect(found.filter(([, format]) => format !== null)).toEqual([
      ["find-head.json", "find-head"],
      ["trees.conllu", "conllu"],
    ]);
    expect(found.length).toBe(relationFormats.length + treeFormats.length);
  });

  it("shows valid JSON for every format", async () => {
    const shown = [...(await read("docs/data.md")).matchAll(/```json\n(.*)\n```/g)].map((match) => match[1] ?? "");
    const inJson = relationFormats.filter((format) => format !== "semeval");
    expect(shown.map((json) => typeof JSON.parse(json))).toEqual(inJson.map(() => "object"));
  });
});
