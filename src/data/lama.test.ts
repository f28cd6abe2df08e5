import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { type LamaFact, lamaMask, lamaQuery, lamaSetsIn, readLama, readLamaFacts, readVocabulary } from "./lama.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-lama-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

let roots = 0;
/** A LAMA folder with the given files. */
async function lama(files: Readonly<Record<string, readonly object[] | Uint8Array>>): Promise<string> {
  const root = join(folder, `lama-${roots++}`);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(root, name, ".."), { recursive: true });
    const bytes = Array.isArray(content) ? content.map((line) => `${JSON.stringify(line)}\n`).join("") : content;
    await writeFile(join(root, name), bytes as string | Uint8Array);
  }
  return root;
}

const fact = { sub_label: "Ada Lovelace", obj_label: "London", uuid: "1" };
const template = { relation: "P19", template: "[X] was born in [Y] ." };

describe("readLama", () => {
  it("reads facts with templates and paraphrases, and asks with a hole", async () => {
    const root = await lama({
      "TREx_template/P19.jsonl": [fact],
      "relations.jsonl": [template],
      "pararel_patterns/P19.jsonl": [{ pattern: "[X] is native to [Y].", lemma: "native" }],
    });
    const [relation] = await readLama(root, "trex");
    expect(relation).toMatchObject({ name: "P19", template: template.template, patterns: ["[X] is native to [Y]."] });
    const [first] = relation!.facts;
    expect(first).toMatchObject({ relation: "P19", subject: "Ada Lovelace", object: "London" });
    expect(lamaQuery(relation!.template, first!)).toBe("Ada Lovelace was born in [MASK] .");
    expect(await lamaSetsIn(root)).toEqual(["trex"]);
  });

  it("reads Google-RE with its own templates, ConceptNet and SQuAD with their sentences, gzipped or not", async () => {
    const conceptnet = { sub: "alive", pred: "HasSubevent", obj_label: "think", masked_sentences: ["You [MASK]."] };
    const squad = { sub_label: "Squad", obj_label: "gold", id: "q1", masked_sentences: ["It was [MASK]."] };
    const google = { ...fact, pred: "/people/person/place_of_birth", sub_w: "Q7259", masked_sentences: ["In [MASK]."] };
    const root = await lama({
      "Google_RE/place_of_birth_test.jsonl.gz": gzipSync(JSON.stringify(google)),
      "ConceptNet/a.jsonl": [conceptnet],
      "ConceptNet/b.jsonl": [conceptnet, { ...conceptnet, masked_sentences: ["[MASK] [MASK]"] }],
      "Squad/test.jsonl": [squad],
    });
    const [birth] = await readLama(root, "google-re");
    expect(birth).toMatchObject({ name: "place_of_birth", template: template.template });
    expect(birth?.facts[0]).toMatchObject({ subjectId: "Q7259" });
    const skipped: string[] = [];
    const [subevent] = await readLama(root, "conceptnet", { onSkip: (reason) => skipped.push(reason) });
    expect(subevent).toMatchObject({ name: "HasSubevent", template: null, facts: [{ object: "think" }] });
    expect(skipped).toEqual(["repeated", "one-mask-needed"]);
    const [questions] = await readLama(root, "squad");
    expect(lamaQuery(null, questions!.facts[0]!)).toBe("It was [MASK].");
    await expect(readLama(root, "trex")).rejects.toThrow(/holds no trex; .*google-re, conceptnet, squad/);
  });

  it.each([
    [{ "TREx_template/P19.jsonl": [{ sub_label: "x" }] }, /P19\.jsonl:1: field "obj_label"/],
    [{ "TREx_template/P19.jsonl": [fact], "relations.jsonl": [{ ...template, template: "[X] is" }] }, /one \[X\]/],
    [{ "TREx_template/note.txt": [] }, /holds no facts/],
  ])("says what is wrong with %j", async (files, message) => {
    const root = await lama(files);
    await expect(readLama(root, "trex")).rejects.toThrow(UserError);
    await expect(readLama(root, "trex")).rejects.toThrow(message);
  });

  it("gives back any names that were written", async () => {
    const name = fc.string({ minLength: 1, maxLength: 30, unit: "grapheme" });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, name), { minLength: 1, maxLength: 8 }), async (pairs) => {
        const lines = pairs.map(([sub_label, obj_label]) => ({ sub_label, obj_label }));
        const root = await lama({ "TREx/P1.jsonl": lines });
        const read: LamaFact[] = [];
        for await (const one of readLamaFacts(join(root, "TREx/P1.jsonl"))) read.push(one);
        expect(read.map(({ subject, object }) => [subject, object])).toEqual(pairs);
        for (const one of read) {
          const query = lamaQuery("[X] likes [Y].", one);
          expect(query).toBe(`${one.subject} likes ${lamaMask}.`);
        }
      }),
      { numRuns: 30 },
    );
  });
});

it("readVocabulary drops empty and repeated lines, and refuses an empty file", async () => {
  const file = join(folder, "vocabulary.txt");
  await writeFile(file, "Paris\n\nLondon\r\nParis\n");
  expect(await readVocabulary(file)).toEqual(["Paris", "London"]);
  await writeFile(file, "\n");
  await expect(readVocabulary(file)).rejects.toThrow(/vocabulary is empty/);
});
