import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { KnowledgeFolders } from "../testing/knowledge-folders.js";
import { type ZipMember, zipOf } from "../testing/zip-writer.js";
import { openKnowledge } from "./folder.js";
import { importKnowledge } from "./import.js";

const folder = new KnowledgeFolders();
afterAll(() => folder.remove());
const { file, importInto, known, knownOf, refused } = folder;

const entity = (id: string, names: readonly string[], types: readonly string[] = []) => ({ id, names, types });
const jsonLines = (records: readonly unknown[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");

describe("a table", () => {
  it("gives entities, their names and types, dates and numbers", async () => {
    const csv = `Subject,relation,Object,subject_type,object_type
Austria|Republic of Austria,capital,"Vienna|Wien",country,city
Austria,founded,1918-11-12,,
Austria,area,"83,871",,
Austria,motto,"A. E. I. O. U.",,text
Austria,capital,Vienna,,
`;
    const { entities, triples, relations, manifest } = await knownOf(csv);
    expect(entities).toEqual([
      entity("Austria", ["Austria", "Republic of Austria"], ["country"]),
      entity("Vienna", ["Vienna", "Wien"], ["city"]),
    ]);
    expect(triples).toEqual([
      "Austria area number:83871",
      "Austria capital Vienna",
      "Austria founded date:1918-11-12",
      "Austria motto text:A. E. I. O. U.",
    ]);
    expect(relations).toEqual({ area: "area", capital: "capital", founded: "founded", motto: "motto" });
    expect(manifest.counts).toEqual({
      ...{ entities: 2, names: 4, relations: 4, triples: 4, unnamed: 0 },
      objects: { entity: 1, date: 1, number: 1, text: 1 },
    });
  });

  it("has ids, which names of several rows share", async () => {
    const tsv =
      'subject_id\tsubject\trelation_id\trelation\tobject_id\tobject\nQ40\tAustria\tP36\tcapital\tQ1741\tthe "city"\nQ40\tÖsterreich\tP36\t\tQ1741\t\n';
    const { entities, triples, relations } = await knownOf(tsv);
    expect(entities).toEqual([entity("Q1741", ['the "city"']), entity("Q40", ["Austria", "Österreich"])]);
    expect(triples).toEqual(["Q40 P36 Q1741"]);
    expect(relations).toEqual({ P36: "capital" });
  });

  it("may lack names, which another file gives; what nobody names is counted", async () => {
    const triples = await file("Q40\tP36\tQ1741\nQ40\tP47\tQ183\nQ183\tP36\tQ64\n");
    const names = await file("Q40\tAustria\tÖsterreich\nQ1741\tVienna\nQ183\tGermany\n");
    const relations = await file("id,label\nP36,capital\nP47,borders\nP1,unused\n");
    const found = await known([triples], { names: [names], relations: [relations] });
    expect(found.triples).toEqual(["Q40 P36 Q1741", "Q40 P47 Q183"]);
    expect(found.relations).toEqual({ P36: "capital", P47: "borders" });
    expect(found.manifest.counts.unnamed).toBe(1);
    expect(found.manifest.skipped).toEqual({ "object-without-name": 1 });
    await expect(known([triples])).rejects.toThrow(/no triple is left \(3: subject-without-name\).*names/);
  });

  it("may have any ids and names", async () => {
    const csv = "subject,relation,object\n__proto__,constructor,toString\nعمان,عاصمة,مسقط\n日本,首都,東京\nB|A,r,A|B\n";
    const { entities, triples } = await knownOf(csv);
    expect(triples).toEqual(["B r A", "__proto__ constructor toString", "عمان عاصمة مسقط", "日本 首都 東京"]);
    expect(entities).toContainEqual(entity("A", ["A", "B"]));
    expect(entities).toContainEqual(entity("B", ["B", "A"]));
    expect(entities).toContainEqual(entity("__proto__", ["__proto__"]));
  });

  it("is read whatever stands in its cells, and refused where they cannot be names", async () => {
    const cell = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
    const rows = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(rows, async (table) => {
        const quoted = table.map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(","));
        const content = `subject,relation,object\n${quoted.join("\n")}\n"s","r","o"\n`;
        const { entities, manifest } = await knownOf(content, { mostBad: 1 });
        expect(manifest.counts.triples).toBeGreaterThan(0);
        for (const { names } of entities) for (const name of names) expect(name).toBe(name.trim());
      }),
      { numRuns: 15 },
    );
  });

  it.each([
    ["", "the file is empty"],
    ["   \n\n", "the file is empty"],
    ["a,b,c\n1,2,3\n", "no header with subject, relation and object"],
    ["subject,relation\na,b\n", "no header with subject, relation and object"],
    ["subject,relation,object\n", "the file holds no facts"],
    ["subject,relation,object,object\na,b,c,d\n", "the column object comes twice"],
    ["subject,relation,object\na,b\n", "1 of 1 records are wrong (1: wrong-number-of-cells; the first at"],
    ["subject,relation,object\n,b,c\n", "(1: no-subject"],
    ["subject,relation,object\na,,c\n", "(1: no-relation"],
    ["subject,relation,object\na,b,|\n", "(1: no-object"],
    ["subject,relation,object\na\u001b[31m,b,c\n", "(1: unusable-id"],
    ["subject,relation,object,object_type\na,b,soon,date\n", "(1: unreadable-value"],
    ['subject,relation,object\na,b,"c\n', "not CSV"],
    [Buffer.from("subject,relation,object\na,b,\xff\n", "latin1"), "byte 5 of it is not UTF-8"],
    [Buffer.from("\ufeffsubject,relation,object\n", "utf16le"), "it is UTF-16"],
    [Buffer.from("BZh91AY&SY"), "it is packed with bzip2"],
    [gzipSync("subject,relation,object\na,b,c\n".repeat(99)).subarray(0, 40), "broken gzip data"],
  ])("is refused where it is %j", async (content, message) => {
    expect(await refused(content)).toContain(message);
  });

  it("is not read to its end where all is wrong so far", async () => {
    const content = `subject,relation,object\n${"a,b\n".repeat(10_000)}${"a,b,c\n".repeat(100)}`;
    expect(await refused(content)).toContain("10000 of the first 10000 records are wrong");
  });

  it("may have a share of wrong records, which are counted with their places", async () => {
    const content = `subject,relation,object\n${"a,b,c\n".repeat(8)},b,c\na,b\n`;
    const path = await file(content);
    const { manifest, places } = await known([path], { mostBad: 0.2 });
    expect(manifest.faults).toEqual({ "no-subject": 1, "wrong-number-of-cells": 1 });
    expect(places["no-subject"]).toEqual([`${path}:10`]);
    await expect(known([path], { mostBad: 0.19 })).rejects.toThrow("2 of 10 records are wrong");
  });
});

