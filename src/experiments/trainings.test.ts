import { expect, it } from "vitest";
import type { BackboneHandle } from "../features/backbone-handle.js";
import type { EncodedText, TaskKind } from "../tasks/task.js";
import type { Tokenizer } from "../text/tokenizer.js";
import { hashesOfData } from "./trainings.js";

const backbone = { hash: "abc" } as BackboneHandle;

it("data is told apart by the tokenizer that reads it, whatever the backbone", () => {
  const example = { where: "here", examples: ["one two"], skipped: {} };
  const task = {
    encode: (text: string, tokenizer: Tokenizer) => ({ inputIds: tokenizer.encode(text).ids }),
    feeds: () => ({}),
  };
  const kind = { name: "fake", make: () => task } as unknown as TaskKind<string, EncodedText, unknown>;
  const taskData = { kind, settings: { labels: null, options: {} }, train: example, dev: example };
  const reads = (hash: string, id: number) => {
    const tokenizer = { hash, encode: () => ({ ids: [id] }) } as unknown as Tokenizer;
    return hashesOfData({ backbone: { ...backbone, tokenizer }, maxLength: 8 }, taskData);
  };
  expect(reads("a", 1)).not.toEqual(reads("b", 2));
  expect(reads("a", 1)).toBe(reads("a", 1));
});
