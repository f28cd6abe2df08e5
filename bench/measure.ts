/**
 * The measuring process of `bench:step`: it does nothing but load and run, so that its peak memory is a training's.
 * Prints one JSON line.
 * @module
 */

import type { Executor, Tensors } from "../src/engine/executor.js";
import { openBackbone } from "../src/features/backbone-handle.js";
import { FrozenBackbone } from "../src/features/frozen-backbone.js";
import { packedTokens } from "../src/nn/index.js";
import { workerExecutor } from "../src/runtime/worker-executor.js";
import { copied, makeBatch, type RelationBatch } from "./batch.js";
import { attentionFlops, graphFlops, linearFlops, stepFlops, type Tokens } from "./flops.js";
import { freshState, gemmChain, gradientSlots, relationModel, Stage, type StageName, stepStages } from "./graphs.js";
import { type BatchShape, full, type Sizes, tiny } from "./sizes.js";
import { median, resident, seconds } from "./stats.js";

/** What the measuring process is told, as JSON in its one argument. */
export interface MeasureRequest {
  readonly sizes: "full" | "tiny";
  readonly backbone: string;
  readonly batch: BatchShape;
  readonly device: Executor["device"];
  readonly threads: number;
  readonly repetitions: number;
  readonly seed: number;
}

const timed = ["backbone", "forward", "gradients", "update", "step"] as const;
export type TimedName = (typeof timed)[number];

export interface Measured {
  readonly tokens: number;
  readonly width: number;
  readonly parameters: number;
  /** GFLOP/s of the engine's products, the best of each round; median over the rounds. */
  readonly peak: number;
  /** Medians. */
  readonly seconds: Readonly<Record<TimedName, number>>;
  /** Medians of (GFLOP/s ÷ the same round's peak). */
  readonly share: Readonly<Record<Exclude<TimedName, "update">, number>>;
  /** GFLOP that are needed, and that the graphs' products really take. */
  readonly needed: Readonly<Record<Exclude<TimedName, "update">, number>>;
  readonly executed: Readonly<Record<Exclude<TimedName, "update">, number>>;
  /** GFLOP of a step that computes every position of the last adapter layer. */
  readonly unpruned: number;
  readonly loss: { readonly first: number; readonly last: number };
  /** Seconds to open the backbone (weights hashed) and to load it. */
  readonly load: { readonly open: number; readonly session: number };
  /** GiB. */
  readonly memory: {
    /** Peak of training on hidden states that are at hand, as with a feature cache. */
    readonly stepPeak: number;
    /** Peak while the backbone is loaded beside it, and what remains resident after. */
    readonly loadPeak: number;
    readonly loaded: number;
    /** Peak of training with backbone and adapter. */
    readonly trainingPeak: number;
  };
}

const warmUps = 2;

/** Weights of the backbone are random, so hidden states of any kind do: these stand in while there is no backbone. */
async function trainWithoutBackbone(executor: Executor, sizes: Sizes, batch: RelationBatch, step: Stage, dims: Tokens) {
  const model = relationModel(sizes);
  const shape = [dims.batch, dims.width, sizes.backbone.hidden_size];
  const state = freshState(model, 3);
  await executor.setState(state);
  const elements = shape.reduce((product, dim) => product * dim, 1);
  const states = Object.fromEntries(
    model.neededLayers.map((layer) => [
      `hidden_states.${layer}`,
      { dtype: "float32" as const, shape, data: Float32Array.from({ length: elements }, (_, i) => Math.sin(i)) },
    ]),
  );
  for (let i = 1; i <= warmUps; i++) {
    await step.run(step.feeds({ ...batch.adapterFeeds, ...states }, named(dims), i));
  }
}

const named = ({ batch, width }: Tokens) => ({ batch, sequence: width });

class Bench {
  private readonly samples = new Map<string, number[]>();
  private readonly peaks: number[] = [];
  private readonly losses: number[] = [];

  constructor(
    private readonly request: MeasureRequest,
    private readonly batch: RelationBatch,
    private readonly backbone: FrozenBackbone,
    private readonly stages: Readonly<Record<StageName, Stage>>,
    private readonly gemm: { run(): Promise<unknown>; readonly gflop: number },
  ) {}

  /** Everything once a round, the peak before and after, so that other work on the machine hits all alike. */
  async round(update: number): Promise<void> {
    const { batch } = this.request.batch;
    const before = await this.peak();
    let states: Tensors = {};
    const tokens = copied({ ...this.batch.tokens }) as unknown as RelationBatch["tokens"];
    this.record(
      "backbone",
      await seconds(async () => {
        states = await this.backbone.run(tokens);
      }),
    );
    const dims = named({ batch, width: this.batch.width });
    for (const name of ["forward", "gradients", "update", "step"] as const) {
      const feeds = this.stages[name].feeds({ ...this.batch.adapterFeeds, ...states }, dims, update);
      let results: Tensors = {};
      // The first update after `gradients` moves them to where AdamW works, which in training they never leave.
      if (name === "update") await this.stages.update.run(this.stages.update.feeds({}, dims, update));
      this.record(
        name,
        await seconds(async () => {
          results = await this.stages[name].run(feeds);
        }),
      );
      if (name === "step") this.losses.push(results["loss"]?.data[0] as number);
    }
    this.peaks.push(Math.max(before, await this.peak()));
  }

