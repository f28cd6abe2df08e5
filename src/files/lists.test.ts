import { describe, expect, it } from "vitest";
import { z } from "zod";
import { judge } from "./json.js";
import { listOf, mapOf } from "./lists.js";

const tokens = z.object({ token: listOf(z.string(), { least: 1, most: 2_000_000 }) });

describe("listOf", () => {
  it("gives the items, each as its schema makes it", () => {
    expect(judge(listOf(z.string().default("x")), ["a", undefined])).toEqual({ data: ["a", "x"] });
    expect(judge(listOf(listOf(z.int())), [[1], [], [2, 3]])).toEqual({ data: [[1], [], [2, 3]] });
  });

  it("says what is wrong with the first wrong item, and where it stands", () => {
    expect(judge(tokens, { token: ["a", 1, 2] })).toEqual({ field: "token.1", message: "it is 1, not a text" });
    expect(judge(tokens, { token: [] })).toEqual({ field: "token", message: "it is empty" });
    expect(judge(tokens, { token: "a" })).toEqual({ field: "token", message: 'it is "a", not a list' });
    expect(judge(tokens, {})).toEqual({ field: "token", message: "it is missing" });
    expect(judge(listOf(z.string(), { most: 2 }), ["a", "b", "c"])).toEqual({
      field: "",
      message: "it has 3 items, not at most 2",
    });
    expect(judge(listOf(listOf(z.int())), [[1], [2, "x"]])).toEqual({
      field: "1.1",
      message: 'it is "x", not a number',
    });
  });

  it("takes no time for a million wrong items", () => {
    const start = performance.now();
    expect("data" in judge(tokens, { token: Array(1_000_000).fill(1) })).toBe(false);
    expect(performance.now() - start).toBeLessThan(3000);
  });
});

describe("mapOf", () => {
  it("gives the values, and says which is wrong first", () => {
    expect(judge(mapOf(z.int()), { a: 1 })).toEqual({ data: { a: 1 } });
    expect(judge(mapOf(z.int()), { a: 1, b: "x", c: "y" })).toEqual({ field: "b", message: 'it is "x", not a number' });
    expect(judge(mapOf(z.int()), [1])).toEqual({ field: "", message: "it is a list, not an object" });
    expect(judge(mapOf(z.int()), undefined)).toEqual({ field: "", message: "it is missing" });
    expect(judge(mapOf(z.int(), 1), { a: 1, b: 2 })).toEqual({ field: "", message: "it has more than 1 fields" });
  });

  it("takes no time for many wrong values", () => {
    const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`k${i}`, "x"]));
    const start = performance.now();
    expect("data" in judge(mapOf(z.int()), many)).toBe(false);
    expect(performance.now() - start).toBeLessThan(3000);
  });
});
