import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import {
  detectRelationFormat,
  inspectRelations,
  partOf,
  type RelationFormat,
  type RelationReading,
  readRelations,
  relationFormats,
  subjectKey,
} from "./relation-data.js";
import type { RelationExample } from "./relation-example.js";

let folder = "";
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-relations-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function file(content: string | Uint8Array): Promise<string> {
  const path = join(folder, `set-${files++}`);
  await writeFile(path, content);
  return path;
}

async function read(path: string, options?: RelationReading): Promise<RelationExample[]> {
  const result: RelationExample[] = [];
  for await (const example of readRelations(path, { ...options, onSkip: () => undefined })) result.push(example);
  return result;
}

async function messageOf(result: Promise<unknown>): Promise<string> {
  const error = await result.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).not.toContain("\n");
  return (error as UserError).message;
}

const token = ["Marta", "Quill", "lives", "in", "old", "Vellmar", "."];
const docText = "Marta 😀 Quill lives in Vellmar. Vellmar is old.";
/** Offsets as Python counts them. */
const points = (part: string, from = 0): [number, number] => {
  const start = [...docText.slice(0, docText.indexOf(part, from))].length;
  return [start, start + [...part].length];
};
const entity = (uri: string, boundaries: [number, number] | null) => ({
  uri: `http://www.wikidata.org/entity/${uri}`,
  boundaries,
  surfaceform: null,
});
const triple = (subject: unknown, object: unknown, relation = "P551", sentence_id = 0) => ({
  subject,
  predicate: { uri: `http://www.wikidata.org/prop/direct/${relation}`, boundaries: null },
  object,
  sentence_id,
});
const marta = entity("Q1", points("Marta 😀 Quill"));
const vellmar = entity("Q2", points("Vellmar"));
const later = entity("Q2", points("Vellmar", 33));
const document = (triples: unknown[]) => ({
  docid: "http://www.wikidata.org/entity/Q9",
  title: "x",
  text: docText,
  sentences_boundaries: [points("Marta 😀 Quill lives in Vellmar."), points("Vellmar is old.", 32)],
  words_boundaries: [],
  triples,
});

const samples: Record<RelationFormat, { make: () => unknown[]; write: (records: unknown[]) => string }> = {
  fewrel: {
    make: () => [{ tokens: token, h: ["marta quill", "Q1", [[0, 1], [5]]], t: ["vellmar", "Q2", [[5]]] }],
    write: (records) => JSON.stringify({ P551: records }),
  },
  wiki80: {
    make: () => [
      { token, h: { name: "marta", id: "Q1", pos: [0, 2] }, t: { name: "v", id: "Q2", pos: [5, 6] }, relation: "P551" },
    ],
    write: (records) => records.map((record) => `${JSON.stringify(record)}\n`).join(""),
  },
  tacred: {
    make: () => [
      {
        id: "n1",
        docid: "d",
        relation: "P551",
        token,
        subj_start: 0,
        subj_end: 1,
        obj_start: 5,
        obj_end: 5,
        subj_type: "PERSON",
        obj_type: "CITY",
        extra: 1,
      },
    ],
    write: (records) => JSON.stringify(records, null, 1),
  },
  semeval: {
    make: () => [{ id: "7", relation: "P551" }],
    write: (records) =>
      (records as { id: string; relation?: string }[])
        .map(({ id, relation }) => {
          const sentence = `${id}\t"<e1>Marta Quill</e1> lives in old <e2>Vellmar</e2>."\n`;
          return `${sentence}${relation === undefined ? "" : `${relation}\nComment: x\n`}\n`;
        })
        .join(""),
  },
  "trex-rc": {
    make: () => [
      {
        docid: "d",
        relation: "P551",
        token,
        subj_start: 0,
        subj_end: 1,
        obj_start: 5,
        obj_end: 5,
        subj_label: "Q1",
        obj_label: "Q2",
      },
    ],
    write: (records) => JSON.stringify(records),
  },
  trex: {
    make: () => [document([triple(marta, vellmar)])],
    write: (records) => JSON.stringify(records),
  },
};

