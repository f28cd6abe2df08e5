import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { demoHtml } from "../demo/html.js";
import { clozeVerdict, type DemoReport, demoPage, demoSections, wrapped } from "../demo/page.js";
import { Output } from "../output.js";
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
const report: DemoReport = {
  out: "runs/demo",
  seed: 42,
  backbone: {
    ...{ folder: "models/own", own: true, layers: 4, hiddenSize: 256, parameters: 900_000 },
    ...{ hashBefore: "a", hashAfter: "b" },
  },
  data: { folder: "runs/demo/data", relations: 16, train: 100, known: 12, test: 10 },
  architecture: {},
  accuracy: { knownPatterns: accuracies, newPatterns: { ...accuracies, adapter: 0.375 } },
  examples: [{ text: "A <b>B</b> & C.", subject: "A", object: "B", relation: "r", predicted: "s" }],
  cloze: {
    asked: 40,
    relations: 2,
    right: { ownHead: 1, newHead: 10, adapter: 12, majority: 6 },
    examples: [{ question: "In [MASK].", object: "X", answers: { ownHead: "U", newHead: "V", adapter: "<W>" } }],
  },
  ...{ adapter: "runs/demo/adapter", heads: "runs/demo/heads", questions: "runs/demo/questions" },
  html: "runs/demo/report.html",
  seconds: 1,
};

describe("demoPage", () => {
  const page = demoPage(report).join("\n");

  it("shows every number beside its controls", () => {
    expect(page).toMatch(/frozen model \+ adapter +50\.0 % +37\.5 %/);
    expect(page).toContain('A → B: wrong: said "s", the fact is "r"');
    expect(page).toMatch(/model alone, the head it came with +2\.5 % +1 of 40/);
    expect(page).toMatch(/model \+ adapter, new head +30\.0 % +12 of 40/);
    expect(page).toMatch(/most frequent object +15\.0 % +6 of 40/);
    expect(page).toContain(
      "In [MASK].  The fact: X\n      model alone, the head it came with: U; model alone, new head: V; model",
    );
    expect(page).toContain("after   b  CHANGED");
    expect(page).toContain("the page with the learning curve: runs/demo/report.html");
  });

  it("leaves out the own head of a model that has none", () => {
    const { ownHead: _, ...right } = report.cloze.right;
    const without = demoPage({ ...report, cloze: { ...report.cloze, right } }).join("\n");
    expect(without).not.toContain("the head it came with");
    expect(without).toContain("The fact: X\n      model alone, new head: V; model + adapter, new head: <W>");
  });
});

describe("clozeVerdict", () => {
  it.each([
    [10, 12, "within chance"],
    [12, 10, "within chance"],
    [10, 30, "the adapter helps, by more than chance"],
    [30, 10, "the head without the adapter is right more often"],
  ])("a new head that is right %i times, with the adapter %i times: %s", (newHead, adapter, words) => {
    expect(clozeVerdict({ asked: 40, right: { newHead, adapter, majority: 0 } })).toContain(words);
  });

  it("says when nobody beats the most frequent object", () => {
    const none = "None of them beats naming the most frequent object.";
    const right = { ownHead: 13, newHead: 10, adapter: 12 };
    expect(clozeVerdict({ asked: 40, right: { ...right, majority: 13 } })).toContain(none);
    expect(clozeVerdict({ asked: 40, right: { ...right, majority: 12 } })).not.toContain(none);
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
  const curve = { loss: [[10, 2] as const, [20, 1] as const], accuracy: [[20, 0.5] as const] };
  const html = demoHtml(report, { adapter: curve, noAdapter: curve });

  it("is one file: no scripts, nothing loaded, all text escaped", () => {
    expect(html).not.toMatch(/<script|<link|<img|src=|href=|url\(|@import/);
    expect(html).toContain("A &#60;b&#62;B&#60;/b&#62; &#38; C.");
    expect(html).not.toMatch(/<b>|<W>/);
  });

  it("closes what it opens, and draws loss and accuracy of both trainings", () => {
    const open: string[] = [];
    for (const [, end, name = "", , empty] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:\s[^<>]*?)?)(\/?)>/g)) {
      if (end) expect(open.pop()).toBe(name);
      else if (!empty && name !== "meta") open.push(name);
    }
    expect(open).toEqual([]);
    expect(html.match(/<polyline /g)).toHaveLength(4);
    expect(html).toContain("prefers-color-scheme: dark");
  });

  it("tells the same as the page in the terminal", () => {
    for (const { title } of demoSections(report)) expect(html).toContain(title);
    expect(html).toContain("<td>30.0 %</td><td>12 of 40</td>");
  });
});
