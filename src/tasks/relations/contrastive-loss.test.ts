import { describe, expect, it } from "vitest";
import { GraphBuilder } from "../../graph/index.js";
import { float32Tensor, floatsOf, int32Tensor } from "../../tensor.js";
import { checkGradients } from "../../testing/gradient-check.js";
import { randomTensor } from "../../testing/random.js";
import { runGraph } from "../../testing/run-graph.js";
import { supervisedContrastive, unitRows } from "./contrastive-loss.js";

const rows = int32Tensor([6], Int32Array.of(0, 1, 2, 3, 4, 5));
/** Two of a class, three of another, one alone. */
const classes = [4, 7, 4, 7, 7, 1];

/** The formula of the paper, sums written out. */
function expected(vectors: readonly Float32Array[], labels: readonly number[], temperature: number): number {
  const units = vectors.map((vector) => {
    const length = Math.hypot(...vector);
    return [...vector].map((x) => x / length);
  });
  const similar = (i: number, j: number) =>
    Math.exp(units[i]!.reduce((sum, x, d) => sum + x * units[j]![d]!, 0) / temperature);
  const losses = labels.flatMap((label, i) => {
    const others = labels.flatMap((_, j) => (j === i ? [] : [j]));
    const positives = others.filter((j) => labels[j] === label && label >= 0);
    if (positives.length === 0) return [];
    const all = others.reduce((sum, k) => sum + similar(i, k), 0);
    return [-positives.reduce((sum, p) => sum + Math.log(similar(i, p) / all), 0) / positives.length];
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / Math.max(1, losses.length);
}

async function lossOf(x: ReturnType<typeof randomTensor>, labels: readonly number[], temperature: number) {
  const g = new GraphBuilder();
  const size = x.shape[1] as number;
  const z = unitRows(g, g.input("x", "float32", ["batch", size]));
  const how = { labels: g.input("labels", "int32", ["batch"]), rows: g.input("rows", "int32", ["batch"]), temperature };
  const loss = supervisedContrastive(g, z, how);
  const feeds = {
    x: { ...x, data: x.data.slice() },
    labels: int32Tensor([labels.length], Int32Array.from(labels)),
    rows: { ...rows, data: rows.data.slice() },
  };
  return floatsOf(await runGraph(g, { loss }, feeds), "loss")[0] as number;
}

describe("supervisedContrastive", () => {
  const x = randomTensor(11, [6, 5]);
  const vectors = Array.from({ length: 6 }, (_, i) => x.data.slice(5 * i, 5 * i + 5));

  it.each([0.05, 0.5])(
    "is the paper's sum at temperature %d; an example alone in its class is not counted",
    async (t) => {
      expect(await lossOf(x, classes, t)).toBeCloseTo(expected(vectors, classes, t), 3);
    },
  );

  it("has nothing to draw together where all are alone, or of no class", async () => {
    expect(await lossOf(x, [0, 1, 2, 3, 4, 5], 0.1)).toBe(0);
    expect(await lossOf(x, [-1, -1, -1, -1, -1, -1], 0.1)).toBe(0);
  });

  it("tells examples apart from those of no class", async () => {
    const labels = [3, 3, -1, -1, -1, -1];
    expect(await lossOf(x, labels, 0.1)).toBeCloseTo(expected(vectors, labels, 0.1), 3);
    expect(expected(vectors, labels, 0.1)).not.toBeCloseTo(expected(vectors.slice(0, 2), [3, 3], 0.1), 2);
  });

  it("has right gradients through the vectors' lengths", async () => {
    await checkGradients({
      operands: [randomTensor(12, [6, 4], 0.2, 1.5)],
      forward: (g, [value]) => {
        const labels = g.constant(int32Tensor([6], Int32Array.from(classes)));
        return supervisedContrastive(g, unitRows(g, value!), { labels, rows: g.constant(rows), temperature: 0.5 });
      },
    });
  });
});

it("leaves a row of zeros as it is", async () => {
  const g = new GraphBuilder();
  const unit = unitRows(g, g.input("x", "float32", [2, 2]));
  const results = await runGraph(g, { unit }, { x: float32Tensor([2, 2], Float32Array.of(3, 4, 0, 0)) });
  const [a, b, ...zeros] = floatsOf(results, "unit");
  expect(a).toBeCloseTo(0.6, 6);
  expect(b).toBeCloseTo(0.8, 6);
  expect(zeros).toEqual([0, 0]);
});
