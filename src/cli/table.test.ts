import { expect, it } from "vitest";
import { tableLines } from "./table.js";

it("stands words to the left and numbers to the right, each row in one line", () => {
  expect(
    tableLines(
      ["name", "n"],
      [
        ["a", "100"],
        ["longer", "1"],
      ],
    ),
  ).toEqual(["name      n", "a       100", "longer    1"]);
  expect(tableLines(["a", "b"], [["x\ny\u001b[2J", "z"]], 2)).toEqual(["a        b", "x y [2J  z"]);
  const [, cut] = tableLines(["a"], [["word ".repeat(100)]]);
  expect(cut).toHaveLength(60);
  expect(cut).toMatch(/…$/);
});