describe("JSON", () => {
  const records = [
    { subject: ["Austria", "Österreich"], subject_type: ["country", "state"], relation: "capital", object: "Vienna" },
    { subject_id: "Austria", relation: "area", object: 83871 },
    { subject: "Austria", relation: "tag", object: ["1918", "Republic Day"], object_type: null },
  ];

  it("is read as lines and as an array", async () => {
    const lines = await knownOf(jsonLines(records));
    expect(lines.entities).toEqual([
      entity("1918", ["1918", "Republic Day"]),
      entity("Austria", ["Austria", "Österreich"], ["country", "state"]),
      entity("Vienna", ["Vienna"]),
    ]);
    expect(lines.triples).toEqual(["Austria area number:83871", "Austria capital Vienna", "Austria tag 1918"]);
    const array = await knownOf(JSON.stringify(records));
    expect(array.triples).toEqual(lines.triples);
    expect(array.entities).toEqual(lines.entities);
  });

  it("may be LAMA's, with its ids", async () => {
    const record = { sub_label: "Austria", sub_uri: "Q40", obj_label: "Vienna", obj_uri: "Q1741", predicate_id: "P36" };
    const { triples, entities } = await knownOf(jsonLines([record]));
    expect(triples).toEqual(["Q40 P36 Q1741"]);
    expect(entities).toEqual([entity("Q1741", ["Vienna"]), entity("Q40", ["Austria"])]);
  });

  it("may be sentences with marked names", async () => {
    const { triples } = await known(["examples/data/wiki80.jsonl"]);
    expect(triples).toEqual(["Austria capital Vienna", "Franz Liszt place of death Bayreuth"]);
  });

  it.each([
    [`${JSON.stringify(records[0])}\n{"subject": \n`, "1: not-json"],
    [`${JSON.stringify(records[0])}\n{"subject":{},"relation":"a","object":"b"}\n`, "1: wrong-field"],
    [`${JSON.stringify(records[0])}\n{"subject":"\\ud800","relation":"a","object":"b"}\n`, "1: unusable-id"],
    [`${JSON.stringify(records[0])}\n{"subject":["a","\\udc00"],"relation":"a","object":"b"}\n`, "1: unusable-name"],
    [`[${JSON.stringify(records[0])}`, "the file ends too early"],
    ["[]", "there are no records"],
    ['{"a":1}\n', "the first record has neither"],
    [`${JSON.stringify(records[0])}\n${"[".repeat(300)}\n`, "1: not-json"],
  ])("is refused where it is %j", async (content, message) => {
    expect(await refused(content)).toContain(message);
  });
});

