import { expect, test } from "vitest";
import type { EncodedText } from "../tasks/task.js";
import { repeated, setOfCourses } from "./course-examples.js";
import type { TrainingSet } from "./trainer.js";

const long: TrainingSet<EncodedText> = {
  examples: [[1], [2, 3], [4], [5, 6, 7]].map((inputIds) => ({ inputIds })),
  lengths: [1, 2, 1, 3],
};
const short: TrainingSet<EncodedText> = {
  examples: [[8, 9], [10]].map((inputIds) => ({ inputIds })),
  lengths: [2, 1],
  textCounts: [3, 4],
};

test("a set that is read twice stands in a training beside one that is read once", () => {
  const { examples, lengths, textCounts, groups } = setOfCourses([long, repeated(short, 2)]);
  const read = [...examples];
  expect(read.map(({ inputIds }) => inputIds)).toEqual([[1], [2, 3], [4], [5, 6, 7], [8, 9], [10], [8, 9], [10]]);
  expect(read.map(({ course }) => course)).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  expect([...(groups as Uint32Array)]).toEqual(read.map(({ course }) => course));
  expect([...(lengths as Uint32Array)]).toEqual(read.map(({ inputIds }) => inputIds.length));
  expect([...(textCounts as Uint32Array)]).toEqual([1, 1, 1, 1, 3, 4, 3, 4]);
  // Hidden states are looked up by the example that its own set gave.
  expect(examples.at(6)?.own).toBe(short.examples.at(0));
  expect(examples.at(8)).toBeUndefined();
});

test("a set that is read once is itself", () => {
  expect(repeated(long, 1)).toBe(long);
});
