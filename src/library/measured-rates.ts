/**
 * What this machine does in a second, measured by a short training in a folder that is removed again.
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeDemoData } from "../demo/examples.js";
import type { BackboneHandle } from "../features/backbone-handle.js";
import { median } from "../statistics.js";
import { type Rates, stepRates } from "../submit/estimate.js";
import type { Engine } from "./engine.js";
import { facts } from "./knowledge.js";
import { train } from "./train.js";

/** What is measured, and with what. */
export interface Measurement {
  readonly engine: Engine;
  readonly backbone: BackboneHandle;
  /** Some hundred examples; the package's own sentences where it is left out. */
  readonly examples?: string | undefined;
  readonly batchSize: number;
  readonly note: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** Steps that are measured with each size of batch, after those in which things are only warming up. */
const steps = { warm: 2, measured: 6 };

/** Measures how fast this machine computes hidden states, and trains a factual adapter of the usual shape on them. */
export async function measuredRates(measurement: Measurement): Promise<Rates> {
  const folder = await mkdtemp(join(tmpdir(), "kadapter-plan-"));
  try {
    const { examples, batchSize, note } = measurement;
    const own = await writeDemoData(join(folder, "data"), { perRelation: { train: 16, dev: 1, test: 1 } });
    const data = { train: examples ?? own.train, dev: own.dev };
    const run = (size: number) => shortTraining(measurement, data, folder, size);
    note("measuring hidden states and steps");
    const large = await run(batchSize);
    const small = await run(Math.floor(batchSize / 2));
    return { features: large.features, parameters: large.parameters, ...stepRates(small, large) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function shortTraining(
  { engine, backbone, signal }: Measurement,
  data: { readonly train: string; readonly dev: string },
  folder: string,
  batchSize: number,
) {
  const settings = {
    ...{ out: join(folder, `batch-${batchSize}`), cache: join(folder, "cache"), batchSize, epochs: 1000 },
    ...{ maxSteps: steps.warm + steps.measured, saveEvery: 1_000_000, evalEvery: 1_000_000 },
    ...(signal ? { signal } : {}),
  };
  let [features, parameters] = [Number.NaN, 0];
  const seconds: number[] = [];
  for await (const event of train(engine, backbone, facts(data), settings)) {
    if (event.kind === "prepare" && event.what === "train" && event.done === event.total)
      features = event.done / event.seconds;
    else if (event.kind === "start") parameters = event.parameters;
    else if (event.kind === "step" && event.step > steps.warm) seconds.push(event.seconds);
  }
  return { features, parameters, batchSize, seconds: median(seconds) };
}
