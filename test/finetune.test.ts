/** Every downstream task from the command line: trained, evaluated, used, checked, killed and resumed. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DataSet, type layouts, writeDownstreamData } from "./downstream-data.js";
import {
  expectComplaint,
  filesBelow,
  json,
  kadapter,
  makeWorld,
  meanLosses,
  sha256,
  stopAt,
  type World,
} from "./support.js";

type Args = (string | number)[];
type Result = Record<string, unknown>;

let world: World;
let sets: Record<(typeof layouts)[number], DataSet>;
/** Adapters of different sizes and layers, all but random. */
const shapes = { a: ["0,1,3", 16, 2], b: ["1,2", 8, 1], c: ["0,2,3", 24, 3] } as const;

beforeAll(async () => {
  world = await makeWorld();
  sets = await writeDownstreamData(world.at("sets"));
  for (const [name, [layers, size, heads]] of Object.entries(shapes)) {
    const shape = ["--layers", layers, "--adapter-size", size, "--adapter-heads", heads];
    await json(world.training(world.at("adapters", name), ...shape, "--max-steps", 1, "--init", 0.2));
  }
});
afterAll(() => world.remove());

/** `NAME=DIR` of some of the adapters. */
const adapters = (...names: (keyof typeof shapes)[]): Args =>
  names.flatMap((name) => ["--adapter", `${name}=${world.at("adapters", name)}`]);

/** A short fine-tuning; later options win. */
const finetuning = (task: string, { train, dev, test: tests }: DataSet, out: string, ...more: Args): Args => [
  ...["finetune", task, "--backbone", world.backbone, "--train", train, "--dev", dev, "--test", tests],
  ...["--out", out, "--max-length", 64, "--epochs", 6, "--batch-size", 8, "--learning-rate", 0.003, "--threads", 1],
  ...more,
];

interface Case {
  readonly name: string;
  readonly task: string;
  readonly set: (typeof layouts)[number];
  readonly more: (typeof adapters extends (...names: infer N) => Args ? N : never)[number][];
  readonly options: Args;
  /** The score that decides, and others that are reported. */
  readonly scores: readonly string[];
}

const cases: readonly Case[] = [
  {
    name: "TACRED, typed markers, a cap on negatives, two adapters, frozen",
    task: "relations",
    set: "tacred",
    more: ["a", "b"],
    options: ["--markers", "typed", "--max-negatives", 5],
    scores: ["microF1", "precision", "recall", "f1", "accuracy"],
  },
  {
    name: "SemEval, the backbone trained, one adapter",
    task: "relations",
    set: "semeval",
    more: ["a"],
    options: ["--trains", "backbone"],
    scores: ["macroF1", "officialMacroF1", "accuracy"],
  },
  {
    name: "FewRel, all trained, attention over two adapters",
    task: "relations",
    set: "fewrel",
    more: ["b", "c"],
    options: ["--trains", "all", "--fusion", "attention"],
    scores: ["accuracy", "macroF1"],
  },
  {
    name: "Wiki80, adapters trained, added",
    task: "relations",
    set: "wiki80",
    more: ["a", "c"],
    options: ["--trains", "adapters", "--fusion", "add"],
    scores: ["accuracy"],
  },
  {
    name: "OpenEntity, attention over three adapters, frozen",
    task: "entity-typing",
    set: "openentity",
    more: ["a", "b", "c"],
    options: ["--fusion", "attention"],
    scores: ["microF1", "macroF1", "precision", "recall", "strictAccuracy"],
  },
  {
    name: "FIGER's way, the backbone trained, three adapters added with dropout",
    task: "entity-typing",
    set: "openentity",
    more: ["a", "b", "c"],
    options: ["--trains", "backbone", "--always-one", "--fusion", "add", "--frozen-dropout", "--cache", "off"],
    scores: ["microF1", "macroF1", "strictAccuracy"],
  },
  {
    name: "Wiki80, no adapter, hidden states side by side",
    task: "relations",
    set: "wiki80",
    more: [],
    options: ["--taps", "0,1,3"],
    scores: ["accuracy"],
  },
  {
    name: "CosmosQA's CSV, no adapter, frozen",
    task: "multiple-choice",
    set: "cosmosqa-csv",
    more: [],
    options: ["--max-length", 48],
    scores: ["accuracy"],
  },
  {
    name: "CosmosQA's JSON Lines, all trained, two adapters, two passes a step",
    task: "multiple-choice",
    set: "cosmosqa-jsonl",
    more: ["a", "c"],
    options: ["--trains", "all", "--batch-size", 4, "--gradient-accumulation", 2, "--learning-rate", 0.001],
    scores: ["accuracy"],
  },
  {
    name: "thunlp/OpenQA, one adapter, frozen",
    task: "open-qa",
    set: "thunlp",
    more: ["c"],
    options: ["--batch-size", 4],
    scores: ["exactMatch", "f1"],
  },
  {
    name: "Quasar-T, the backbone trained, no adapter",
    task: "open-qa",
    set: "quasar",
    more: [],
    options: ["--batch-size", 4, "--trains", "backbone", "--learning-rate", 0.001],
    scores: ["exactMatch", "f1"],
  },
  {
    name: "SearchQA, all trained, three adapters",
    task: "open-qa",
    set: "searchqa",
    more: ["a", "b", "c"],
    options: ["--batch-size", 4, "--trains", "all", "--epochs", 3],
    scores: ["exactMatch", "f1"],
  },
];

