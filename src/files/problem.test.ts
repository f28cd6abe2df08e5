import { describe, expect, it } from "vitest";
import { z } from "zod";
import { judge } from "./json.js";

describe("what a schema finds wrong", () => {
  const name = z.string().min(2).max(4);
  it.each<[z.ZodType, unknown, string]>([
    [z.object({ a: name }), {}, "it is missing"],
    [name, 3, "it is 3, not a text"],
    [name, { a: 1 }, "it is an object, not a text"],
    [name, "", "it is empty"],
    [name, "x", "it has 1 character, not at least 2"],
    [name, "xxxxx", "it has 5 characters, not at most 4"],
    [z.number().int(), 1.5, "it is 1.5, not a whole number"],
    [z.number().positive(), 0, "it is 0, not more than 0"],
    [z.number().max(9), 10, "it is 10, not at most 9"],
    [z.array(z.string()).min(1), [], "it is empty"],
    [z.record(z.string(), z.string()), null, "it is null, not an object"],
    [z.boolean(), "no", 'it is "no", not true or false'],
    [z.enum(["a", "b"]), "c", 'it is "c", not one of "a", "b"'],
    [z.literal("a"), "c", 'it is "c", not "a"'],
    [z.strictObject({}), { far: 1 }, 'it has the unknown field "far"'],
    [z.string().regex(/^a$/), "b", 'it is "b", which is not valid'],
    [z.string().refine((text) => text === "a", "it is no a"), "b", "it is no a"],
    [z.union([name, z.array(name)]), "x", "it has 1 character, not at least 2"],
    [z.union([name, z.array(name)]), 3, "it is 3, which is not valid"],
  ])("no %#: it is said in plain words", (schema, value, message) => {
    const judged = judge(schema, value);
    expect("message" in judged && judged.message).toBe(message);
  });
});
