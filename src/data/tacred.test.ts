import { describe, expect, it } from "vitest";
import type { RelationExample } from "./relation-example.js";
import { limitNegatives } from "./tacred.js";

async function* examples(relations: readonly (readonly [string, string])[]): AsyncGenerator<RelationExample> {
  const span = { start: 0, end: 1 };
  for (const [id, relation] of relations) yield { id, relation, text: "a", subject: span, object: span, where: "f:1" };
}

async function kept(relations: readonly (readonly [string, string])[], negativeSample: number): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of limitNegatives(examples(relations), negativeSample)) ids.push(id ?? "");
  return ids;
}

describe("limitNegatives", () => {
  const relations = [
    ["a", "r"],
    ["b", "no_relation"],
    ["c", "no_relation"],
    ["d", "r"],
    ["e", "no_relation"],
  ] as const;

  it("keeps one negative fewer than it is told, as the official code does, and counts the others", async () => {
    expect(await kept(relations, 0)).toEqual(["a", "d"]);
    expect(await kept(relations, 3)).toEqual(["a", "b", "c", "d"]);
    expect(await kept(relations, 9)).toEqual(["a", "b", "c", "d", "e"]);
    const skipped: (string | undefined)[] = [];
    for await (const _ of limitNegatives(examples(relations), 2, ({ id }) => skipped.push(id)));
    expect(skipped).toEqual(["c", "e"]);
  });
});