const scoresIn = (result: unknown, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, (result as Result)[name]]));

/** The folder of a case's model. */
const folderOf = (start: string): string =>
  world.at("models", `${cases.findIndex(({ name }) => name.startsWith(start))}`);

test.each(cases)("$name", async ({ name, task, set, more, options, scores }) => {
  const out = folderOf(name);
  const data = sets[set];
  const result = await json(finetuning(task, data, out, ...adapters(...more), ...options));
  expect(result["reason"]).toBe("completed");
  expect(result["backboneUnchanged"]).toBe(true);
  for (const part of ["dev", "test"]) {
    for (const score of Object.values(scoresIn(result[part], scores))) {
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
    }
  }
  const { first, last } = await meanLosses(out);
  expect(last).toBeLessThan(first);
  expect((result["adapters"] as Result[]).map(({ name }) => name)).toEqual(more);
  if (options.includes("--max-negatives")) expect(result["skippedTrain"]).toEqual({ "over-max-negatives": 3 });

  // What is on the disk is what was measured.
  const again = await json(["eval", "--adapter", out, "--data", data.test, "--threads", 1]);
  expect(scoresIn(again, scores)).toEqual(scoresIn(result["test"], scores));
  const told = await json(["predict", "--adapter", out, "--data", data.test, "--threads", 1]);
  const counted = (result["test"] as Result)["examples"] ?? (result["test"] as Result)["questions"];
  expect({ examples: told["examples"], skipped: told["skipped"] }).toEqual({ examples: counted, skipped: 0 });
  expect(told["predictions"]).toHaveLength(Number(counted));

  const verified = await json(["verify", out]);
  const checks = verified["checks"] as { name: string; ok: boolean | null }[];
  expect(verified["ok"]).toBe(true);
  const frozen = !options.includes("adapters") && !options.includes("all");
  const own = checks.filter(({ name }) => name.startsWith("adapter "));
  expect(own.map(({ ok }) => ok)).toEqual(more.map(() => (frozen ? true : null)));
});

test("what frozen adapters say is kept, for other combinations too, and learnt from as if it was computed", async () => {
  const run = async (name: string, ...more: Args) => {
    const out = world.at("models", name);
    const { stderr } = await kadapter(finetuning("relations", sets.wiki80, out, "--dropout", 0, ...more));
    return { stderr, ...(await meanLosses(out)) };
  };
  const cached = await run("kept", ...adapters("a", "b"));
  expect(cached.stderr).toMatch(/train, a: hidden states are cached/);
  const streamed = await run("computed", ...adapters("a", "b"), "--cache", "off");
  expect(streamed.stderr).not.toMatch(/cached/);
  expect(cached.first).toBeCloseTo(streamed.first, 4);
  expect(cached.last).toBeCloseTo(streamed.last, 2);
  const before = await filesBelow(world.at("caches"));
  await run("others", ...adapters("b"));
  expect(await filesBelow(world.at("caches"))).toEqual(before);
});

test("an adapter learnt with --official-padding is asked at a fixed length", async () => {
  const adapter = world.at("adapters", "fixed");
  await json(world.training(adapter, "--max-steps", 1, "--init", 0.2, "--official-padding"));
  const firstLoss = async (length: number) => {
    const out = world.at("models", `fixed-${length}`);
    const more = ["--adapter", `fixed=${adapter}`, "--max-length", length, "--max-steps", 1, "--dropout", 0];
    const run = await kadapter(finetuning("relations", sets.wiki80, out, ...more));
    expect(run.stderr).toContain(`every text is padded to ${length} tokens`);
    const config = JSON.parse(await readFile(join(out, "downstream_config.json"), "utf8")) as Result;
    expect(config["task"]).toMatchObject({ maxLength: length, fixedWidth: true });
    return (await meanLosses(out)).first;
  };
  // Padding is attended, so the length is seen in the loss, though every sentence is shorter.
  expect(Math.abs((await firstLoss(64)) - (await firstLoss(56)))).toBeGreaterThan(1e-6);
});

