import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { noSkips } from "../testing/no-skips.js";
import type { Fact } from "./fact.js";
import { readFacts } from "./facts.js";
import { type OnSkip, SkipCounter } from "./skips.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-facts-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

let files = 0;
async function file(content: string | Uint8Array, name = "facts"): Promise<string> {
  const path = join(folder, `${name}-${files++}`);
  await writeFile(path, content);
  return path;
}

async function read(path: string, onSkip: OnSkip = noSkips): Promise<Omit<Fact, "where">[]> {
  const facts: Omit<Fact, "where">[] = [];
  for await (const { where: _, ...fact } of readFacts(path, { onSkip })) facts.push(fact);
  return facts;
}

const lines = (records: readonly object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");
const vienna = { subject: "Austria", relation: "capital", object: "Vienna", aliases: [] };

describe("readFacts", () => {
  it("reads CSV, TSV and JSON Lines alike, gzipped or not", async () => {
    const csv = 'subject,relation,object\nAustria,capital,Vienna\n"Smith, ""Joe""",born in,Graz\n';
    const both = [vienna, { subject: 'Smith, "Joe"', relation: "born in", object: "Graz", aliases: [] }];
    expect(await read(await file(csv))).toEqual(both);
    expect(await read(await file(gzipSync(`\ufeff${csv.replaceAll("\n", "\r\n")}`)))).toEqual(both);
    expect(
      await read(await file('subject\trelation\tobject\nAustria\tcapital\tVienna\nSmith, "Joe"\tborn in\tGraz\n')),
    ).toEqual(both);
    expect(await read(await file(lines(both)))).toEqual(both);
  });

  it("takes columns in any order, and leaves others alone", async () => {
    const csv = "id,object , relation,subject\n1,Vienna,capital,Austria\n";
    expect(await read(await file(csv))).toEqual([vienna]);
  });

  it("takes other names of the object", async () => {
    const expected = [{ ...vienna, aliases: ["Wien", "Vindobona"] }];
    const { subject, relation } = vienna;
    expect(await read(await file("subject,relation,object,aliases\nAustria,capital,Vienna,Wien|Vindobona\n"))).toEqual(
      expected,
    );
    expect(await read(await file(lines([{ subject, relation, object: ["Vienna", "Wien", "Vindobona"] }])))).toEqual(
      expected,
    );
    expect(
      await read(await file(lines([{ subject, relation, object: "Vienna", aliases: ["Wien", "Vindobona"] }]))),
    ).toEqual(expected);
  });

  it("reads LAMA's files, whose relation may be the file's name", async () => {
    const path = join(folder, "P36.jsonl");
    await writeFile(path, lines([{ sub_label: "Austria", obj_label: "Vienna", uuid: "1" }, { obj_label: "x" }]));
    const { counts, onSkip } = new SkipCounter();
    const expected = [{ ...vienna, relation: "P36" }];
    expect(await read(path, onSkip)).toEqual(expected);
    expect(counts).toEqual({ "no-subject": 1 });
    expect(await read(folder, () => undefined)).toEqual(expected);
  });

  it("takes a spreadsheet's semicolons and capitals", async () => {
    expect(await read(await file('Subject; Relation ;"Object"\nAustria;capital;Vienna\n'))).toEqual([
      { subject: "Austria", relation: "capital", object: "Vienna", aliases: [] },
    ]);
  });

  it("counts what is said twice", async () => {
    const { counts, onSkip } = new SkipCounter();
    expect(await read(await file(lines([vienna, vienna])), onSkip)).toEqual([vienna]);
    expect(counts).toEqual({ repeated: 1 });
  });

  it.each([
    ["", /is empty/],
    ["who,what\na,b\n", /:1: the first line is no header that names the subject; expected facts as CSV/],
    ["subject,relation,object\n", /there are no facts/],
    ["subject,relation,object\nAustria,,Vienna\n", /:2: field "relation": .*expected a fact record/],
    ["subject,relation\nAustria,capital\n", /:2: field "object"/],
    ["subject,relation,object\nAustria,capital\n", /:2: the row has 2 cells, the header 3; expected CSV with a header/],
    ['subject,relation,object\n"A"b,r,o\n', /:2: not CSV/],
    [Buffer.from("\ufeffsubject,relation,object\nA,r,o\n", "utf16le"), /it is UTF-16; expected UTF-8 text/],
    ['{"subject":"Austria"}', /:1: field "relation"/],
    ['{"subject":"A","relation":"r","object":[]}', /:1: field "object"/],
    ['{"subject":"[X]","relation":"r","object":"o"}', /:1: field "subject": it holds \[X\]/],
    ['{"subject":"a\\nb","relation":"r","object":"o"}', /:1: field "subject": it holds a line break/],
    ['{"text":"Austria"}', /:1: the first record has neither "subject" nor "obj_label"/],
    [Buffer.from("subject,relation,object\nA,r,\xe4\n", "latin1"), /:2: byte 5 of it is not UTF-8/],
  ])("says in one line what is wrong with %j", async (content, message) => {
    const reading = read(await file(content));
    await expect(reading).rejects.toThrow(UserError);
    await expect(read(await file(content))).rejects.toThrow(message);
  });

  it("reads back any facts from CSV and JSON Lines", async () => {
    const name = fc
      .string({ unit: "binary", minLength: 1, maxLength: 20 })
      .filter((text) => text.trim() === text && text !== "" && !/\p{Cc}|\[[XY]\]|\[MASK\]|\ufeff/u.test(text));
    const fact = fc.record({ subject: name, relation: name, object: name });
    const cell = (text: string) => `"${text.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fact, { minLength: 1, maxLength: 5, selector: (one) => JSON.stringify(one) }),
        async (facts) => {
          const expected = facts.map((one) => ({ ...one, aliases: [] }));
          const rows = facts.map(({ subject, relation, object }) => [subject, relation, object].map(cell).join(","));
          expect(await read(await file(["subject,relation,object", ...rows].join("\n")))).toEqual(expected);
          expect(await read(await file(lines(facts)))).toEqual(expected);
        },
      ),
      { numRuns: 30 },
    );
  });
});
