import { describe, expect, it } from "vitest";
import { GraphBuilder } from "../graph/index.js";
import { choiceLosses } from "../settings/choices.js";
import { float32Tensor, floatsOf, int32Tensor } from "../tensor.js";
import { checkGradients } from "../testing/gradient-check.js";
import { randomTensor } from "../testing/random.js";
import { runGraph } from "../testing/run-graph.js";
import { binaryCrossEntropy, choiceLoss, crossEntropy, nextTokenLabels } from "./losses.js";

/** Three rows of four candidates; nothing is picked in the second. */
const picked = float32Tensor([3, 4], Float32Array.of(0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1));

describe("crossEntropy with smoothed labels", () => {
  it("is the cross-entropy against shares of all classes; ignored rows stay ignored", async () => {
    const x = randomTensor(5, [3, 4], -3, 3);
    const g = new GraphBuilder();
    const labels = g.input("labels", "int32", [3]);
    const outputs = { loss: crossEntropy(g, g.input("x", "float32", [3, 4]), labels, 0.2) };
    const feeds = { x: { ...x, data: x.data.slice() }, labels: int32Tensor([3], Int32Array.of(2, -100, 0)) };
    const row = (i: number, label: number) => {
      const values = [...x.data.slice(4 * i, 4 * i + 4)];
      const sum = Math.log(values.reduce((all, value) => all + Math.exp(value), 0));
      return values.reduce((all, value, j) => all + (0.05 + (j === label ? 0.8 : 0)) * (sum - value), 0);
    };
    const results = await runGraph(g, outputs, feeds);
    expect(floatsOf(results, "loss")[0]).toBeCloseTo((row(0, 2) + row(2, 0)) / 2, 5);
  });
});

describe.each(choiceLosses)("choiceLoss %s", (kind) => {
  it("has the gradients of its numbers", async () => {
    await checkGradients({
      operands: [randomTensor(3, [3, 4], -2, 2)],
      forward: (g, [x]) => {
        const { data } = picked;
        const rows = g.constant(float32Tensor([3, 4], data.slice()));
        return choiceLoss(g, x!, rows, kind);
      },
    });
  });

  it("is the mean over rows in which something is picked, and 0 without any", async () => {
    const x = randomTensor(4, [3, 4], -3, 3);
    const g = new GraphBuilder();
    const [logits, rows] = [g.input("x", "float32", [3, 4]), g.input("t", "float32", [3, 4])];
    const outputs = { loss: choiceLoss(g, logits, rows, kind) };
    const row = (i: number, label: number) => {
      const values = [...x.data.slice(4 * i, 4 * i + 4)];
      const sum = values.reduce((all, value) => all + Math.exp(value), 0);
      if (kind === "cross-entropy") return Math.log(sum) - (values[label] as number);
      const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));
      return -values.reduce((all, value, j) => all + Math.log(j === label ? sigmoid(value) : 1 - sigmoid(value)), 0);
    };
    const some = await runGraph(g, outputs, { x: { ...x, data: x.data.slice() }, t: picked });
    expect(floatsOf(some, "loss")[0]).toBeCloseTo((row(0, 1) + row(2, 3)) / 2, 5);
    const none = await runGraph(g, outputs, { x, t: float32Tensor([3, 4], new Float32Array(12)) });
    expect(floatsOf(none, "loss")[0]).toBe(0);
  });
});

it("crossEntropy ignores labels below 0", async () => {
  const g = new GraphBuilder();
  const loss = crossEntropy(g, g.input("x", "float32", [2, 3]), g.input("labels", "int32", [2]));
  const feeds = {
    x: float32Tensor([2, 3], Float32Array.of(1, 2, 3, 9, 9, 9)),
    labels: int32Tensor([2], Int32Array.of(2, -100)),
  };
  expect(floatsOf(await runGraph(g, { loss }, feeds), "loss")[0]).toBeCloseTo(
    Math.log(Math.exp(-2) + Math.exp(-1) + 1),
    6,
  );
});

it("gives every token the label of the next one, sentence by sentence", () => {
  const labels = int32Tensor([2, 3], Int32Array.of(5, 6, -100, 7, 8, 9));
  expect([...nextTokenLabels(labels).data]).toEqual([6, -100, -100, 8, 9, -100]);
});

async function binary(logits: readonly number[], labels: readonly number[]): Promise<number> {
  const g = new GraphBuilder();
  const shape = ["batch"];
  const loss = binaryCrossEntropy(g, g.input("x", "float32", shape), g.input("y", "float32", shape));
  const tensor = (values: readonly number[]) => float32Tensor([values.length], Float32Array.from(values));
  const results = await runGraph(g, { loss }, { x: tensor(logits), y: tensor(labels) });
  return floatsOf(results, "loss")[0] as number;
}

describe("binary cross-entropy", () => {
  it("is −log σ(x) where the label is 1 and −log(1 − σ(x)) where it is 0, on average", async () => {
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    const expected = -(Math.log(sigmoid(0.3)) + Math.log(1 - sigmoid(-1.2)) + Math.log(1 - sigmoid(2))) / 3;
    expect(await binary([0.3, -1.2, 2], [1, 0, 0])).toBeCloseTo(expected, 6);
  });

  it("neither overflows nor counts labels below 0", async () => {
    expect(await binary([200, -200, 5], [0, 1, -1])).toBeCloseTo(200, 4);
    expect(await binary([200, -200], [1, 0])).toBeCloseTo(0, 6);
    expect(await binary([3, 4], [-1, -1])).toBe(0);
  });

  it("has right gradients, at 0 too", async () => {
    const logits = randomTensor(3, [3, 4], -2, 2);
    logits.data[5] = 0;
    await checkGradients({
      operands: [logits],
      forward: (g, [x]) => {
        const labels = Float32Array.of(1, 0, 0, 1, 1, 1, 0, -1, 0, 1, 0, 0);
        return binaryCrossEntropy(g, x!, g.constant(float32Tensor([3, 4], labels)));
      },
    });
  });
});

describe("cross-entropy", () => {
  it("has right gradients and ignores labels below 0", async () => {
    await checkGradients({
      operands: [randomTensor(4, [3, 5], -2, 2)],
      forward: (g, [x]) => crossEntropy(g, x!, g.constant(int32Tensor([3], Int32Array.of(2, -100, 4)))),
    });
  });
});
