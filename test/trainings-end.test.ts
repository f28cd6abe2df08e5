import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { demoExamples, demoRelations } from "../src/demo/examples.js";
import { openBackbone } from "../src/features/frozen-backbone.js";
import { localExecutor } from "../src/runtime/local.js";
import { relationClassification } from "../src/tasks/relations/relation-classification.js";
import { writeRandomBackbone } from "../src/testing/random-backbone.js";
import { chosenAdapterConfig } from "../src/training/backbone-start.js";
import { trainingConfig } from "../src/training/config.js";
import { loadModel } from "../src/training/load-model.js";
import { pretrain } from "../src/training/pretrain.js";

const trainings = 30;

it(`gives back what ${trainings} trainings on one engine took`, async () => {
  const folder = await mkdtemp(join(tmpdir(), "kadapter-end-"));
  const examples = demoExamples("train", { perRelation: { train: 1 } }).slice(0, 8);
  const texts = examples.map(({ text }) => text);
  const random = { seed: 1, layers: 1, hiddenSize: 128, heads: 2, vocabSize: 300 };
  const backbone = await openBackbone((await writeRandomBackbone(join(folder, "model"), texts, random)).folder);
  const executor = await localExecutor({ device: "cpu", threads: 1 });
  const set = { where: "the demo", examples, skipped: {} };
  const taskData = {
    kind: relationClassification,
    settings: { labels: demoRelations, options: {} },
    train: set,
    dev: set,
  };
  // Large enough that parameters and moments that were kept would be seen.
  const architecture = chosenAdapterConfig(backbone, "official", { layers: [0, 1], transformerLayers: 2 });
  const residents: number[] = [];
  let state = 0;
  for (let i = 0; i < trainings; i++) {
    const out = join(folder, `run-${i}`);
    const config = trainingConfig(backbone, out, { architecture, maxLength: 64, settings: { maxSteps: 1, seed: i } });
    await pretrain(executor, config, taskData, (event) => {
      if (event.kind === "start") state = (12 * event.parameters) / 2 ** 20;
    });
    const model = await loadModel(executor, out, relationClassification);
    await model.close();
    await rm(out, { recursive: true });
    globalThis.gc?.();
    residents.push(process.memoryUsage.rss() / 2 ** 20);
  }
  await executor.close();
  await rm(folder, { recursive: true });
  const highest = (from: number) => Math.max(...residents.slice(from, from + 10));
  console.log(
    `resident memory at its highest: ${[0, 10, 20].map((from) => highest(from).toFixed(0)).join(", ")} MiB ` +
      `(a training's state: ${state.toFixed(1)} MiB)`,
  );
  expect(state).toBeGreaterThan(8);
  // Ten trainings lie between: a fourth of their state kept would already be more.
  expect(highest(20) - highest(10)).toBeLessThan(2.5 * state);
});