  private async peak(): Promise<number> {
    const runs = [await seconds(this.gemm.run), await seconds(this.gemm.run)];
    return this.gemm.gflop / Math.min(...runs);
  }

  private record(name: string, value: number): void {
    this.samples.set(name, [...(this.samples.get(name) ?? []), value]);
  }

  /** Warm-up rounds are left out. */
  results(gflop: Readonly<Record<string, number>>) {
    const of = (name: string) => (this.samples.get(name) as number[]).slice(warmUps);
    const peaks = this.peaks.slice(warmUps);
    const share = (name: string) => median(of(name).map((s, i) => (gflop[name] as number) / s / (peaks[i] as number)));
    return {
      peak: median(peaks),
      seconds: Object.fromEntries(timed.map((name) => [name, median(of(name))])) as Measured["seconds"],
      share: Object.fromEntries(Object.keys(gflop).map((name) => [name, share(name)])) as Measured["share"],
      loss: { first: this.losses[0] as number, last: this.losses.at(-1) as number },
    };
  }
}

async function measure(request: MeasureRequest): Promise<Measured> {
  const sizes = request.sizes === "full" ? full : tiny;
  const executor = await workerExecutor({ device: request.device, threads: request.threads });
  const batch = makeBatch(sizes, request.batch, request.seed);
  const tokens: Tokens = { batch: request.batch.batch, width: batch.width };
  const model = relationModel(sizes);
  const graphs = stepStages(model, executor.updatesInPlace);
  const step = await Stage.load(executor, graphs.step);
  await trainWithoutBackbone(executor, sizes, batch, step, tokens);
  const stepPeak = resident().peak;

  let folder = null as Awaited<ReturnType<typeof openBackbone>> | null;
  const open = await seconds(async () => {
    folder = await openBackbone(request.backbone);
  });
  let backbone = null as FrozenBackbone | null;
  const session = await seconds(async () => {
    backbone = await FrozenBackbone.load(executor, folder as NonNullable<typeof folder>, model.neededLayers);
  });
  const afterLoad = resident();
  await executor.setState(freshState(model, request.seed));
  for (let i = 1; i <= warmUps; i++) {
    const states = await (backbone as unknown as FrozenBackbone).run(copied({ ...batch.tokens }) as never);
    await step.run(step.feeds({ ...batch.adapterFeeds, ...states }, named(tokens), i));
  }
  const trainingPeak = resident().peak;

  // Only training itself counted for memory; what follows is there to tell the parts of a step apart.
  await executor.setState(gradientSlots(model));
  const { hidden_size: hidden } = sizes.backbone;
  const { size, intermediateSize } = sizes.adapter;
  const chain = gemmChain(tokens.batch * tokens.width, size, intermediateSize, 6);
  await executor.setState(chain.state);
  const gemm = await Stage.load(executor, { graph: chain.graph, updates: chain.updates, fetch: [] });
  const bench = new Bench(
    request,
    batch,
    backbone as unknown as FrozenBackbone,
    {
      forward: await Stage.load(executor, graphs.forward),
      gradients: await Stage.load(executor, graphs.gradients),
      update: await Stage.load(executor, graphs.update),
      step,
    },
    { run: () => gemm.run({}), gflop: graphFlops(chain.graph, {}) / 1e9 },
  );
  for (let i = 1; i <= warmUps + request.repetitions; i++) await bench.round(i);
  await executor.close();

  const { forward, backward } = stepFlops(sizes.adapter, hidden, sizes.labels, tokens, 2);
  const whole = stepFlops(sizes.adapter, hidden, sizes.labels, tokens, null);
  const { config } = folder as unknown as NonNullable<typeof folder>;
  const encoder = (linearFlops(config, tokens) + attentionFlops(config, tokens)) / 1e9;
  const needed = {
    backbone: encoder,
    forward: forward / 1e9,
    gradients: (forward + backward) / 1e9,
    step: (forward + backward) / 1e9,
  };
  const dims = { ...named(tokens), [packedTokens("attention_mask")]: batch.tokenCount };
  const executed = (name: StageName) => graphFlops(graphs[name].graph, dims) / 1e9;
  return {
    tokens: batch.tokenCount,
    width: batch.width,
    parameters: model.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    ...bench.results(needed),
    needed,
    executed: {
      backbone: encoder,
      forward: executed("forward"),
      gradients: executed("gradients"),
      step: executed("step"),
    },
    unpruned: (whole.forward + whole.backward) / 1e9,
    load: { open, session },
    memory: { stepPeak, loadPeak: afterLoad.peak, loaded: afterLoad.now, trainingPeak },
  };
}

console.log(JSON.stringify(await measure(JSON.parse(process.argv[2] ?? "") as MeasureRequest)));