test("hidden states are read side by side only without adapters, and only those that there are", async () => {
  const refused = async (...more: Args) =>
    expectComplaint(await kadapter(finetuning("relations", sets.wiki80, world.at("models", "refused"), ...more)));
  expect(await refused("--taps", "0,3", ...adapters("a"))).toMatch(/--taps: .*leave out --adapter/);
  expect(await refused("--taps", "0,4")).toMatch(/--taps: .*no layer 4.*0 to 3/);
});

test("inspect tells what a fine-tuned model is made of", async () => {
  const said = await json(["inspect", folderOf("OpenEntity")]);
  expect(said).toMatchObject({ kind: "fine-tuned", trains: "none", fusion: { kind: "attention" } });
  expect((said["adapters"] as Result[]).map(({ name }) => name)).toEqual(["a", "b", "c"]);
});

/** The model, and the last checkpoint: parameters and moments of the last step. */
async function allBits(out: string): Promise<Record<string, string>> {
  const names = (await filesBelow(out)).filter((name) => name.endsWith(".safetensors"));
  expect(names).toContainEqual(expect.stringMatching(/step-\d+\/state\.safetensors$/));
  const hashes = names.map(async (name) => [name, sha256(await readFile(join(out, name)))]);
  return Object.fromEntries(await Promise.all(hashes));
}

describe("killed and resumed ends with the same bits", () => {
  test.each<[string, string, (typeof layouts)[number], Args]>([
    ["the backbone trained", "relations", "tacred", ["--trains", "backbone", "--gradient-accumulation", 2]],
    ["straight from cached features", "entity-typing", "openentity", ["--fusion", "attention"]],
    ["questions with many texts", "open-qa", "thunlp", ["--trains", "adapters", "--batch-size", 3]],
  ])("%s", async (_, task, set, options) => {
    const more = [...adapters("a", "b"), ...options, "--save-every", 2, "--eval-every", 3, "--dropout", 0.2];
    const straight = world.at("straight", task);
    await json(finetuning(task, sets[set], straight, ...more));
    const out = world.at("killed", task);
    const command = finetuning(task, sets[set], out, ...more, "--resume");
    for (const step of [3, 8]) {
      const run = await stopAt(step, "SIGKILL", command, out);
      expect(run.signal).toBe("SIGKILL");
      expect(await filesBelow(out)).not.toContain("downstream_config.json");
    }
    const last = await kadapter(command);
    expect(last.stderr).toMatch(/continued from step \d+/);
    expect(last.code).toBe(0);
    expect(await allBits(out)).toEqual(await allBits(straight));
  });
});

test("a model whose frozen adapter was changed does not verify", async () => {
  const out = folderOf("OpenEntity");
  const file = join(out, "model.safetensors");
  const bytes = await readFile(file);
  const changed = Buffer.from(bytes);
  const header = Number(bytes.readBigUInt64LE());
  const tensors = JSON.parse(bytes.subarray(8, 8 + header).toString()) as Record<string, { data_offsets: number[] }>;
  const at = 8 + header + tensors["b_adapter.adapter.0.up_project.bias"]!.data_offsets[0]!;
  changed.writeFloatLE(bytes.readFloatLE(at) + 1, at);
  await writeFile(file, changed);
  const run = await kadapter(["verify", out]);
  expect(run.code).toBe(1);
  expect(run.stderr).toMatch(/failed adapter b, SHA-256 of its tensors/);
  expect(run.stderr).not.toMatch(/failed adapter [ac]/);
  await writeFile(file, bytes);
  expect((await kadapter(["verify", out])).code).toBe(0);
});

test("a folder that is in use is not overwritten in silence", async () => {
  const out = folderOf("thunlp");
  const line = expectComplaint(await kadapter(finetuning("open-qa", sets.thunlp, out)));
  expect(line).toMatch(/--resume.*--overwrite/);
});

test("texts are as long as the model can read where that is less than usual", async () => {
  const out = world.at("models", "usual");
  const args = finetuning("relations", sets.wiki80, out, "--max-steps", 1).filter(
    (arg, i, all) => arg !== "--max-length" && all[i - 1] !== "--max-length",
  );
  await json(args);
  const config = JSON.parse(await readFile(join(out, "downstream_config.json"), "utf8")) as Result;
  expect(config["task"]).toMatchObject({ maxLength: 128 });
  expect(config["recipe"]).toMatchObject({ maxLength: 128 });
});