describe("readRelations", () => {
  it.each(relationFormats.filter((format) => format !== "trex"))(
    "reads %s without relations when asked to",
    async (format) => {
      const [record] = samples[format].make() as Record<string, unknown>[];
      const { relation: _, ...bare } = record!;
      const path = await file(format === "fewrel" ? JSON.stringify([bare]) : samples[format].write([bare]));
      expect(await detectRelationFormat(path)).toBe(format);
      expect(await messageOf(read(path))).toMatch(/relation/);
      const [example] = await read(path, { unlabelled: true });
      expect(example).toMatchObject({ relation: "", subject: { start: 0, end: 11 } });
      // A relation that is there may be read as well.
      const labelled = await file(samples[format].write([record]));
      expect((await read(labelled, { unlabelled: true }))[0]!.relation).toBe("P551");
    },
  );

  it.each(relationFormats)("recognises and reads %s, plain and gzipped", async (format) => {
    const content = samples[format].write(samples[format].make());
    for (const path of [await file(content), await file(gzipSync(content)), await file(`\ufeff${content}`)]) {
      expect(await detectRelationFormat(path)).toBe(format);
      const [example, ...rest] = await read(path);
      expect(rest).toEqual([]);
      const { text, subject, object, relation, where } = example!;
      expect(text.slice(subject.start, subject.end)).toBe(format === "trex" ? "Marta 😀 Quill" : "Marta Quill");
      expect(text.slice(object.start, object.end)).toBe("Vellmar");
      expect(relation).toBe("P551");
      expect(where).toMatch(/set-\d+:\d+$/);
      if (format === "semeval") expect(example!.id).toBe("7");
      else if (format !== "tacred") expect([example!.subjectId, example!.objectId]).toEqual(["Q1", "Q2"]);
      else expect([example!.id, example!.subjectType, example!.objectType]).toEqual(["n1", "PERSON", "CITY"]);
    }
  });

  it.each(relationFormats)("gives examples or a UserError for any change of %s", async (format) => {
    const content = samples[format].write(samples[format].make());
    const change = fc.record({
      at: fc.nat(content.length),
      cut: fc.nat(6),
      what: fc.oneof(
        fc.constantFrom("", "0", "-1", "99", "null", '"', "[", "}", "1e9", "\\", "__proto__"),
        fc.string({ maxLength: 4 }),
      ),
    });
    await fc.assert(
      fc.asyncProperty(change, fc.boolean(), async ({ at, cut, what }, named) => {
        const path = await file(content.slice(0, at) + what + content.slice(at + cut));
        const error = await read(path, named ? { format } : {}).then(
          (examples) => {
            for (const { text, subject, object } of examples) {
              for (const { start, end } of [subject, object])
                expect(start >= 0 && start < end && end <= text.length).toBe(true);
            }
          },
          (reason: unknown) => reason,
        );
        if (error !== undefined) expect(error).toBeInstanceOf(UserError);
      }),
      { numRuns: 100 },
    );
  });

  it.each<[RelationFormat, object, RegExp]>([
    ["tacred", { subj_end: 9 }, /field "subj_start\/subj_end": words 0 to 9/],
    ["tacred", { subj_start: 2, subj_end: 1 }, /words 2 to 1/],
    ["tacred", { obj_start: -1 }, /field "obj_start"/],
    ["tacred", { token: "a b" }, /field "token"/],
    ["tacred", { token: ["a", 3] }, /field "token.1"/],
    ["tacred", { relation: 7 }, /field "relation"/],
    ["trex-rc", { obj_label: null }, /field "obj_label"/],
    ["wiki80", { h: { pos: [2, 2] } }, /field "h.pos"/],
    ["wiki80", { t: { pos: [0, 8] } }, /field "t.pos"/],
    ["wiki80", { relation: "" }, /field "relation"/],
    ["fewrel", { h: ["x", "Q", []] }, /field "h.2"/],
    ["fewrel", { t: ["x", "Q", [[5, 4]]] }, /field "t.2.0"/],
    ["trex", { triples: [triple(entity("Q1", [5, 5]), vellmar)] }, /field "triples.0": subject.boundaries: 5\.\.5/],
    ["trex", { triples: [triple(marta, entity("Q1", [5, 500]))] }, /triples.0": object.boundaries/],
    ["trex", { triples: [triple(marta, vellmar, "P551", 7)] }, /there is no sentence 7/],
    ["trex", { text: null }, /field "text"/],
  ])("names file, line and field of a broken %s record", async (format, change, message) => {
    const { make, write } = samples[format];
    const [good] = make();
    const text = await messageOf(read(await file(write([good, { ...(good as object), ...change }])), { format }));
    expect(text).toMatch(message);
    expect(text).toMatch(/set-\d+:\d+: /);
  });

  it.each<[string, RegExp]>([
    ["", /the file is empty/],
    ["[]", /the array is empty/],
    ['[{"a":1}]', /first record is of no known format/],
    ['{"a":1}', /the first record is of no known format/],
    ['{\n"P1":["place of birth"]}', /no JSON array, object or JSON Lines/],
    ["plain text", /no JSON array/],
  ])("does not guess a format for %s", async (content, message) => {
    expect(await messageOf(read(await file(content)))).toMatch(message);
  });

  it("treats relations called like parts of objects as any others", async () => {
    const records = JSON.stringify(samples.fewrel.make());
    const path = await file(`{"__proto__":${records},"constructor":${records}}`);
    expect((await inspectRelations(path)).relations).toEqual([
      { relation: "__proto__", count: 1 },
      { relation: "constructor", count: 1 },
    ]);
  });
});

describe("T-REx", () => {
  it("counts triples that give no example, by reason", async () => {
    const triples = [
      triple(marta, vellmar),
      triple(marta, entity("Q3", null)),
      triple(marta, later),
      triple(marta, vellmar, "P31"),
      triple(later, later, "P1", 1),
    ];
    const path = await file(JSON.stringify([document(triples)]));
    const summary = await inspectRelations(path, { dropRelations: ["P31"] });
    expect(summary.examples).toBe(2);
    expect(summary.skipped).toEqual({ "dropped-relation": 1, "no-boundaries": 1, "outside-sentence": 1 });
    const [, second] = await read(path, { dropRelations: ["P31"] });
    expect(second).toMatchObject({ text: "Vellmar is old.", subject: { start: 0, end: 7 }, id: "Q9" });
  });

  it("keeps relations with enough distinct entity pairs", async () => {
    const pair = (n: number) => triple({ ...marta, uri: `x/Q${n}` }, vellmar);
    const triples = [pair(1), pair(1), pair(2), pair(3), triple(marta, vellmar, "P2"), triple(marta, vellmar, "P2")];
    const path = await file(JSON.stringify([document(triples)]));
    const kept = await inspectRelations(path, { minEntityPairs: 3 });
    expect(kept.relations).toEqual([{ relation: "P551", count: 3 }]);
    expect(kept.skipped).toEqual({ "too-few-entity-pairs": 1, "repeated-triple": 2 });
    expect((await inspectRelations(path, { minEntityPairs: 4 })).examples).toBe(0);
  });

  it("reads a folder of files in order of name", async () => {
    const place = join(folder, "trex");
    await mkdir(place);
    const one = (relation: string) => JSON.stringify([document([triple(marta, vellmar, relation)])]);
    await writeFile(join(place, "re-nlg_10-20.json"), one("P2"));
    await writeFile(join(place, "re-nlg_0-10.json.gz"), gzipSync(one("P1")));
    await writeFile(join(place, "other.json"), "3");
    expect((await read(place)).map(({ relation }) => relation)).toEqual(["P1", "P2"]);
    const empty = join(folder, "empty");
    await mkdir(empty);
    expect(await messageOf(read(empty))).toMatch(/no \.json/);
  });
});

describe("partOf", () => {
  const example = (subjectId: string | undefined, text = "Marta lives"): RelationExample => ({
    text,
    subject: { start: 0, end: 5 },
    object: { start: 6, end: 11 },
    relation: "r",
    where: "f:1",
    ...(subjectId === undefined ? {} : { subjectId }),
  });
  const parts = { train: 0.8, dev: 0.1, test: 0.1 };

  it("puts a subject into one part, whatever else the example says", () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), (id, seed) => {
        expect(partOf({ ...example(id), relation: "other" }, parts, seed)).toBe(partOf(example(id), parts, seed));
      }),
    );
    expect(subjectKey(example(undefined, "MARTA left"))).toBe(subjectKey(example(undefined)));
  });

  it("follows the weights and the seed", () => {
    const counts = { train: 0, dev: 0, test: 0 };
    let moved = 0;
    for (let id = 0; id < 5000; id++) {
      counts[partOf(example(`Q${id}`), parts)]++;
      if (partOf(example(`Q${id}`), parts) !== partOf(example(`Q${id}`), parts, 1)) moved++;
    }
    expect(counts.train).toBeGreaterThan(3850);
    expect(counts.train).toBeLessThan(4150);
    expect(Math.abs(counts.dev - 500)).toBeLessThan(100);
    expect(moved).toBeGreaterThan(1000);
    expect(partOf(example("Q1"), { all: 1, none: 0 })).toBe("all");
  });

  it("refuses weights that divide nothing", () => {
    for (const bad of [{}, { a: 0 }, { a: -1, b: 2 }, { a: Number.NaN }, { a: Number.POSITIVE_INFINITY }]) {
      expect(() => partOf(example("Q1"), bad as Record<string, number>)).toThrow(UserError);
    }
  });
});

