/** The aligner on Re-DocRED's test documents, of which none was looked at while it was written. */
import { describe, expect, it } from "vitest";
import { published } from "../../../testing/published.js";
import { evaluateAligner } from "./evaluate.js";
import { readMarkedDocuments } from "./redocred.js";

const file = published("data", "redocred", "test.json.gz");

describe.skipIf(file === "")("the aligner on Re-DocRED", () => {
  it("finds the facts of the same document", async () => {
    const documents = await readMarkedDocuments(file);
    const { facts, stated } = await evaluateAligner(documents, { facts: "same", allNames: true }, file);
    expect(facts.precision).toBeGreaterThan(0.95);
    expect(facts.recall).toBeGreaterThan(0.85);
    expect(stated).toBeGreaterThan(0.95);
  });

  it("finds facts that other documents know", async () => {
    const documents = await readMarkedDocuments(file);
    const options = { facts: "other", allNames: true, noSharedStem: true } as const;
    const { facts } = await evaluateAligner(documents, options, file);
    expect(facts.precision).toBeGreaterThan(0.65);
    expect(facts.recall).toBeGreaterThan(0.85);
  });
});
