import { expect, it } from "vitest";
import { spread } from "./statistics.js";

it("spread gives mean and sample deviation", () => {
  expect(spread([1, 2, 3, 4])).toEqual({ mean: 2.5, deviation: Math.sqrt(5 / 3) });
  expect(spread([7])).toEqual({ mean: 7, deviation: 0 });
});
