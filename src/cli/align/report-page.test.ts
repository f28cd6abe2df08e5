import { createHash } from "node:crypto";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { AlignReport } from "../../knowledge/pipeline/report.js";
import { alignReportPage } from "./report-page.js";

const hostile = `😀 Ada </script><script>alert(1)</script> & "Bo"`;
const text = `${hostile} knows Vellmar.`;
const before = [...text.slice(0, text.indexOf("Vellmar"))].length;
const sample = (relation: string) => ({
  text,
  h: { name: "😀 Ada", id: "Q1", pos: [0, 5] as const },
  t: { name: "Vellmar", id: "<b>", pos: [before, before + 7] as const },
  relation,
  found: ["name", "link"] as const,
  score: 0.5,
  document: "<i>d</i>:1",
});
const report: AlignReport = {
  documents: 3,
  sentences: 4,
  characters: 90,
  records: { train: 2, dev: 0, test: 0 },
  repeated: 0,
  mentions: { name: 2 },
  foundBy: { "name link": 2 },
  scores: [0, 0, 0, 0, 0, 2, 0, 0, 0, 0],
  skipped: { "<u>": 1 },
  relations: [{ relation: "P1", label: "knows & likes", train: 2, dev: 0, test: 0 }],
  samples: [sample("P1"), sample("P2")],
};
const page = alignReportPage(report);

interface Element {
  readonly children: Element[];
  textContent: string;
  className: string;
}

/** Runs the page's script with as much of a browser as it uses. */
function opened(script: string, kept: Record<string, string>) {
  const element = (): Element & object => {
    const children: Element[] = [];
    const append = (...more: Element[]) => children.push(...more);
    return Object.assign(
      { children, textContent: "", className: "", append },
      {
        replaceChildren: (...more: Element[]) => children.splice(0, children.length, ...more),
      },
    );
  };
  const table = element();
  let onClick = (_: object) => undefined;
  runInNewContext(script, {
    localStorage: {
      getItem: (key: string) => kept[key] ?? null,
      setItem: (key: string, value: string) => {
        kept[key] = value;
      },
    },
    document: {
      getElementById: () => table,
      createElement: element,
      querySelectorAll: () => [],
      addEventListener: (_: string, listener: typeof onClick) => {
        onClick = listener;
      },
    },
  });
  return {
    tick: (of: string, tick: string) => onClick({ target: { id: "", dataset: { sample: of, tick } } }),
    lines: () => table.children.slice(1).map(({ children }) => children.map(({ textContent }) => textContent)),
  };
}

describe("alignReportPage", () => {
  const scripts = [...page.matchAll(/<script>(.*?)<\/script>/gs)].map((match) => match[1] ?? "");

  it("has one script, which its policy alone allows, and nothing of the texts as markup", () => {
    expect(scripts).toHaveLength(1);
    const hash = createHash("sha256")
      .update(scripts[0] ?? "")
      .digest("base64");
    expect(page).toContain(`default-src 'none'; script-src 'sha256-${hash}'`);
    expect(page).not.toMatch(/ on\w+=|https?:|<i>|<u>|<b>/);
    expect(page).toContain('<mark class="subject">😀 Ada</mark> &#60;/script');
    expect(page).toContain('<mark class="object">Vellmar</mark>.');
    expect(page).toContain("knows &#38; likes");
  });

  it("counts what is ticked, by relation, with Wilson's interval, and keeps it", () => {
    const kept: Record<string, string> = {};
    const first = opened(scripts[0] ?? "", kept);
    expect(first.lines()).toEqual([["all", "0 of 0", "–", "0.0 % to 100.0 %"]]);
    first.tick("0", "right");
    first.tick("1", "wrong");
    const both = [
      ["all", "1 of 2", "50.0 %", "9.5 % to 90.5 %"],
      ["relation P1", "1 of 1", "100.0 %", "20.7 % to 100.0 %"],
      ["relation P2", "0 of 1", "0.0 %", "0.0 % to 79.3 %"],
    ];
    expect(first.lines()).toEqual(both);
    expect(opened(scripts[0] ?? "", kept).lines()).toEqual(both);
    first.tick("0", "right");
    expect(first.lines()[0]).toEqual(["all", "0 of 1", "0.0 %", "0.0 % to 79.3 %"]);
  });
});
