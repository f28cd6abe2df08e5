/** Texts that a linguistic adapter parses, and trainings on them. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DependencySentence, treeFault } from "../src/data/dependency-sentence.js";
import { readTrees } from "../src/data/tree-data.js";
import { demoExamples } from "../src/demo/examples.js";
import { expectComplaint, json, kadapter, kadapterProcess, makeWorld, type World } from "./support.js";
import { writeTrees } from "./tree-data.js";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
  const train = await writeTrees(world.at("train.conllu"), 0, 96);
  await json(training("trees", "--train", train, "--las"));
  const sentences = demoExamples("train").map(({ text }) => text);
  await writeFile(world.at("a.txt"), `${sentences.slice(0, 150).join(" ")}\n\nDr. Ada doesn't know.\n`);
  await writeFile(
    world.at("b.jsonl.gz"),
    gzipSync(
      sentences
        .slice(150, 300)
        .map((text, i) => JSON.stringify({ id: `n ${i}`, text }))
        .join("\n"),
    ),
  );
});
afterAll(() => world.remove());

const training = (out: string, ...more: (string | number)[]) => [
  ...["pretrain", "linguistic", "--backbone", world.backbone, "--out", world.at(out), "--layers", "0,1,3"],
  ...["--adapter-size", 16, "--adapter-heads", 2, "--transformer-layers", 1, "--arc-size", 16],
  ...["--epochs", 2, "--batch-size", 16, "--learning-rate", 0.003, "--threads", 1, ...more],
];
/** Both texts in chunks of 64 sentences. */
const parse = (out: string, ...more: (string | number)[]) =>
  parseFiles(out, ["a.txt", "b.jsonl.gz"], "--batch-size", 1, ...more);
const parseFiles = (out: string, texts: readonly string[], ...more: (string | number)[]) => [
  ...["parse", "--text", ...texts.map((text) => world.at(text)), "--adapter", world.at("trees")],
  ...["--out", world.at(out), "--threads", 1, ...more],
];
const complaint = async (args: readonly (string | number)[]) => expectComplaint(await kadapter(args));

async function trees(path: string): Promise<DependencySentence[]> {
  const read: DependencySentence[] = [];
  for await (const sentence of readTrees(path)) read.push(sentence);
  return read;
}

describe("parse", () => {
  test("writes a tree for every sentence of every file, in their order", async () => {
    const result = await json(parse("straight.conllu"));
    expect(result).toMatchObject({ out: world.at("straight.conllu"), skipped: {} });
    expect(result["sentencesPerSecond"]).toBeGreaterThan(0);
    const read = await trees(world.at("straight.conllu"));
    expect(read.length).toBe(result["sentences"]);
    expect(read.length).toBeGreaterThan(290);
    expect(read.map(({ words }) => treeFault(words.map(({ head }) => head))).filter((fault) => fault !== null)).toEqual(
      [],
    );
    const last = read.findIndex(({ id }) => id?.startsWith("n_0"));
    expect(read[last - 1]?.words.map(({ form }) => form)).toEqual(["Dr.", "Ada", "does", "n't", "know", "."]);
    expect(read[last]?.id).toBe("n_0-1");
    expect(new Set(read.flatMap(({ words }) => words.map(({ relation }) => relation)))).toContain("root");
    const content = await readFile(world.at("straight.conllu"), "utf8");
    expect(content).toMatch(
      /^# kadapter_parse = [0-9a-f]{64}\n# newdoc id = a\.txt:1\n# sent_id = a\.txt:1-1\n# text = /,
    );
    expect(content.endsWith("\n\n")).toBe(true);
    expect(await readdir(world.folder)).not.toContain("straight.conllu.unfinished");
  });

  test("goes on after it was killed, with the same bytes", async () => {
    const progress = world.at("killed.conllu.unfinished", "progress.json");
    const read = async () =>
      Number(JSON.parse(await readFile(progress, "utf8").catch(() => '{"counts":{"read":0}}')).counts.read);
    for (const least of [64, 192]) {
      const run = await kadapterProcess(parse("killed.conllu", "--resume"), {
        onStart: async (child) => {
          while (child.exitCode === null && (await read()) < least)
            await new Promise((resolve) => setTimeout(resolve, 5));
          child.kill("SIGKILL");
        },
      });
      expect(run.signal).toBe("SIGKILL");
    }
    expect(await readdir(world.folder)).not.toContain("killed.conllu");
    expect(await complaint(parse("killed.conllu"))).toMatch(/begun and not finished; .*--resume/);
    expect(await complaint(parse("killed.conllu", "--resume", "--language", "de"))).toContain(
      '--language "en", not "de"',
    );
    await json(parse("killed.conllu", "--resume"));
    expect(await readFile(world.at("killed.conllu"))).toEqual(await readFile(world.at("straight.conllu")));
    expect(await json(parse("killed.conllu", "--resume"))).toMatchObject({ finished: "before" });
    expect(await complaint(parse("killed.conllu"))).toContain("it is there already");
    expect(await complaint(parse("killed.conllu", "--resume", "--language", "de"))).toContain("it is there already");
  });

  test("leaves nothing where it cannot begin or finds nothing", async () => {
    await writeFile(world.at("empty.txt"), "word ".repeat(2000));
    expect(await complaint(parseFiles("none.conllu", ["empty.txt"]))).toContain(
      "hold no sentence that can be parsed (1: sentence-too-long)",
    );
    expect(await complaint(parse("none.conllu", "--adapter", world.at("nowhere")))).toContain("nowhere");
    await mkdir(world.at("folder"));
    expect(await complaint(parse("folder", "--overwrite"))).toContain("it is a folder");
    expect((await readdir(world.folder)).filter((name) => name.startsWith("none"))).toEqual([]);
  });
});

describe("pretrain linguistic", () => {
  test("reads texts that an adapter parses, and trees beside them", async () => {
    const more = await writeTrees(world.at("more.conllu"), 96, 20);
    const result = await json(
      training("own", "--train", world.at("a.txt"), more, "--dev", more, "--parse-with", world.at("trees")),
    );
    const parsed = (await trees(world.at("straight.conllu"))).filter(({ id }) => id?.startsWith("a.txt"));
    expect(result).toMatchObject({ reason: "completed", trainExamples: parsed.length + 20 });
    // The same trees from a file teach the same, to the last bit.
    await json(parseFiles("a.conllu", ["a.txt"], "--batch-size", 16));
    await json(training("file", "--train", world.at("a.conllu"), more, "--dev", more));
    const weights = (name: string) => readFile(world.at(name, "adapter_model.safetensors"));
    expect((await weights("own")).equals(await weights("file"))).toBe(true);
    expect(await complaint(training("none", "--train", world.at("a.txt"), "--dev", more))).toContain(
      "the file holds no dependency trees",
    );
  });
});
