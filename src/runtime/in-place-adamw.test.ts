import { describe, expect, it } from "vitest";
import type { InPlaceAdamW, LearningSlots } from "../engine/executor.js";
import { float32Scalar } from "../tensor.js";
import { randomTensor } from "../testing/random.js";

// koffi is configured before anything else opens a library.
const { OrtLibrary } = await import("./ort-library.js");
OrtLibrary.open();
const { AdamWMemory } = await import("./in-place-adamw.js");

const sizes = [3, 1, 70, 16, 5, 400, 2];
const parameters = sizes.map(
  (size, i): LearningSlots => ({
    value: `value${i}`,
    firstMoment: `first${i}`,
    secondMoment: `second${i}`,
    gradient: `gradient${i}`,
    shape: [size],
  }),
);
const update: InPlaceAdamW = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-6,
  groups: [
    { parameters: parameters.slice(0, 4), factor: "factor", rateScale: 1, weightDecay: 0.1 },
    { parameters: parameters.slice(4), factor: null, rateScale: 3, weightDecay: 0 },
  ],
};
const scalars = {
  learning_rate: float32Scalar(0.1),
  step_size: float32Scalar(0.01),
  factor: float32Scalar(0.5),
};

/** All slots after two updates from the same start. */
function run(planeBytes?: number) {
  const memory = new AdamWMemory(update, undefined, planeBytes);
  [...memory.places.values()].forEach(({ data, shape }, i) => {
    data.set(randomTensor(i, shape, 0, 1).data);
  });
  memory.apply(scalars);
  memory.apply(scalars);
  return { memory, slots: Object.fromEntries([...memory.places].map(([name, { data }]) => [name, data.slice()])) };
}

describe("AdamWMemory", () => {
  it("gives every slot a place of its own, all aligned alike", () => {
    for (const planeBytes of [undefined, 512]) {
      const { places } = new AdamWMemory(update, undefined, planeBytes);
      expect(places.size).toBe(4 * sizes.length);
      const tensors = [...places.values()];
      tensors.forEach(({ data }, i) => {
        expect(data.byteOffset % 64).toBe(0);
        data.fill(i + 1);
      });
      expect(tensors.map(({ data }) => new Set(data))).toEqual(tensors.map((_, i) => new Set([i + 1])));
    }
  });

  it("updates the same, however many pieces its memory is in", () => {
    const [whole, cut] = [run(), run(512)];
    const buffers = ({ places }: InstanceType<typeof AdamWMemory>) =>
      new Set([...places.values()].map(({ data }) => data.buffer)).size;
    expect([buffers(whole.memory), buffers(cut.memory)]).toEqual([2, 4]);
    expect(cut.slots).toEqual(whole.slots);
  });

  it("leaves gradients as they are and moves what they point at", () => {
    const { slots, memory } = run();
    [...memory.places].forEach(([name, { shape }], i) => {
      const before = randomTensor(i, shape, 0, 1).data;
      if (name.startsWith("gradient")) expect(slots[name]).toEqual(before);
      else expect(slots[name]).not.toEqual(before);
    });
  });

  it("says which scalar it lacks", () => {
    const { factor: _, ...rest } = scalars;
    expect(() => new AdamWMemory(update).apply(rest)).toThrow("factor");
  });
});
