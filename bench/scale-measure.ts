/**
 * One cell of `bench:scale` in a process of its own, so that its peak memory is its own: adapters trained one after
 * another on one cache. Prints one JSON line.
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KAdapterConfig } from "../src/adapters/config.js";
import { openBackbone } from "../src/features/backbone-handle.js";
import { workerExecutor } from "../src/runtime/worker-executor.js";
import { ownSentences } from "./sentences.js";
import { resident } from "./stats.js";
import { benchTraining, type TrainingTimes } from "./training.js";

export interface ScaleRequest {
  readonly backbone: string;
  readonly adapter: KAdapterConfig;
  readonly sentences: number;
  /** Adapters that are trained, each with a seed of its own. */
  readonly adapters: number;
  /** Tokens of every sentence; null draws them from the lengths of T-REx. */
  readonly length: number | null;
  readonly batch: number;
  readonly threads: number;
}

export interface ScaleMeasured {
  readonly tokens: number;
  /** Seconds of each adapter: the first one's with the backbone's pass. */
  readonly seconds: readonly number[];
  /** Seconds of the backbone's pass. */
  readonly backbone: number;
  /** GiB. */
  readonly memory: number;
}

/** The longest sentence where lengths are drawn. */
const drawnLength = 64;

async function measure({ backbone, adapter, sentences, adapters, length, batch, threads }: ScaleRequest) {
  const folder = await openBackbone(backbone);
  // Longer than is wanted: they are all cut to the same length then.
  const examples = ownSentences(sentences, 1, length === null ? undefined : 2 * length);
  const scratch = await mkdtemp(join(tmpdir(), "kadapter-scale-"));
  try {
    const settings = { adapter, batch, maxLength: length ?? drawnLength, epochs: 1, rate: 1e-4, seed: 1 };
    // float32, so that few sentences fill more than one shard of the cache.
    const options = { cache: join(scratch, "cache"), cacheLimit: 2 ** 40, dtype: "float32" as const };
    const training = benchTraining(folder, examples, settings, options);
    const times: TrainingTimes[] = [];
    for (let seed = 1; seed <= adapters; seed++) {
      const executor = await workerExecutor({ device: "cpu", threads });
      times.push(await training.run(executor, join(scratch, `run-${seed}`), seed));
      await executor.close();
    }
    const measured: ScaleMeasured = {
      tokens: training.lengths.reduce((sum, length) => sum + length, 0),
      seconds: times.map((one) => one.backbone + one.epochs.reduce((sum, seconds) => sum + seconds, 0)),
      backbone: times[0]?.backbone ?? 0,
      memory: resident().peak,
    };
    return measured;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

console.log(JSON.stringify(await measure(JSON.parse(process.argv[2] ?? "") as ScaleRequest)));
