/** Every kind of training that ranks can share: two ranks give the bits of one process. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { demoExamples } from "../../src/demo/examples.js";
import { writeDownstreamData } from "../downstream-data.js";
import { expectComplaint, json, kadapter, makeWorld, sha256, type World } from "../support.js";
import { writeTrees } from "../tree-data.js";
import { type Launcher, launch, launchers } from "./mpi.js";

type Args = readonly (string | number)[];

const found = launchers.find(([, launcher]) => launcher !== null);

let world: World;
/** Commands up to their folder, by name. */
let commands: Readonly<Record<string, Args>>;
const common = [
  "--leaves",
  4,
  "--batch-size",
  3,
  "--threads",
  1,
  "--dropout",
  0.1,
  "--max-steps",
  7,
  "--eval-every",
  3,
];
const shape = ["--layers", "0,1,3", "--adapter-size", 16, "--adapter-heads", 2, "--transformer-layers", 1];

beforeAll(async () => {
  world = await makeWorld();
  const { backbone } = world;
  const trees = [await writeTrees(world.at("train.conllu"), 0, 40), await writeTrees(world.at("dev.conllu"), 40, 12)];
  const sets = await writeDownstreamData(world.at("sets"));
  const adapter = world.at("adapter");
  await json(world.training(adapter, "--max-steps", 1, "--init", 0.2));
  const text = world.at("text.txt");
  await writeFile(
    text,
    demoExamples("train")
      .map((example) => example.text)
      .slice(0, 300)
      .join("\n"),
  );
  const facts = world.at("facts.csv");
  const rows = ["London", "Paris", "Rome", "Berlin"].map((city, i) => `${"ABCD"[i]}land,capital,${city}`);
  await writeFile(facts, ["subject,relation,object", ...rows].join("\n"));
  const finetune = ["--backbone", backbone, "--max-length", 64, "--adapter", `one=${adapter}`];
  const setOf = (name: keyof typeof sets) => ["--train", sets[name].train, "--dev", sets[name].dev];
  const lm = ["pretrain", "lm", "--train", text, "--dev-texts", 20, "--max-length", 32];
  commands = {
    linguistic: [
      "pretrain",
      "linguistic",
      "--backbone",
      backbone,
      "--train",
      trees[0] ?? "",
      "--dev",
      trees[1] ?? "",
      ...shape,
      "--arc-size",
      16,
    ],
    contrastive: [...world.training(world.at("another")), "--objective", "contrastive"],
    teach: ["teach", facts, "--backbone", "models/own", "--cache", "off"],
    "finetune frozen": ["finetune", "relations", ...finetune, ...setOf("tacred"), "--trains", "none"],
    "finetune whole": ["finetune", "entity-typing", ...finetune, ...setOf("openentity"), "--trains", "all"],
    "masked model": [...lm, "--layers", 1, "--heads", 2, "--hidden-size", 32, "--vocab-size", 500],
    "causal model": [
      ...lm,
      "--model-type",
      "gpt2",
      "--layers",
      1,
      "--heads",
      2,
      "--hidden-size",
      32,
      "--vocab-size",
      500,
    ],
    "model trained on": [...lm, "--backbone", backbone],
  };
});
afterAll(() => world.remove());

/** Hashes of all weights that a training has written. */
async function weightsOf(out: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(out, { recursive: true })).filter((name) => name.endsWith(".safetensors")).sort();
  const hashes = names.map(async (name) => [name, sha256(await readFile(`${out}/${name}`))] as const);
  return Object.fromEntries(await Promise.all(hashes));
}

const kinds = [
  "linguistic",
  "contrastive",
  "teach",
  "finetune frozen",
  "finetune whole",
  "masked model",
  "causal model",
  "model trained on",
];

describe("two ranks", () => {
  if (!found?.[1]) {
    test.skip("no launcher is installed", () => undefined);
    return;
  }
  const launcher: Launcher = found[1];
  test.each(kinds)("%s: the bits of one process", async (kind) => {
    const [one, two] = [world.at(`${kind} 1`), world.at(`${kind} 2`)];
    // To ask for all facts takes longer than to learn them.
    const rarely = kind === "teach" ? ["--eval-every", 7] : [];
    const command = [...(commands[kind] ?? []), ...common, ...rarely];
    const straight = await kadapter([...command, "--out", one]);
    expect({ code: straight.code, stderr: straight.stderr }).toEqual({ code: 0, stderr: expect.any(String) });
    const run = await launch(launcher, 2, [...command, "--out", two]).ended;
    expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: expect.any(String) });
    const weights = await weightsOf(one);
    expect(Object.keys(weights).length).toBeGreaterThan(1);
    expect(await weightsOf(two)).toEqual(weights);
  });
});

test("a loss that spans more than a batch is refused", async () => {
  const { searchqa } = await writeDownstreamData(world.at("sets-qa"));
  const { train, dev } = searchqa;
  const args = [
    "finetune",
    "open-qa",
    "--backbone",
    world.backbone,
    "--train",
    train,
    "--dev",
    dev,
    "--out",
    world.at("qa"),
    "--leaves",
    2,
  ];
  expect(expectComplaint(await kadapter(args))).toContain(
    "--leaves: the loss of this task spans more texts than one batch",
  );
});
