import { expect, it } from "vitest";
import { barChart } from "./bar-chart.js";

const chart = (rows: readonly { readonly name: string; readonly values: readonly number[] }[], top?: number) =>
  barChart({
    ...{ title: 'P@1 <of> "all"', series: ["alone & bare", "adapter"], rows, format: String },
    ...(top === undefined ? {} : { top }),
  });
const widths = (svg: string, series: number) =>
  [...svg.matchAll(new RegExp(`class="bar-${series}" x="150" y="[\\d.]+" width="([\\d.]+)"`, "g"))].map(([, w]) =>
    Number(w),
  );

it("draws a bar for each value, as long as it is", () => {
  const svg = chart(
    [
      { name: "one", values: [0, 0.5] },
      { name: "two", values: [1, 0.25] },
    ],
    1,
  );
  expect(widths(svg, 0)).toEqual([0, 240]);
  expect(widths(svg, 1)).toEqual([120, 60]);
});

it("escapes every name, cuts long ones, and keeps bars within the axis", () => {
  const svg = chart([{ name: `<script>${"x".repeat(40)}`, values: [3, 1] }], 1);
  expect(svg).not.toMatch(/<script|& |"all"/);
  expect(svg).toContain("&#60;script&#62;");
  expect(svg).toMatch(/x…<\/text>/);
  expect(widths(svg, 0)).toEqual([240]);
  // Nothing to show is no reason to fail.
  expect(chart([])).toMatch(/^<svg[\s\S]*<\/svg>$/);
  expect(widths(chart([{ name: "none", values: [0, 0] }]), 0)).toEqual([0]);
});
