import { describe, expect, it } from "vitest";
import type { RelationExample } from "../../data/relation-example.js";
import { UserError } from "../../errors.js";
import { floatsOf } from "../../tensor.js";
import { smallBert } from "../../testing/small-tokenizers.js";
import type { JsonObject } from "../task.js";
import { relationClassification } from "./relation-classification.js";

const example: RelationExample = {
  text: "Marta was born in Vellmar.",
  subject: { start: 0, end: 5 },
  object: { start: 18, end: 25 },
  relation: "birthplace",
  where: "a test",
};

describe("relationClassification", () => {
  const tokenizer = smallBert();
  const encode = (options: JsonObject) => {
    const task = relationClassification.make(
      { labels: ["birthplace"], options },
      { maxLength: 32, dropout: 0, headInit: 0.1 },
    );
    const encoded = task.encode(example, tokenizer);
    if ("skipped" in encoded) throw new Error(encoded.skipped);
    return { task, encoded };
  };
  const positions = (options: JsonObject) => {
    const { encoded } = encode(options);
    return [encoded.subject, encoded.object].map((at) => tokenizer.idToToken(encoded.inputIds[at]!));
  };

  it("reads the first markers' vectors, in older folders too", () => {
    expect(positions({})).toEqual(["@", "#"]);
    expect(positions({ entityVector: "first-marker" })).toEqual(["@", "#"]);
  });

  it("reads the last tokens' vectors where its folder says so", () => {
    expect(positions({ entityVector: "last-token" })).toEqual(["##rta", "##ar"]);
  });

  it("says which positions its head reads: those that are fed", () => {
    const { task, encoded } = encode({});
    const width = encoded.inputIds.length + 3;
    const select = floatsOf(task.feeds([encoded], width), "select");
    const marked = [0, 1].map((row) => [...select.subarray(row * width, (row + 1) * width)].indexOf(1));
    expect(select.reduce((sum, x) => sum + x, 0)).toBe(2);
    expect(task.readPositions?.(encoded)).toEqual(marked);
    expect(marked).toEqual([encoded.subject, encoded.object]);
  });

  it("refuses options that are not its own", () => {
    expect(() => positions({ entityVector: "middle" })).toThrow(UserError);
    expect(() => positions({ entityVectors: "last-token" })).toThrow(
      /relation-classification: options: it has the unknown field "entityVectors"/,
    );
  });
});
