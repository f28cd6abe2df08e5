import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { zipOf } from "../../testing/zip-writer.js";
import { detectRelationFormat } from "../relation-data.js";
import type { RelationExample } from "../relation-example.js";
import { SkipCounter } from "../skips.js";
import { readTrex, type TrexOptions } from "./trex.js";

let folder = "";
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-trex-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const text = "Ada 😀 was born in Bonn. She left it in 1903.";
const [first, second] = ["Ada 😀 was born in Bonn.", "She left it in 1903."];
/** Code points, as Python counts. */
const points = (words: string) => {
  const start = [...text.slice(0, text.indexOf(words))].length;
  return [start, start + [...words].length] as const;
};
const units = (words: string) => [text.indexOf(words), text.indexOf(words) + words.length] as const;

const mention = (uri: string, boundaries: unknown, surfaceform?: unknown) => ({ uri, boundaries, surfaceform });
const ada = mention("http://www.wikidata.org/entity/Q1", points("Ada"), "Ada");
const bonn = mention("http://www.wikidata.org/entity/Q2", points("Bonn"), "Bonn");
const year = mention("1903-01-01T00:00:00Z^^http://www.w3.org/2001/XMLSchema#dateTime", points("1903"), "1903");
const she = mention("http://www.wikidata.org/entity/Q1", points("She"), "She");
const triple = (subject: unknown, object: unknown, more: object = {}) => ({
  subject,
  predicate: { uri: "http://www.wikidata.org/prop/direct/P19" },
  object,
  sentence_id: 0,
  ...more,
});
const relation = (id: string) => ({ predicate: { uri: `http://www.wikidata.org/prop/direct/${id}` } });
const document = (...triples: unknown[]) => ({
  docid: "http://www.wikidata.org/entity/Q9",
  text,
  sentences_boundaries: [points(first), points(second)],
  triples,
});
/** So many sound triples of different pairs. */
const sound = (number: number) =>
  Array.from({ length: number }, (_, i) => triple({ ...ada, uri: `http://www.wikidata.org/entity/Q10${i}` }, bonn));

async function file(content: string | Buffer, name = `dump-${count++}.json`): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function read(path: string, options: Partial<TrexOptions> = {}) {
  const { counts, onSkip } = new SkipCounter();
  const examples: RelationExample[] = [];
  for await (const one of readTrex(path, { onSkip, ...options })) examples.push(one);
  return { examples, skipped: counts };
}

const readDocuments = async (documents: unknown[], options?: Partial<TrexOptions>) =>
  read(await file(JSON.stringify(documents)), options);

describe("triples of T-REx", () => {
  it("that are sound but have no place in a sentence are left out, whatever their share", async () => {
    const { examples, skipped } = await readDocuments([
      document(
        triple(ada, bonn),
        triple(ada, bonn, { sentence_id: null }),
        triple(ada, mention("Q2", null)),
        triple(ada, year),
      ),
    ]);
    expect(examples).toHaveLength(1);
    expect(skipped).toEqual({ "no-sentence": 1, "no-boundaries": 1, "outside-sentence": 1 });
  });

  it("that three aligners found are one example", async () => {
    const same = ["NoSubject-Triple-aligner", "AllEnt", "SPOAligner"].map((annotator) =>
      triple(ada, bonn, { annotator }),
    );
    const other = triple(ada, bonn, relation("P20"));
    const { examples, skipped } = await readDocuments([document(...same, other), document(triple(ada, bonn))]);
    expect(examples.map(({ relation }) => relation)).toEqual(["P19", "P20", "P19"]);
    expect(skipped).toEqual({ "repeated-triple": 2 });
  });

  it("have values as their ids, without the type", async () => {
    const { examples } = await readDocuments([document(triple(she, year, { sentence_id: 1 }))]);
    expect(examples[0]).toMatchObject({ text: second, subjectId: "Q1", objectId: "1903-01-01T00:00:00Z" });
  });

  it("may count UTF-16 units, which their surface forms tell", async () => {
    const { examples, skipped } = await readDocuments([
      document(triple(ada, { ...bonn, boundaries: units("Bonn") }), ...sound(20)),
    ]);
    const [{ text: sentence, object }] = examples as [RelationExample];
    expect(sentence.slice(object.start, object.end)).toBe("Bonn");
    expect(skipped).toEqual({});
  });

  it.each([
    [
      "sentence-out-of-range",
      triple(ada, bonn, { sentence_id: 7 }),
      'field "triples.0": sentence_id: there is no sentence 7',
    ],
    [
      "span-outside-text",
      triple(ada, mention("Q2", [44, 45])),
      'field "triples.0": object.boundaries: 44..45 is empty or outside',
    ],
    ["span-outside-text", triple(mention("Q1", [3, 3]), bonn), 'field "triples.0": subject.boundaries: 3..3 is empty'],
    ["other-surface", triple(ada, { ...bonn, surfaceform: "Berlin" }), '"Berlin" is not what stands there, "Bonn"'],
    ["broken-triple", triple(ada, 7), 'field "triples.0": field "object"'],
    ["broken-triple", { ...triple(ada, bonn), predicate: null }, 'field "predicate"'],
  ])("that are wrong are counted (%s), up to a share", async (reason, wrong, message) => {
    const few = await readDocuments([document(wrong, ...sound(9))]);
    expect([few.examples.length, few.skipped]).toEqual([9, { [reason]: 1 }]);
    const many = readDocuments([document(wrong, ...sound(8))]);
    await expect(many).rejects.toThrow(message);
    await expect(many).rejects.toThrow(`1 of 9 triples are wrong (1: ${reason})`);
    await expect(many).rejects.toThrow("expected at most 10 %; repair the data, or raise mostBad");
    expect((await readDocuments([document(wrong, ...sound(1))], { mostBad: 0.5 })).examples).toHaveLength(1);
  });

  it("have the same words whatever their case and white space", async () => {
    const { skipped } = await readDocuments([document(triple(ada, { ...bonn, surfaceform: " bonn" }))]);
    expect(skipped).toEqual({});
  });
});

