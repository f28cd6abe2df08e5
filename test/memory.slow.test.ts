/** What a training takes in memory does not grow with the number of its sentences. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RandomStream } from "../src/random.js";
import { kadapterProcess, makeWorld, type World } from "./support.js";

const [few, many] = [10_000, 100_000];

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

const common = "the of and in to was is for as on by with he that at from his it an were are which be this had".split(
  " ",
);

/** Sentences in TACRED's form about ever more people, three of each. */
async function writeFacts(path: string, count: number): Promise<void> {
  const random = new RandomStream(1, "facts", count);
  const file = createWriteStream(path);
  for (let i = 0; i < count; i++) {
    const token = Array.from({ length: 12 + random.below(24) }, () => common[random.below(common.length)]);
    const [subject, object] = [random.below(5), 6 + random.below(5)];
    token[subject] = `Person${random.below(Math.ceil(count / 3))}`;
    token[object] = `Town${random.below(1000)}`;
    const places = { subj_start: subject, subj_end: subject, obj_start: object, obj_end: object };
    const record = { token, relation: `P${random.below(40)}`, subj_type: "PERSON", obj_type: "CITY", ...places };
    if (!file.write(`${JSON.stringify(record)}\n`)) await once(file, "drain");
  }
  file.end();
  await once(file, "finish");
}

/** Sentences as trees in which every word depends on the one before it. */
async function writeTrees(path: string, count: number): Promise<void> {
  const random = new RandomStream(1, "trees", count);
  const file = createWriteStream(path);
  for (let i = 0; i < count; i++) {
    const words = Array.from({ length: 8 + random.below(12) }, (_, w) => {
      const form = common[random.below(common.length)];
      return `${w + 1}\t${form}\t_\tX\t_\t_\t${w}\t${w === 0 ? "root" : "dep"}\t_\t_`;
    });
    if (!file.write(`${words.join("\n")}\n\n`)) await once(file, "drain");
  }
  file.end();
  await once(file, "finish");
}

/** Trains for a few steps, and tells the most memory that the process had: MiB. */
async function peakOf(kind: "factual" | "linguistic", train: string, dev: string | null): Promise<number> {
  const probe = world.at("probe.mjs");
  const told = 'process.stderr.write("peak " + process.resourceUsage().maxRSS / 1024 + "\\n")';
  await writeFile(probe, `process.on("exit", () => ${told});\n`);
  const args = [
    "pretrain",
    kind,
    "--backbone",
    world.backbone,
    "--train",
    train,
    "--out",
    world.at("out"),
    "--overwrite",
  ];
  if (dev !== null) args.push("--dev", dev);
  const run = await kadapterProcess([...args, "--max-steps", 10, "--threads", 1, "--device", "cpu", "--cache", "off"], {
    before: `export NODE_OPTIONS="--import ${pathToFileURL(probe).href}"`,
  });
  expect(run.stderr.includes("held out")).toBe(dev === null);
  expect(run.code).toBe(0);
  return Number(/^peak (.*)$/m.exec(run.stderr)?.[1]);
}

/** The most memory with few sentences, and with ten times as many. */
async function peaks(
  kind: "factual" | "linguistic",
  write: (path: string, count: number) => Promise<void>,
  dev: string | null,
): Promise<readonly [number, number]> {
  const found: number[] = [];
  for (const count of [few, many]) {
    const path = world.at(`${kind}-${count}`);
    await write(path, count);
    found.push(await peakOf(kind, path, dev));
  }
  const [small, large] = found as [number, number];
  console.log(`${kind}: ${small.toFixed(0)} MiB with ${few} sentences, ${large.toFixed(0)} MiB with ${many}`);
  return [small, large];
}

test("facts: ten times as many, a tenth of them held out, take no more than a tenth more memory", async () => {
  const [small, large] = await peaks("factual", writeFacts, null);
  expect(large).toBeLessThan(1.1 * small);
});

// Scores of all pairs of words are much to throw away: what waits for that is the same only for the same trees.
test("trees: ten times as many take no more than a tenth more memory", async () => {
  const dev = world.at("dev-trees");
  await writeTrees(dev, 1000);
  const [small, large] = await peaks("linguistic", writeTrees, dev);
  expect(large).toBeLessThan(1.1 * small);
});
