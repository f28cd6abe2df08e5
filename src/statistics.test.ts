import { expect, it } from "vitest";
import { meanAndDeviation } from "./statistics.js";

it("meanAndDeviation gives mean and sample deviation", () => {
  expect(meanAndDeviation([1, 2, 3, 4])).toEqual({ mean: 2.5, deviation: Math.sqrt(5 / 3) });
  expect(meanAndDeviation([7])).toEqual({ mean: 7, deviation: 0 });
});
