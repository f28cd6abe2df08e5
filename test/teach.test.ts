/** Facts that answer: taught, asked, and nothing else changed. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBackbone } from "../src/features/backbone-handle.js";
import { recall } from "../src/library/knowledge.js";
import { train } from "../src/library/train.js";
import { ClozeModel } from "../src/probing/cloze-model.js";
import { fill } from "../src/probing/fill.js";
import { probeRecall } from "../src/probing/recall.js";
import { localExecutor } from "../src/runtime/local.js";
import { readQuestions } from "../src/tasks/recall/recall-data.js";
import { testFolder } from "./support.js";

let folder: string;
let engine: Awaited<ReturnType<typeof localExecutor>>;
beforeAll(async () => {
  folder = await testFolder();
  engine = await localExecutor({ device: "cpu", threads: 1 });
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

const countries = ["Ruritania", "Borduria", "Syldavia", "Zubrowka"];
const cells = { capital: ["London", "Paris", "Rome", "Berlin"], ruler: ["George", "John", "Peter", "Paul"] };

it("answers invented facts in the wordings that were taught, and is the model itself elsewhere", async () => {
  const [facts, out] = [join(folder, "facts.csv"), join(folder, "taught")];
  const rows = Object.entries(cells).flatMap(([relation, objects]) =>
    countries.map((country, i) => `${country},${relation},${objects[i]}`),
  );
  await writeFile(facts, ["subject,relation,object", ...rows].join("\n"));
  const base = await openBackbone("models/own");
  const how = { out, maxSteps: 60, evalEvery: 1000, saveEvery: 0, cache: "off", batchSize: 32 };
  for await (const _ of train(engine, base, recall({ facts }), how));
  await using model = await ClozeModel.open(engine, { backbone: "models/own", adapters: { mine: out } });
  const questions = await readQuestions({ facts });
  const { scores, relations, wordings } = await probeRecall(model, questions, 128, { batchSize: 32 });
  expect(scores["none"]?.p1).toBeLessThan(0.1);
  expect(scores["mine"]?.p1).toBeGreaterThan(0.9);
  expect(scores["none"]?.kept).toBe(1);
  // The whole is made of its parts.
  const parts = [Object.values(relations), wordings.map((one) => one.scores)];
  for (const some of parts) {
    const right = some.reduce((sum, { mine }) => sum + (mine?.p1 ?? 0) * (mine?.questions ?? 0), 0);
    expect(right / (scores["mine"]?.questions ?? 0)).toBeCloseTo(scores["mine"]?.p1 ?? 0, 10);
  }
  const { none, mine } = await fill(model, "The capital of France is [MASK].", { top: 100 });
  expect(mine).toEqual(none);
}, 300_000);
