/** A job array on a Slurm of two hosts, one of which dies: what comes of it is what one process makes. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { demoExamples } from "../../src/demo/examples.js";
import { writeRandomBackbone } from "../../src/testing/random-backbone.js";
import { kadapter, makeWorld, sha256, type World } from "../support.js";
import { here, onSlurm, whyNoSlurm } from "./rig/rig.js";

const reason = whyNoSlurm();
const bin = here("../../../bin/kadapter.js");

let world: World;
const temporary = process.env["TMPDIR"];
beforeAll(async () => {
  // Not below /tmp, of which each host has its own.
  process.env["TMPDIR"] = "/var/tmp";
  world = await makeWorld();
});
afterAll(async () => {
  await world.remove();
  if (temporary === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = temporary;
});

/** Sentences of a hundred tokens, and a model that keeps much of each and computes little: enough for more than 8 shards. */
async function largeTraining(): Promise<(cache: string) => readonly string[]> {
  const { folder } = await writeRandomBackbone(
    world.at("wide"),
    demoExamples("train").map(({ text }) => text),
    { seed: 1, layers: 12, hiddenSize: 256, heads: 4, vocabSize: 600, maxTokens: 130 },
  );
  const lines = (await readFile(world.train, "utf8")).trim().split("\n");
  const long = Array.from({ length: 420 }, (_, i) => {
    const { token, ...record } = JSON.parse(lines[i % lines.length] ?? "") as { token: string[] };
    return JSON.stringify({
      ...record,
      token: [...token, ...Array.from({ length: 60 }, (_, k) => `${(i * 31 + k * k) % 97}`)],
    });
  });
  await writeFile(world.at("long.jsonl"), `${long.join("\n")}\n`);
  return (cache) => [
    ...["pretrain", "factual", "--backbone", folder, "--train", world.at("long.jsonl"), "--dev", world.dev],
    ...["--out", world.at("never"), "--layers", "1,2,3,4,5,6,7,8,9,10,11,12", "--adapter-size", "16"],
    ...["--max-length", "128", "--cache", cache, "--cache-dtype", "float32", "--threads", "1"],
  ];
}

/** Hashes of all shards below a folder of caches. */
async function shardHashes(root: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(root, { recursive: true })).filter((name) => name.endsWith(".bin")).sort();
  const hashes: Record<string, string> = {};
  for (const name of names) hashes[name] = sha256(await readFile(join(root, name)));
  return hashes;
}

describe.skipIf(reason !== null)(`Slurm${reason === null ? "" : ` (skipped: ${reason})`}`, () => {
  test("an array of 8 that loses a host has all shards, and every bit of one process", {
    timeout: 900_000,
  }, async () => {
    const training = await largeTraining();
    const words = (cache: string) => ["features", "--", ...training(cache)];
    const submitted = await kadapter([
      ...["submit", "slurm", "--array", 8, "--logs", world.folder, "--program", `${process.execPath} ${bin}`],
      ...["--", ...words(world.at("parts"))],
    ]);
    expect(submitted).toMatchObject({ code: 0 });
    const script = world.at("array.sh");
    await writeFile(script, submitted.stdout);
    const [alone, said] = [kadapter(words(world.at("alone"))), onSlurm("array.sh", [script])];
    expect((await alone).code).toBe(0);
    const lines = (await said).trim().split("\n");
    expect(lines[0]).toBe("to start");
    expect(lines[1]).toMatch(/^h2 died with tasks \d/);
    expect(Number.parseInt(lines[2] ?? "", 10)).toBeGreaterThan(0);
    expect(lines.at(-1)).toBe("8");
    const shards = await shardHashes(world.at("alone"));
    expect(Object.keys(shards).length).toBeGreaterThan(8);
    expect(await shardHashes(world.at("parts"))).toEqual(shards);
  });
});
