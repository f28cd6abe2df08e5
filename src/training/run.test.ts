import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Executor } from "../engine/executor.js";
import { type BackboneHandle, openBackbone } from "../features/backbone-handle.js";
import type { Parameter } from "../graph/index.js";
import { localExecutor } from "../runtime/local.js";
import type { EncodedText } from "../tasks/task.js";
import { float32Tensor, floatsOf } from "../tensor.js";
import { writeRandomBackbone } from "../testing/random-backbone.js";
import type { RunConfig } from "./config.js";
import { type PreparedTraining, type RunContext, runTraining } from "./run.js";
import { onlyBatch, type StepScalars, type StepSession } from "./session.js";
import { inMemory } from "./trainer.js";

let folder = "";
let executor: Executor;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-run-"));
  executor = await localExecutor({ device: "cpu", threads: 1 });
});
afterAll(async () => {
  await executor.close();
  await rm(folder, { recursive: true });
});

const parameter: Parameter = { name: "w", shape: [1], dtype: "float32", init: { kind: "constant", value: 0 } };
const train: readonly EncodedText[] = [1, 2, 3, 4, 5].map((id) => ({ inputIds: Array(id).fill(id) }));

/** Adds a step's rate to the only parameter. */
class Counter implements StepSession<EncodedText> {
  readonly slots = ["w"];
  readonly accumulates = false;
  readonly epochs: number[] = [];

  constructor(private readonly state: Executor) {}

  initialise = () => this.state.setState({ w: float32Tensor([1], Float32Array.of(0)) });
  restore = (state: Parameters<Executor["setState"]>[0]) => this.state.setState(state);

  async step(microBatches: readonly (readonly EncodedText[])[], { epoch }: StepScalars) {
    onlyBatch(microBatches);
    this.epochs.push(epoch);
    const before = floatsOf(await this.state.getState(["w"]), "w")[0] as number;
    await this.state.setState({ w: float32Tensor([1], Float32Array.of(before + 1)) });
    return { loss: 1, gradNorm: 1 };
  }

  async close(): Promise<void> {}
  [Symbol.asyncDispose] = () => this.close();
}

function config(name: string, settings: Partial<RunConfig["settings"]> = {}): RunConfig {
  return {
    ...{ out: join(folder, name), resume: true, weightDecay: 0, maxGradNorm: 1 },
    settings: {
      ...{ epochs: 2, maxSteps: 0, batchSize: 2, gradientAccumulation: 1, learningRate: 1, warmup: 0, seed: 1 },
      ...{ evalEvery: 0, saveEvery: 1, patience: 0, ...settings },
    },
  };
}

interface Made {
  readonly dev?: string;
  readonly backbone?: BackboneHandle;
  evaluate?(): Promise<void>;
  session?(made: Counter): void;
  /** Told that something is about to be computed. */
  opening?(): void;
}

/** Counts steps; the count is the metric and the result. */
const counting =
  ({ dev = "d", backbone, evaluate, session: see, opening }: Made = {}) =>
  async ({ executor: scope }: RunContext): Promise<PreparedTraining<EncodedText, number, number | null>> => ({
    data: { train: "t", dev },
    open: async () => {
      opening?.();
      const session = new Counter(scope);
      see?.(session);
      const score = async () => floatsOf(await scope.getState(["w"]), "w")[0] as number;
      return {
        ...{ session, train: inMemory(train), parameters: [parameter], trainable: [parameter], score },
        backbone: backbone ?? null,
        evaluate: async () => {
          await evaluate?.();
          return { metrics: {}, metric: await score() };
        },
        finish: async ({ scores }) => scores,
      };
    },
  });

describe("a run", () => {
  it("ends with the best parameters", async () => {
    expect(await runTraining(executor, config("whole"), counting())).toBe(6);
  });

  it("goes on where it was stopped, but not beside other dev data: the best so far would compete with it", async () => {
    const stop = new AbortController();
    const onEvent = ({ kind }: { kind: string }) => {
      if (kind === "checkpoint") stop.abort();
    };
    expect(await runTraining(executor, config("stopped"), counting(), onEvent, stop.signal)).toBeNull();
    let opened = false;
    const opening = () => {
      opened = true;
    };
    const other = runTraining(executor, config("stopped"), counting({ dev: "other", opening }));
    await expect(other).rejects.toThrow(/\(dev was d, is other\)/);
    // Hidden states of a large data set take hours: another run is refused before.
    expect(opened).toBe(false);
    await expect(runTraining(executor, config("stopped", { learningRate: 2 }), counting())).rejects.toThrow(
      /learningRate was 1, is 2/,
    );
    expect(await runTraining(executor, config("stopped"), counting())).toBe(6);
  });

  it("tells sessions the epoch whatever fills a batch", async () => {
    const made: Counter[] = [];
    const open = counting({ session: (one) => void made.push(one) });
    // Texts of 1 to 5 tokens: [1, 2, 3] and [4] and [5], or the like, where 2 a batch would be three batches too.
    await runTraining(executor, config("epochs", { batchTokens: 5 }), open);
    const [first = 0, second = 0] = [0, 1].map((epoch) => made[0]?.epochs.filter((one) => one === epoch).length);
    expect(first).toBe(second);
    expect(first).toBeGreaterThan(3);
  });

  it("refuses micro-batches that its session would drop", async () => {
    const two = runTraining(executor, config("accumulated", { gradientAccumulation: 2 }), counting());
    await expect(two).rejects.toThrow(/gradientAccumulation.*one batch/);
  });

  it("ends with an error before anything is written where the backbone's files changed", async () => {
    const random = { seed: 1, layers: 1, hiddenSize: 8, heads: 2, vocabSize: 300 };
    const path = join(folder, "model");
    const backbone = await openBackbone((await writeRandomBackbone(path, ["a text"], random)).folder);
    let finished = false;
    const change = async () => void (await writeRandomBackbone(path, ["a text"], { ...random, seed: 2 }));
    const open = async (context: RunContext) => {
      const prepared = await counting({ backbone, evaluate: change })(context);
      const finish = async () => {
        finished = true;
      };
      return { ...prepared, open: async () => ({ ...(await prepared.open()), finish }) };
    };
    await expect(runTraining(executor, config("touched"), open)).rejects.toThrow("the backbone's files changed");
    expect(finished).toBe(false);
    expect(await readdir(join(folder, "touched"))).toEqual(["checkpoints"]);
  });
});
