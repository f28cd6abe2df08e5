import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { resolveAdapterConfig } from "../adapters/config.js";
import type { Executor, Tensors } from "../engine/executor.js";
import type { FeatureSource } from "../features/feature-sources.js";
import { AdaptedModel } from "../models/adapted-model.js";
import { pretrainingDesign } from "../models/design.js";
import { hiddenStateName } from "../models/hidden-states.js";
import { RandomStream } from "../random.js";
import { localExecutor } from "../runtime/local.js";
import { type EncodedRelation, relationClassification } from "../tasks/relations/relation-classification.js";
import { float32Tensor, floatsOf } from "../tensor.js";
import { adamWDefaults } from "./adamw.js";
import { TrainingSession } from "./session.js";

const [hiddenSize, layers, maxLength] = [16, 2, 24];
const labels = ["capital", "author", "spouse"];

const example = (name: string, length: number): EncodedRelation => ({
  inputIds: Array.from({ length }, (_, i) => 4 + i),
  subject: 1,
  object: length - 2,
  label: name.length % labels.length,
  example: { text: name, where: name } as EncodedRelation["example"],
});

const short = [example("a", 7), example("bb", 9)];
const long = [example("ccc", 12), example("dddd", 11), example("e", 10)];

/** States that follow from the example and the position; padding holds what must not matter. */
class MadeUpFeatures implements FeatureSource<EncodedRelation> {
  readonly dtype = "float32";
  readonly read: (readonly EncodedRelation[])[] = [];
  failing: EncodedRelation | undefined;

  async batch(examples: readonly EncodedRelation[], width: number): Promise<Tensors> {
    this.read.push(examples);
    if (this.failing && examples.includes(this.failing)) {
      this.failing = undefined;
      throw new Error("the disk is gone");
    }
    const state = (layer: number) => {
      const data = new Float32Array(examples.length * width * hiddenSize).fill(5);
      examples.forEach(({ example: { text }, inputIds }, row) => {
        const random = new RandomStream(text, layer);
        const real = Float32Array.from({ length: inputIds.length * hiddenSize }, () => random.normal());
        data.set(real, row * width * hiddenSize);
      });
      return float32Tensor([examples.length, width, hiddenSize], data);
    };
    return Object.fromEntries(Array.from({ length: layers + 1 }, (_, i) => [hiddenStateName(i), state(i)]));
  }

  async close(): Promise<void> {}
}

let executor: Executor;
beforeAll(async () => {
  executor = await localExecutor({ device: "cpu", threads: 1 });
});
afterAll(() => executor.close());

async function opened(options: { maskPadding: boolean; fixedWidth: boolean }) {
  const task = relationClassification.make({ labels, options: {} }, { maxLength, dropout: 0, headInit: "official" });
  const { maskPadding, fixedWidth } = options;
  const sizes = { size: 8, heads: 2, transformerLayers: 1, dropout: 0, layers: [0, 2], init: 0.3, maskPadding };
  const model = new AdaptedModel({
    ...pretrainingDesign({
      features: "adapter",
      adapter: resolveAdapterConfig({ hiddenSize, layers }, "official", sizes),
    }),
    hiddenSize,
    backboneLayers: layers,
    makeHead: (scope, given) => task.makeHead(scope, given),
  });
  const features = new MadeUpFeatures();
  const all = { executor, features, padTokenId: 1, model, task, maxLength, fixedWidth };
  const session = await TrainingSession.open<EncodedRelation>(all, adamWDefaults, { accumulation: false });
  return { session, features };
}

type Opened = Awaited<ReturnType<typeof opened>>;
const scalars = (update: number) => ({ learningRate: 1e-2, update, epoch: 0, seed: 3 });

/** One step's loss and, in the first moments after it, its gradients. */
async function oneStep({ session }: Opened) {
  await session.initialise(3);
  const { loss, gradNorm } = await session.step([short], scalars(1));
  const moments = session.slots.filter((slot) => slot.startsWith("adam.m."));
  const state = await executor.getState(moments);
  return { loss, gradNorm, gradients: moments.map((slot) => Array.from(floatsOf(state, slot))) };
}

describe("padding", () => {
  it("does not change what an adapter says and learns, however wide a batch is", async () => {
    const own = await oneStep(await opened({ maskPadding: true, fixedWidth: false }));
    const wide = await oneStep(await opened({ maskPadding: true, fixedWidth: true }));
    expect(wide.loss).toBeCloseTo(own.loss, 5);
    expect(own.gradients.flat().some((gradient) => Math.abs(gradient) > 1e-3)).toBe(true);
    const off = own.gradients.flat().map((gradient, i) => Math.abs(gradient - (wide.gradients.flat()[i] as number)));
    expect(Math.max(...off)).toBeLessThan(1e-5);
  });

  it("is attended by adapters as the released code has them, and has the fixed length", async () => {
    const fixed = await opened({ maskPadding: false, fixedWidth: true });
    const own = await oneStep(await opened({ maskPadding: false, fixedWidth: false }));
    const wide = await oneStep(fixed);
    expect(Math.abs(wide.loss - own.loss)).toBeGreaterThan(1e-3);
  });
});

describe("reading ahead", () => {
  const batches = [short, long, short, long];
  let session: Opened["session"];
  let features: MadeUpFeatures;
  beforeAll(async () => {
    ({ session, features } = await opened({ maskPadding: true, fixedWidth: false }));
  });
  beforeEach(() => session.initialise(3));

  async function losses(ahead: boolean) {
    await session.initialise(3);
    features.read.length = 0;
    const found: number[] = [];
    for (const [i, batch] of batches.entries())
      found.push(
        (
          await session.step(
            [batch],
            scalars(i + 1),
            ahead && batches[i + 1] ? [batches[i + 1] as typeof batch] : undefined,
          )
        ).loss,
      );
    return { found, read: [...features.read] };
  }

  it("reads the same batches once each, in the same order, with the same losses", async () => {
    const [plain, ahead] = [await losses(false), await losses(true)];
    expect(ahead.found).toEqual(plain.found);
    expect(ahead.read).toEqual(batches);
    expect(plain.read).toEqual(batches);
  });

  it("tells an error once, at the step that wanted the batch", async () => {
    features.failing = long[0];
    await expect(session.step([short], scalars(1), [long])).resolves.toBeDefined();
    await expect(session.step([long], scalars(2), [short])).rejects.toThrow("the disk is gone");
    await expect(session.step([long], scalars(2))).resolves.toBeDefined();
  });

  it("drops what was read when another batch comes", async () => {
    features.read.length = 0;
    await session.step([short], scalars(1), [long]);
    await session.step([short], scalars(2));
    expect(features.read).toEqual([short, long, short]);
  });
});

describe("a session that takes one batch a step", () => {
  it("drops no micro-batch without a word", async () => {
    const { session } = await opened({ maskPadding: true, fixedWidth: false });
    await session.initialise(1);
    await expect(session.step([short, long], scalars(1))).rejects.toThrow("one batch of examples, not 2");
    await expect(session.step([], scalars(1))).rejects.toThrow("not 0");
    await session.close();
    await expect(session.step([short], scalars(1))).rejects.toThrow("closed");
  });
});
