/** Hidden states that are computed before the training, by several processes. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adapterBits, expectComplaint, filesBelow, json, kadapter, makeWorld, sha256, type World } from "./support.js";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

interface Filled {
  readonly what: string;
  readonly folder: string;
  readonly shards: number;
  readonly of: number;
  readonly examples: number;
  readonly computed: number;
}

/** `features … --json`; the flag stands before the training's own command line. */
async function fill(part: string | null, training: readonly (string | number)[]): Promise<Filled[]> {
  const run = await kadapter(["features", "--json", ...(part === null ? [] : ["--part", part]), "--", ...training]);
  expect(run.stderr).not.toMatch(/error/);
  return (JSON.parse(run.stdout) as { caches: Filled[] }).caches;
}

/** Hashes of all shards below a folder of caches, by cache and shard. */
async function shardHashes(root: string): Promise<Record<string, string>> {
  const names = (await readdir(root, { recursive: true })).filter((name) => name.endsWith(".bin")).sort();
  const hashes = names.map(async (name) => [name, sha256(await readFile(join(root, name)))] as const);
  return Object.fromEntries(await Promise.all(hashes));
}

/** When each shard was written: a shard that is computed again is written again. */
async function writtenAt(root: string): Promise<readonly number[]> {
  const names = Object.keys(await shardHashes(root));
  return Promise.all(names.map(async (name) => (await stat(join(root, name))).mtimeMs));
}

test("parts compute together what one process computes, and the training then computes nothing", async () => {
  const [alone, parts] = [world.at("alone"), world.at("parts")];
  const training = (cache: string) => world.training(world.at("facts"), "--cache", cache);
  const whole = await fill(null, training(alone));
  expect(whole.map(({ what }) => what)).toEqual(["train", "dev"]);
  for (const one of whole) expect(one).toMatchObject({ shards: one.of, computed: one.examples });
  // The last part twice, and two at once.
  await Promise.all([fill("1/3", training(parts)), fill("0/3", training(parts))]);
  const [last, again] = [await fill("2/3", training(parts)), await fill("2/3", training(parts))];
  expect(again).toEqual(last.map((one) => ({ ...one, computed: 0 })));
  expect(await shardHashes(parts)).toEqual(await shardHashes(alone));
  // Nothing of the training itself was begun.
  expect(await filesBelow(world.at("facts"))).toEqual([]);
  const written = await writtenAt(parts);
  const run = await kadapter([...training(parts), "--max-steps", 3, "--json"]);
  expect(run.code).toBe(0);
  expect(await writtenAt(parts)).toEqual(written);
  const other = world.at("other");
  await json([...world.training(other, "--cache", world.at("own")), "--max-steps", 3]);
  expect(await adapterBits(world.at("facts"))).toEqual(await adapterBits(other));
});

test("downstream trainings with frozen adapters have theirs, too", async () => {
  await json([...world.training(world.at("fac")), "--max-steps", 1]);
  const relations = (cache: string) => [
    ...["finetune", "relations", "--backbone", world.backbone, "--train", world.train, "--dev", world.dev],
    ...["--adapter", `fac=${world.at("fac")}`, "--trains", "none", "--out", world.at("relations"), "--threads", 1],
    ...["--max-steps", 2, "--max-length", 64, "--cache", cache],
  ];
  const filled = await fill(null, relations(world.at("downstream")));
  expect(filled.every(({ examples, computed }) => examples > 0 && computed === examples)).toBe(true);
  expect(await fill("0/1", relations(world.at("downstream")))).toEqual(filled.map((one) => ({ ...one, computed: 0 })));
  const trained = relations(world.at("downstream")).map((word) => (word === "none" ? "all" : word));
  const refused = await kadapter(["features", "--", ...trained]);
  expect(expectComplaint(refused)).toMatch(/train: this training keeps no hidden states/);
});

test.each<[string, readonly string[], RegExp]>([
  ["no training", ["--", "predict", "x"], /predict x: this is no training that keeps hidden states; expected teach, /],
  ["nothing", [], /command/],
  [
    "a part that is not there",
    ["--part", "3/3", "--", "teach", "f.csv"],
    /--part: "3\/3" is not valid; expected a part/,
  ],
  ["a part of none", ["--part", "0/0", "--", "teach", "f.csv"], /--part: "0\/0" is not valid/],
  ["--json inside", ["--", "teach", "f.csv", "--json"], /--json: it stands behind `--`; put it before that/],
  ["a training's mistake", ["--", "pretrain", "factual", "--epoch", "3"], /unknown option '--epoch'/],
  ["a training's missing setting", ["--", "pretrain", "factual"], /--backbone is missing/],
])("refuses %s", async (_, words, expected) => {
  expect(expectComplaint(await kadapter(["features", ...words]))).toMatch(expected);
});
