import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFacts } from "../../data/facts.js";
import { readRelations } from "../../data/relation-data.js";
import { noSkips } from "../../testing/no-skips.js";
import type { AlignedDocument, SourceDocument } from "../align/document.js";
import { documentFiles } from "../documents/document-file.js";
import { loadWikitextParser } from "../documents/wikitext.js";
import { type AlignTextsPlan, type AlignWatch, alignTexts } from "./align-texts.js";
import { alignBlock } from "./block.js";
import type { AlignPool } from "./pool.js";
import type { WrittenRecord } from "./record.js";
import { readProgress } from "./run-folder.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-align-"));
  await mkdir(join(folder, "texts"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Finds `A likes B` in lines. */
const liking = {
  align({ id, text }: SourceDocument): AlignedDocument {
    const sentences = text.split("\n").map((line) => {
      const found = /^([\p{Lu}😀]\S*) (likes|hates) ([\p{Lu}😀]\S*)/u.exec(line);
      if (!found) return { text: line, start: text.indexOf(line), mentions: [], pairs: [] };
      const [, a = "", verb = "", b = ""] = found;
      const end = a.length + verb.length + 2;
      return {
        text: line,
        start: text.indexOf(line),
        mentions: [
          { start: 0, end: a.length, id: `Q${a}`, found: "name" as const, score: 1 },
          { start: end, end: end + b.length, id: `Q${b}`, found: "link" as const, score: 0.5 },
        ],
        pairs: [{ subject: 0, object: 1, relation: verb === "likes" ? "P1" : null, score: 0.75 }],
      };
    });
    return { id, sentences, skipped: { "no verb": sentences.filter(({ pairs }) => pairs.length === 0).length } };
  },
};

const shares = { train: 0.6, dev: 0.2, test: 0.2 };
const work = { aligner: liking, shares, wikitext: loadWikitextParser };

/** Answers late, and the later the earlier it was asked. */
const pool = (threads: number): AlignPool => {
  let asked = 0;
  return {
    threads,
    align: async (block) => {
      asked++;
      for (let turns = asked % (threads + 1); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
      return alignBlock(block, work);
    },
    close: async () => undefined,
  };
};

const watch = (more: Partial<AlignWatch> = {}): AlignWatch => ({
  signal: new AbortController().signal,
  onBytes: () => undefined,
  onBlock: () => undefined,
  ...more,
});

const names = ["Ada", "Bo", "Cleo", "Dag", "Eli", "Fay", "Gus", "Hal", "Ida", "😀Jo"];
const line = (i: number) => `${names[i % 10]}${i % 37} likes ${names[(i * 7) % 10]} in year ${i % 50}.`;
/** The last fifty lines were there before. */
const lines = Array.from({ length: 200 }, (_, i) => line(i % 150));

async function plan(path: string, more: Partial<AlignTextsPlan> = {}): Promise<AlignTextsPlan> {
  const files = await documentFiles([path]);
  const texts = await Promise.all(
    files.map(async ({ name, path: at }) => {
      return {
        name,
        sha256: createHash("sha256")
          .update(await readFile(at))
          .digest("hex"),
      };
    }),
  );
  return {
    files,
    parts: "auto",
    identity: { texts, knowledge: "0".repeat(64), options: { seed: 1, shares } },
    shares,
    shardDocuments: 30,
    samples: 5,
    seed: 1,
    labels: new Map([["P1", "likes"]]),
    ...more,
  };
}

/** Aligns, or goes on. */
async function align(out: string, given: AlignTextsPlan, threads: number, resume = false, more?: Partial<AlignWatch>) {
  const before = resume ? await readProgress(out, given.identity) : null;
  return alignTexts(out, given, pool(threads), before, watch(more));
}

/** Names of all files below, and the hash of each. */
async function bytesBelow(out: string): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const entry of await readdir(out, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    hashes[path.slice(out.length + 1)] = createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
  }
  return hashes;
}

async function records(path: string): Promise<WrittenRecord[]> {
  const lines = gunzipSync(await readFile(path))
    .toString()
    .split("\n");
  return lines.filter((one) => one !== "").map((one) => JSON.parse(one) as WrittenRecord);
}

let texts = "";
let whole: Record<string, string> = {};
beforeAll(async () => {
  texts = join(folder, "texts", "all.txt");
  await writeFile(texts, lines.map((one) => `${one}\nNobody knows.`).join("\n\n"));
  const out = join(folder, "whole");
  await align(out, await plan(texts), 1);
  whole = await bytesBelow(out);
});

describe("alignTexts", () => {
  it("writes parts of so many documents each, as the readers of relations and facts take them", async () => {
    const out = join(folder, "whole");
    expect(Object.keys(whole).filter((name) => name.startsWith("part"))).toHaveLength(7);
    const [first] = await records(join(out, "part-00000.jsonl.gz"));
    expect(first).toMatchObject({
      text: line(0),
      h: { name: "Ada0", id: "QAda0", pos: [0, 4] },
      relation: "P1",
      found: ["name", "link"],
      score: 0.75,
      document: "all.txt:1",
    });
    const read = [];
    for await (const example of readRelations(out, { onSkip: noSkips })) read.push(example);
    const surrogate = read.find(({ text }) => text.startsWith("😀"));
    expect(surrogate?.text.slice(surrogate.subject.start, surrogate.subject.end)).toMatch(/^😀Jo\d+$/);
    const facts = [];
    for await (const fact of readFacts(out, { onSkip: () => undefined })) facts.push(fact);
    expect(facts[0]).toMatchObject({ subject: "Ada0", relation: "P1", object: "Ada" });
  });

  it("puts each subject into one part of the split, and each record there once", async () => {
    const out = join(folder, "whole");
    const seen = new Map<string, string>();
    const distinct = new Set<string>();
    let all = 0;
    for (const part of ["", "dev", "test"]) {
      const { parts } = JSON.parse(await readFile(join(out, part, "manifest.json"), "utf8"));
      for (const { file } of parts) {
        for (const { text, h, t, relation } of await records(join(out, part, file))) {
          expect(seen.get(h.id) ?? part).toBe(part);
          seen.set(h.id, part);
          distinct.add(JSON.stringify([text, h.pos, t.pos, relation]));
          all++;
        }
      }
    }
    expect(new Set(seen.values())).toEqual(new Set(["", "dev", "test"]));
    expect(distinct.size).toBe(all);
    const expected = new Set(lines);
    expect(all).toBe(expected.size);
    const report = JSON.parse(await readFile(join(out, "report.json"), "utf8"));
    expect(report).toMatchObject({
      documents: 200,
      sentences: 400,
      repeated: 200 - expected.size,
      mentions: { name: 200, link: 200 },
      skipped: { "no verb": 200 },
      foundBy: { "name link": expected.size },
      relations: [{ relation: "P1", label: "likes" }],
    });
    expect(report.records.train + report.records.dev + report.records.test).toBe(expected.size);
    expect(report.samples).toHaveLength(5);
  });

  it.each([2, 3, 5])("writes the same bytes with %i threads", async (threads) => {
    const out = join(folder, `threads-${threads}`);
    await align(out, await plan(texts), threads);
    expect(await bytesBelow(out)).toEqual(whole);
  });

  it("goes on where it was stopped, with the same bytes, however often", async () => {
    const out = join(folder, "stopped");
    for (const [round, most] of [45, 95, 150].entries()) {
      const stop = new AbortController();
      const stopped = align(out, await plan(texts), 2, round > 0, {
        signal: stop.signal,
        onBlock: (documents) => documents > most && stop.abort(),
      });
      await expect(stopped).rejects.toThrow(/abort/);
      const { finished } = JSON.parse(await readFile(join(out, "manifest.json"), "utf8"));
      expect(finished).toBe(false);
    }
    await expect(readRelations(out, { onSkip: noSkips }).next()).rejects.toThrow("the alignment is not finished");
    await align(out, await plan(texts), 3, true);
    expect(await bytesBelow(out)).toEqual(whole);
    expect(await readProgress(out, (await plan(texts)).identity)).toMatchObject({ finished: true });
  });

  it("does not go on with other texts, options or knowledge, nor with parts that were changed", async () => {
    const out = join(folder, "other");
    const stop = new AbortController();
    const run = (given: AlignTextsPlan) => align(out, given, 1, true);
    const mine = await plan(texts);
    const { identity } = mine;
    expect(await readProgress(out, identity)).toBeNull();
    const once = { signal: stop.signal, onBlock: (documents: number) => documents > 60 && stop.abort() };
    await expect(align(out, mine, 1, false, once)).rejects.toThrow(/abort/);
    const other = (more: object) => run({ ...mine, identity: { ...identity, ...more } });
    await expect(other({ knowledge: "1".repeat(64) })).rejects.toThrow("begun with other knowledge");
    await expect(other({ options: { seed: 2, shares } })).rejects.toThrow("begun with seed 1, not 2");
    const changed = identity.texts.map((text) => ({ ...text, sha256: "2".repeat(64) }));
    await expect(other({ texts: changed })).rejects.toThrow('begun with another content of "all.txt"');
    await expect(other({ texts: [] })).rejects.toThrow("begun with 1 texts");
    await writeFile(join(out, "part-00001.jsonl.gz"), await readFile(join(out, "part-00000.jsonl.gz")));
    await expect(run(mine)).rejects.toThrow("part-00001.jsonl.gz: it is not what was written");
  });
});
