/** The model itself trained on several kinds of knowledge at once: what adapters are measured by. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
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
import { writeTrees } from "./tree-data.js";

let world: World;
let trees: string[];
beforeAll(async () => {
  world = await makeWorld();
  trees = [await writeTrees(world.at("train.conllu"), 0, 64), await writeTrees(world.at("dev.conllu"), 96, 32)];
});
afterAll(() => world.remove());

const options = (out: string, ...more: (string | number)[]) => [
  ...["pretrain", "multitask", "--backbone", world.backbone, "--out", world.at(out)],
  ...["--learn", `factual=${world.train},${world.dev}`, `linguistic=${trees.join(",")}`],
  ...["--max-length", 64, "--batch-size", 8, "--arc-size", 16, "--learning-rate", 0.001, "--threads", 1, ...more],
];

const weights = async (folder: string) => sha256(await readFile(join(folder, "model.safetensors")));

test("learns all tasks, and leaves a model that others can start from", async () => {
  const out = world.at("both");
  const few = { factual: { metrics: {} }, linguistic: { metrics: {} } };
  const result = await json(options("both", "--epochs", 20, "--head-learning-rate", 0.003));
  expect(result).toMatchObject({ reason: "completed", dev: few });
  const { dev } = result as { dev: Record<string, { metrics: Record<string, number> }> };
  // 16 relations; a word has some six candidates.
  expect(dev["factual"]?.metrics["accuracy"]).toBeGreaterThan(1 / 16);
  expect(dev["linguistic"]?.metrics["uas"]).toBeGreaterThan(0.25);
  const { first, last } = await meanLosses(out, 16);
  expect(last).toBeLessThan(0.8 * first);
  expect(await weights(out)).not.toEqual(await weights(world.backbone));

  const said = await json(["inspect", out]);
  expect(said).toMatchObject({ kind: "model" });
  const adapter = await json(world.training(world.at("beside"), "--backbone", out, "--max-steps", 2));
  expect(adapter).toMatchObject({ reason: "completed", backboneUnchanged: true });
});

test("killed and resumed ends with the same bits", async () => {
  const more = ["--epochs", 1, "--save-every", 3, "--dropout", 0.2];
  await json(options("straight", ...more));
  const command = options("killed", ...more, "--resume");
  const run = await stopAt(7, "SIGKILL", command, world.at("killed"));
  expect(run.signal).toBe("SIGKILL");
  expect(await filesBelow(world.at("killed"))).not.toContain("config.json");
  const last = await kadapter(command);
  expect(last.stderr).toMatch(/continued from step \d+/);
  expect(last.code).toBe(0);
  expect(await weights(world.at("killed"))).toEqual(await weights(world.at("straight")));
});

test.each([
  ["a kind it does not know", ["--learn", "poetic=a.json,b.json"], /--learn: .*factual, linguistic/],
  ["a kind without dev data", ["--learn", "factual=a.json"], /--learn/],
  ["the same kind twice", ["--learn", "factual=a.json,b.json", "factual=c.json,d.json"], /--learn: .*each once/],
])("refuses %s", async (_, learn, said) => {
  const args = ["pretrain", "multitask", "--backbone", world.backbone, "--out", world.at("refused"), ...learn];
  expect(expectComplaint(await kadapter(args))).toMatch(said);
});
