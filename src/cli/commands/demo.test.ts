import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { escapeXml } from "../../demo/learning-curve.js";
import { wrapped } from "../demo/blocks.js";
import { Commands } from "../demo/commands.js";
import { demoHtml } from "../demo/html.js";
import { type DemoReport, demoPage, demoSections } from "../demo/page.js";
import { Output } from "../output.js";
import { createProgram } from "../program.js";
import { run } from "./demo.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kadapter-demo-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const nowhere = { write: () => true };
const demo = (overwrite: boolean) =>
  run(
    { out: folder, epochs: 1, seed: 1, overwrite },
    {
      output: new Output(true, nowhere, nowhere),
      signal: new AbortController().signal,
      stderr: process.stderr,
      atEnd: () => undefined,
      makeProgram: createProgram,
    },
  );

it("touches no folder that is somebody else's", async () => {
  const file = join(folder, "data");
  writeFileSync(file, "mine");
  await expect(demo(false)).rejects.toThrow("the folder is not empty; choose another --out, or replace");
  await expect(demo(true)).rejects.toThrow("the folder was not made by a demo; choose another --out");
  expect(existsSync(file)).toBe(true);
});

const accuracies = { adapter: 0.5, noAdapter: 0.25, majority: 0.125 };
const text = { before: 97.46, perplexity: 97.46, argmaxKept: 1 };
const answers = { before: "U", adapter: "<W>", together: "<W>", unplugged: "U" };
const report: DemoReport = {
  out: "runs/demo",
  seed: 42,
  backbone: {
    ...{ folder: "models/own", own: true, layers: 4, hiddenSize: 256, parameters: 900_000 },
    ...{ hashBefore: "a", hashAfter: "b" },
  },
  taught: {
    places: {
      country: { adapter: "runs/c", facts: 58, questions: 116, right: { alone: 0, adapter: 0.9, together: 0.875 } },
      harbour: { adapter: "runs/h", facts: 21, questions: 42, right: { alone: 0.1, adapter: 0.6, together: 0.5 } },
    },
    text: { plain: text, named: { ...text, perplexity: 103.21, argmaxKept: 0.75 } },
    examples: [
      { question: "In [MASK] & on.", object: "W", answers },
      { question: "France [MASK].", object: "Paris", answers },
    ],
    ...{ unplugged: { questions: 2, same: 2, words: 8192 }, othersSame: true },
  },
  relations: {
    data: { folder: "runs/demo/data", relations: 16, train: 100, known: 12, test: 10 },
    ...{ adapter: "runs/demo/relations", architecture: {} },
    accuracy: { knownPatterns: accuracies, newPatterns: { ...accuracies, adapter: 0.375 } },
    examples: [{ text: "A <b>B</b> & C.", subject: "A", object: "B", relation: "r", predicted: "s" }],
  },
  html: "runs/demo/report.html",
  seconds: 1,
};

describe("demoPage", () => {
  const page = demoPage(report).join("\n");

  it("shows a question's answers before, with its adapter, with both, and unplugged", () => {
    expect(page).toMatch(/In \[MASK\] & on\. +W +U +<W> +<W> +U\n/);
    // Nobody taught it, so it shows no answer that was.
    expect(page).toMatch(/France \[MASK\]\. +– +U +<W> +<W> +U\n/);
  });

  it("shows every number beside its controls", () => {
    expect(page).toMatch(/an invented country +58 +116 +0\.0 % +90\.0 % +87\.5 %/);
    expect(page).toMatch(/another place +21 +42 +10\.0 % +60\.0 % +50\.0 %/);
    expect(page).toMatch(/names nothing that was taught +97\.5 +97\.5 +100\.0 %/);
    expect(page).toMatch(/says something else +97\.5 +103\.2 +75\.0 %/);
    expect(page).toMatch(/frozen model \+ adapter +50\.0 % +37\.5 %/);
    expect(page).toContain('A → B: wrong: said "s", the fact is "r"');
    expect(page).toContain("after   b  CHANGED");
    expect(page).toContain("the page with the learning curves: runs/demo/report.html");
  });

  it.each([
    [{ questions: 2, same: 2, words: 8192 }, true, 0],
    [{ questions: 2, same: 1, words: 8192 }, true, 1],
    [{ questions: 2, same: 1, words: 8192 }, false, 2],
  ])("says what changed where %o stayed and of others %s", (unplugged, othersSame, changed) => {
    const lines = demoPage({ ...report, taught: { ...report.taught, unplugged, othersSame } }).join(" ");
    expect(lines.match(/: CHANGED\./g) ?? []).toHaveLength(changed);
  });
});

it("wrapped breaks between words alone and keeps to the width", () => {
  const word = fc.string({ minLength: 1, maxLength: 12 }).filter((one) => !one.includes(" "));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), (words) => {
      const lines = wrapped(words.join(" "), 16);
      expect(lines.join(" ")).toBe(words.join(" "));
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(16);
    }),
  );
});

describe("demoHtml", () => {
  const curve = { loss: [[10, 2] as const, [20, 1] as const], quality: [[20, 0.5] as const] };
  const html = demoHtml(report, {
    taught: { country: curve, harbour: curve },
    relations: { adapter: curve, noAdapter: curve },
  });

  it("is one file: no scripts, nothing loaded, all text escaped", () => {
    expect(html).not.toMatch(/<script|<link|<img|src=|href=|url\(|@import/);
    expect(html).toContain("A &#60;b&#62;B&#60;/b&#62; &#38; C.");
    expect(html).not.toMatch(/<b>|<W>/);
  });

  it("closes what it opens, and draws loss and quality of all trainings", () => {
    const open: string[] = [];
    for (const [, end, name = "", , empty] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:\s[^<>]*?)?)(\/?)>/g)) {
      if (end) expect(open.pop()).toBe(name);
      else if (!empty && name !== "meta") open.push(name);
    }
    expect(open).toEqual([]);
    expect(html.match(/<polyline /g)).toHaveLength(8);
    expect(html).toContain("prefers-color-scheme: dark");
  });

  it("tells the same as the page in the terminal", () => {
    const { about, taught, relations, end } = demoSections(report);
    for (const { title } of [about, ...taught, ...relations, ...end]) expect(html).toContain(escapeXml(title));
    expect(html).toContain("<td>&#60;W&#62;</td>");
    expect(html).toContain('<td class="number">90.0 %</td><td class="number">87.5 %</td>');
  });
});

describe("Commands", () => {
  it("shows each command as a shell takes it", async () => {
    const lines: string[] = [];
    const output = new Output(true, nowhere, { write: (line: string) => lines.push(line) });
    const commands = new Commands({
      ...{ output, signal: new AbortController().signal, stderr: process.stderr },
      atEnd: () => undefined,
      makeProgram: async (context) => ({ parseAsync: async () => context(true).output.result({ ok: true }) }) as never,
    });
    expect(await commands.run(["fill", "It's [MASK].", "--adapter", "a=runs/a"])).toEqual({ ok: true });
    expect(lines).toEqual(["$ kadapter fill 'It'\\''s [MASK].' --adapter a=runs/a\n"]);
  });
});
