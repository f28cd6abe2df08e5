import { describe, expect, it } from "vitest";
import type { ExecutorOptions } from "../engine/executor.js";
import { alone, type Ranks } from "../ranks/index.js";
import { localExecutor } from "../runtime/local.js";
import type { EncodedRelation } from "../tasks/relations/relation-classification.js";
import { floatsOf } from "../tensor.js";
import { example, long, madeUpTraining, short } from "../testing/made-up-training.js";
import { simulatedRanks } from "../testing/simulated-ranks.js";
import { adamWDefaults } from "./adamw.js";
import { openStepSession } from "./leaf-session.js";

type Batches = readonly (readonly EncodedRelation[])[];
const few = [example("f", 8)];
/** The last one lacks leaves: with four ranks one has nothing to do in it, with two one has less. */
const steps: readonly Batches[] = [[short, long, few, short], [long, long, short, few], [few, short, long], [short]];

interface Learnt {
  readonly losses: readonly number[];
  readonly state: Readonly<Record<string, Float32Array>>;
}

async function learn(ranks: Ranks | null, binding: Pick<ExecutorOptions, "binding">, begin = 0): Promise<Learnt> {
  const executor = await localExecutor({ device: "cpu", threads: 1, ...binding });
  try {
    const options = madeUpTraining(executor, { dropout: 0.2 });
    const session = await openStepSession<EncodedRelation>(options, adamWDefaults, { accumulation: true, ranks });
    await session.initialise(5);
    const losses: number[] = [];
    for (const [i, step] of steps.slice(begin).entries()) {
      const scalars = { learningRate: 1e-2, update: begin + i + 1, epoch: 0, seed: 3 };
      losses.push((await session.step(step, scalars, steps[begin + i + 1])).loss);
    }
    const state = await executor.getState(session.slots);
    return { losses, state: Object.fromEntries(session.slots.map((slot) => [slot, floatsOf(state, slot)])) };
  } finally {
    await executor.close();
  }
}

const bits = ({ losses, state }: Learnt) => ({
  losses,
  state: Object.entries(state).map(([name, { buffer, byteOffset, byteLength }]) => [
    name,
    Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString("base64"),
  ]),
});

describe.each([{}, { binding: "node" as const }])("with ONNX Runtime called by %o", (binding) => {
  it.each([1, 2, 4])("leaves on %i ranks give the bits of one process", async (size) => {
    const expected = bits(await learn(alone(), binding));
    const all = await Promise.all(simulatedRanks(size).map((ranks) => learn(ranks, binding)));
    for (const learnt of all) expect(bits(learnt)).toEqual(expected);
  });

  it("begins where ranks have nothing to do in the first step", async () => {
    const expected = bits(await learn(alone(), binding, 3));
    const all = await Promise.all(simulatedRanks(4).map((ranks) => learn(ranks, binding, 3)));
    for (const learnt of all) expect(bits(learnt)).toEqual(expected);
  });

  it("learns what gradients that are added one after another teach", async () => {
    const [tree, running] = [await learn(alone(), binding), await learn(null, binding)];
    for (const [i, loss] of tree.losses.entries()) expect(loss).toBeCloseTo(running.losses[i] as number, 5);
    for (const [name, values] of Object.entries(tree.state)) {
      const off = values.map((value, i) => Math.abs(value - (running.state[name]?.[i] as number)));
      expect(Math.max(...off), name).toBeLessThan(2e-4);
    }
  });
});

it("refuses ranks that compute other bits", async () => {
  const [first, second] = simulatedRanks(2) as [Ranks, Ranks];
  const other: Ranks = {
    ...second,
    // As another kind of processor would.
    gather: (text) => second.gather(text.replace(/"norm":"\d/, '"norm":"9')),
  };
  const all = await Promise.allSettled([learn(first, {}), learn(other, {})]);
  for (const one of all) {
    expect(one).toMatchObject({ status: "rejected" });
    expect(String((one as PromiseRejectedResult).reason)).toContain("rank 1: it computes other bits than rank 0");
  }
});