describe("files of T-REx", () => {
  const good = JSON.stringify([document(...sound(20))]);

  it("hold broken documents, which are counted", async () => {
    const broken = good.replace("[", `[{"text": 5}, {"text": nothing}, `);
    const { examples, skipped } = await read(await file(broken));
    expect([examples.length, skipped]).toEqual([20, { "broken-document": 2 }]);
    const lines = [JSON.stringify(document(...sound(20))), "{nothing}", JSON.stringify(document(triple(ada, bonn)))];
    const read2 = await read(await file(lines.join("\n")));
    expect([read2.examples.length, read2.skipped]).toEqual([21, { "broken-document": 1 }]);
    await expect(read(await file(`[{"text": 5}]`))).rejects.toThrow(/:1: field "sentences_boundaries"|field "text"/);
  });

  it("may be broken themselves, if they are few", async () => {
    const place = join(folder, "many");
    await mkdir(place);
    for (let i = 0; i < 10; i++) await writeFile(join(place, `re-nlg_${i}.json`), i === 3 ? good.slice(0, -1) : good);
    const { examples, skipped } = await read(place);
    expect([examples.length, skipped]).toEqual([9 * 20, { "broken-file": 1 }]);
    await expect(read(place, { mostBad: 0.09 })).rejects.toThrow(
      /1 of 10 files are wrong .*re-nlg_3.json:1: the file ends/,
    );
    await expect(read(await file(good.slice(0, -1)))).rejects.toThrow("1 of 1 files are wrong");
  });

  it("may stand in a zip archive, which is recognised", async () => {
    const members = [
      { name: "dump/re-nlg_0-10.json", content: good },
      { name: "dump/readme.txt", content: "x" },
      { name: "dump/re-nlg_10-20.json.gz", content: gzipSync(good) },
    ];
    const path = await file(zipOf(members), "dump.zip");
    expect(await detectRelationFormat(path)).toBe("trex");
    expect((await read(path)).examples).toHaveLength(40);
    const place = join(folder, "zipped");
    await mkdir(place);
    await writeFile(join(place, "a.zip"), zipOf(members));
    expect((await read(place)).examples).toHaveLength(40);
    await expect(read(await file(zipOf([{ name: "a.txt", content: "x" }])))).rejects.toThrow("no .json files");
  });
});

describe("pairs of entities", () => {
  const dump = JSON.stringify([document(...sound(60), triple(ada, bonn, relation("P20")))]);
  const least = { minEntityPairs: 50 };

  it("are counted once, and the file is read after that", async () => {
    const path = await file(dump);
    const pairCounts = join(folder, "counts.json");
    const { examples, skipped } = await read(path, { ...least, pairCounts });
    expect([examples.length, skipped]).toEqual([60, { "too-few-entity-pairs": 1 }]);
    const written = JSON.parse(await readFile(pairCounts, "utf8"));
    expect(written.relations).toEqual([
      { relation: "P19", examples: 60, pairs: 60 },
      { relation: "P20", examples: 1, pairs: 1 },
    ]);
    // Who counted again would not find what the file says.
    written.relations[1].pairs = 50;
    await writeFile(pairCounts, JSON.stringify(written));
    expect((await read(path, { ...least, pairCounts })).examples).toHaveLength(61);
    // The file counts up to 1000 pairs: more are counted anew.
    expect((await read(path, { minEntityPairs: 1001, pairCounts })).examples).toEqual([]);
    expect(JSON.parse(await readFile(pairCounts, "utf8")).upTo).toBe(1001);
  });

  it("of other data are refused", async () => {
    const path = await file(dump);
    const pairCounts = join(folder, "others.json");
    await read(path, { ...least, pairCounts });
    await writeFile(path, `${dump} `);
    const reading = read(path, { ...least, pairCounts });
    await expect(reading).rejects.toThrow(/others.json: the pairs were counted in other data: .* another hash of it/);
    const other = await file(dump);
    await expect(read(other, { ...least, pairCounts })).rejects.toThrow("in its place");
    await expect(read(other, { ...least, pairCounts: await file("[]") })).rejects.toThrow(
      "what an earlier reading wrote",
    );
  });
});