describe("an archive", () => {
  const csv = "subject,relation,object\na,b,c\n";
  const members = [
    { name: "one/facts.csv", content: csv },
    { name: "two.jsonl.gz", content: gzipSync(jsonLines([{ subject: "d", relation: "b", object: "e" }])) },
    { name: "__MACOSX/._facts.csv", content: "\u0000" },
  ];

  it("is read file by file, each in its own form", async () => {
    const path = await file(zipOf(members));
    const { triples, manifest } = await known([path]);
    expect(triples).toEqual(["a b c", "d b e"]);
    expect(manifest.sources.map(({ file: name, format }) => [name.replace(/.*!/, ""), format])).toEqual([
      ["one/facts.csv", "csv"],
      ["two.jsonl.gz", "jsonl"],
    ]);
  });

  it.each<[string, readonly ZipMember[], string]>([
    ["no files", [], "the archive holds no files"],
    ["an encrypted file", [{ name: "a", content: csv, encrypted: true }], "it is encrypted"],
    ["a zip", [{ name: "a.zip", content: zipOf(members) }], "a zip within a zip"],
    ["a name outside its folder", [{ name: "../a.csv", content: csv }], "not a sound zip archive"],
    ["a file that unpacks to far more", [{ name: "a", content: Buffer.alloc(1 << 25) }], "would unpack to 33554432"],
    ["a file of another size", [{ name: "a", content: csv, claimed: 5 }], "broken data in the archive"],
    ["too many files", Array.from({ length: 10_001 }, (_, i) => ({ name: `${i}`, content: "" })), "has 10001 files"],
  ])("with %s is refused", async (_, content, message) => {
    expect(await refused(zipOf(content))).toContain(message);
  });

  it("whose file is said to stand elsewhere is refused", async () => {
    const bytes = zipOf([{ name: "a\tb", content: csv }]);
    bytes.writeUInt32LE(bytes.length - 40, bytes.lastIndexOf("a\tb") - 4);
    expect(await refused(bytes)).toMatch(/!a b: not a sound zip archive/);
  });

  it("that is cut off is refused", async () => {
    expect(await refused(zipOf(members).subarray(0, -30))).toContain("not a sound zip archive");
  });
});

describe("what is written", () => {
  const content = `subject,relation,object\n${Array.from({ length: 200 }, (_, i) => `s${(i * 7) % 50},r${i % 3},o${(i * 11) % 60}\n`).join("")}`;

  const bytesOf = async (out: string) =>
    Promise.all(
      (await readdir(out)).sort().map(async (name) => [name, (await readFile(join(out, name))).toString("base64")]),
    );

  it("has the same bytes however much is held, and nothing else is left behind", async () => {
    const path = await file(content);
    const first = await importInto([path]);
    const second = await importInto([path], { heldCharacters: 300 });
    expect(await bytesOf(second.out)).toEqual(await bytesOf(first.out));
    expect((await readdir(first.out)).sort()).toEqual([
      "entities.jsonl.gz",
      "manifest.json",
      "relations.tsv",
      "triples.tsv.gz",
    ]);
  });

  it("is nothing where the import is stopped", async () => {
    const out = folder.at("stopped");
    await mkdir(out);
    const options = { language: "en", mostBad: 0, files: [await file(content)], out };
    await expect(importKnowledge({ ...options, signal: AbortSignal.abort() })).rejects.toThrow("aborted");
    expect(await readdir(out)).toEqual([]);
  });

  it.each([
    ["manifest.json", "{}", "manifest.json: format: it is missing"],
    ["manifest.json", "", "not JSON"],
    ["relations.tsv", "id\tlabel\n", "the file has 9 bytes"],
    ["triples.tsv.gz", "", "the file has 0 bytes"],
  ])("is refused where %s is damaged", async (name, damage, message) => {
    const { out } = await importInto([await file(content)]);
    await writeFile(join(out, name), damage);
    await expect(openKnowledge(out)).rejects.toThrow(message);
  });

  it("is refused where a byte of it changed", async () => {
    const { out } = await importInto([await file(content)]);
    const path = join(out, "entities.jsonl.gz");
    const bytes = await readFile(path);
    bytes[bytes.length >> 1]! ^= 0xff;
    await writeFile(path, bytes);
    const source = await openKnowledge(out);
    await expect(drained(source.entities())).rejects.toThrow(/entities\.jsonl\.gz/);
  });
});

async function drained(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}
