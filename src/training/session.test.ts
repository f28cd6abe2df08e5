import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Executor } from "../engine/executor.js";
import { localExecutor } from "../runtime/local.js";
import type { EncodedRelation } from "../tasks/relations/relation-classification.js";
import { floatsOf } from "../tensor.js";
import { long, type MadeUpFeatures, madeUpTraining, short } from "../testing/made-up-training.js";
import { adamWDefaults } from "./adamw.js";
import { TrainingSession } from "./session.js";

let executor: Executor;
beforeAll(async () => {
  executor = await localExecutor({ device: "cpu", threads: 1 });
});
afterAll(() => executor.close());

async function opened(how: { maskPadding: boolean; fixedWidth: boolean }) {
  const options = madeUpTraining(executor, how);
  const session = await TrainingSession.open<EncodedRelation>(options, adamWDefaults, { accumulation: false });
  return { session, features: options.features };
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
