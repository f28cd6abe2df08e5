import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { evaluateAligner } from "./evaluate.js";
import { readMarkedDocuments } from "./redocred.js";

const words = (text: string) => text.split(" ");
const mention = (name: string, sent_id: number, pos: readonly [number, number], type: string) => ({
  name,
  sent_id,
  pos,
  type,
});

const document = (city: string, country: string) => ({
  title: city,
  sents: [words(`${city} is the capital of ${country} .`), words(`Its people like ${country} .`)],
  vertexSet: [
    [mention(city, 0, [0, 1], "LOC")],
    [mention(country, 0, [5, 6], "LOC"), mention(country, 1, [3, 4], "LOC")],
  ],
  labels: [{ h: 0, t: 1, r: "P17", evidence: [0] }],
});

async function file(records: unknown): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), "kadapter-align-")), "documents.json");
  await writeFile(path, typeof records === "string" ? records : JSON.stringify(records));
  return path;
}

const evaluate = async (records: unknown, facts: "same" | "other") =>
  evaluateAligner(await readMarkedDocuments(await file(records)), { facts, allNames: true }, "test");

describe("evaluateAligner", () => {
  it("finds everything in documents that state what they know", async () => {
    const found = await evaluate([document("Vienna", "Austria"), document("Paris", "France")], "same");
    expect(found).toMatchObject({
      documents: 2,
      mentions: { precision: 1, recall: 1, found: 6, expected: 6 },
      facts: { precision: 1, recall: 1, found: 2, expected: 2 },
      stated: 1,
      relations: [{ relation: "P17", precision: 1, recall: 1, found: 2, expected: 2 }],
    });
  });

  it("knows of other documents' facts only what they have", async () => {
    const vienna = document("Vienna", "Austria");
    expect((await evaluate([vienna, document("Paris", "France")], "other")).facts).toMatchObject({
      found: 0,
      expected: 0,
    });
    const unmarked = { ...vienna, labels: [] };
    const facts = (await evaluate([vienna, vienna, unmarked], "other")).facts;
    // The third document does not say what the others know of it.
    expect(facts).toEqual({ found: 3, expected: 2, precision: 2 / 3, recall: 1 });
  });

  it("takes a fact for wrong whose entities are marked in no common sentence", async () => {
    const vienna = document("Vienna", "Austria");
    const apart = { ...vienna, vertexSet: [vienna.vertexSet[0]!, [mention("Austria", 1, [3, 4], "LOC")]] };
    const found = await evaluate([apart, document("Paris", "France")], "same");
    expect(found.facts).toEqual({ found: 2, expected: 1, precision: 0.5, recall: 1 });
    expect(found.stated).toBe(0.5);
  });

  it("ends early where it is told to", async () => {
    const documents = await readMarkedDocuments(await file([document("Vienna", "Austria")]));
    const options = { facts: "same", allNames: true } as const;
    await expect(evaluateAligner(documents, options, "test", AbortSignal.abort())).rejects.toThrow("aborted");
  });
});

describe("readMarkedDocuments", () => {
  const good = document("Vienna", "Austria");

  it.each([
    [[], "documents.json: the file has no documents"],
    ["[{", "documents.json"],
    [[{ ...good, vertexSet: [[mention("x", 9, [0, 1], "LOC")]] }], 'field "vertexSet": no words stand at 0 to 1'],
    [[{ ...good, vertexSet: [[mention("x", 0, [3, 3], "LOC")]] }], 'field "vertexSet": no words stand at 3 to 3'],
    [[{ ...good, vertexSet: [[mention("x", 0, [0, 99], "LOC")]] }], 'field "vertexSet": no words stand at 0 to 99'],
    [[{ ...good, labels: [{ h: 0, t: 2, r: "P1" }] }], 'field "labels": entity 2 is not there'],
    [[{ ...good, sents: "text" }], 'field "sents"'],
    [[{ title: "x" }], 'field "sents"'],
  ])("says in one line what is wrong with %j", async (records, message) => {
    await expect(readMarkedDocuments(await file(records)).then(() => "read")).rejects.toThrow(message);
  });
});
