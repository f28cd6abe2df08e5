import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escapeXml, lineChart, readCurve, ticksUpTo } from "./learning-curve.js";

const lines = (events: readonly object[]) => events.map((event) => `${JSON.stringify(event)}\n`).join("");

describe("readCurve", () => {
  it("averages losses between points, and keeps every evaluation", () => {
    const steps = [4, 2, 1, 3, 5].map((loss, i) => ({ time: 1, kind: "step", step: i + 1, loss }));
    const scored = { kind: "eval", step: 4, metrics: { accuracy: 0.5, loss: 9 }, best: true };
    const other = [
      { kind: "start", step: 0 },
      { kind: "note", text: "x" },
      { kind: "done", step: 5 },
    ];
    expect(readCurve(lines([...other, ...steps, scored]), "accuracy", 3)).toEqual({
      loss: [
        [2, 3],
        [4, 2],
        [5, 5],
      ],
      quality: [[4, 0.5]],
    });
  });

  it("leaves out a loss that was no number, and takes an empty file", () => {
    expect(readCurve(lines([{ kind: "step", step: 1, loss: null }]), "accuracy")).toEqual({ loss: [], quality: [] });
    expect(readCurve("", "accuracy")).toEqual({ loss: [], quality: [] });
  });
});

describe("lineChart", () => {
  const options = { title: `Loss <&> "x"`, xLabel: "step", format: (y: number) => `${y}` };

  it("puts 0 below left, the highest tick on top, and draws a line for each series", () => {
    const svg = lineChart(
      [
        {
          name: "a<b",
          points: [
            [0, 0],
            [10, 5],
          ],
        },
        { name: "other", points: [[10, 2.5]] },
      ],
      options,
    );
    expect([...svg.matchAll(/<polyline [^>]*points="([^"]*)"/g)].map((match) => match[1])).toEqual([
      "52,236 448,56",
      "448,146",
    ]);
    expect(svg).toContain(`<circle class="dot-1" cx="448" cy="146" r="3"/>`);
    expect(svg).toContain("a&#60;b");
    expect(svg).toContain(`aria-label="Loss &#60;&#38;&#62; &#34;x&#34;"`);
  });

  it("keeps all it draws inside, whatever the numbers", () => {
    const point = fc.tuple(fc.nat(10_000), fc.double({ min: 0, max: 1e6, noNaN: true }));
    fc.assert(
      fc.property(fc.array(fc.array(point), { maxLength: 3 }), (all) => {
        const svg = lineChart(
          all.map((points) => ({ name: "s", points })),
          options,
        );
        for (const [, text = ""] of svg.matchAll(/points="([^"]*)"/g)) {
          for (const pair of text.split(" ").filter(Boolean)) {
            const [x = Number.NaN, y = Number.NaN] = pair.split(",").map(Number);
            expect(x >= 52 && x <= 448 && y >= 56 && y <= 236).toBe(true);
          }
        }
        expect(svg).not.toMatch(/NaN|Infinity/);
      }),
    );
  });
});

describe("ticksUpTo", () => {
  it("is round numbers, few, and reaches the end", () => {
    expect(ticksUpTo(1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticksUpTo(375)).toEqual([0, 100, 200, 300, 400]);
    expect(ticksUpTo(0)).toEqual([0, 1]);
    expect(ticksUpTo(Number.MIN_VALUE)).toEqual([0, 1]);
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (most) => {
        const ticks = ticksUpTo(most);
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(most * (1 - 1e-9));
        expect(ticks.at(-2)).toBeLessThan(most);
        expect(ticks.length).toBeGreaterThanOrEqual(4);
        expect(ticks.length).toBeLessThanOrEqual(7);
      }),
    );
  });
});

it("escapeXml leaves no sign that means something in markup", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const escaped = escapeXml(text);
      expect(escaped).not.toMatch(/[<>"']/);
      expect(escaped.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))).toBe(text);
    }),
  );
});