describe("the forms of a file", () => {
  const asLines = (records: readonly unknown[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");
  const withoutPlace = (examples: readonly RelationExample[]) => examples.map(({ where: _, ...one }) => one);

  it.each(["wiki80", "tacred", "trex-rc", "trex"] as const)(
    "reads %s as JSON Lines and as an array",
    async (format) => {
      const records = [...samples[format].make(), ...samples[format].make()];
      const [lines, array] = [await file(asLines(records)), await file(JSON.stringify(records))];
      expect(await detectRelationFormat(lines)).toBe(format);
      expect(await detectRelationFormat(array)).toBe(format);
      const examples = await read(lines);
      expect(examples.length).toBeGreaterThan(0);
      expect(withoutPlace(examples)).toEqual(withoutPlace(await read(array)));
    },
  );

  it("reads OpenNRE's texts with characters, counted as Python does", async () => {
    const text = "Marta 😀 Quill lives in Vellmar.";
    const record = {
      text,
      h: { name: "marta", id: "Q1", pos: [0, 13] },
      t: { name: "v", id: "Q2", pos: [23, 30] },
      relation: "P551",
    };
    const path = await file(asLines([record]));
    expect(await detectRelationFormat(path)).toBe("wiki80");
    const [example] = await read(path);
    expect(example && [example.subject, example.object].map(({ start, end }) => text.slice(start, end))).toEqual([
      "Marta 😀 Quill",
      "Vellmar",
    ]);
    const wrong = await file(asLines([{ ...record, t: { ...record.t, pos: [31, 40] } }]));
    expect(await messageOf(read(wrong))).toMatch(/:1: field "t.pos": no words stand at 31 to 40/);
  });
});
