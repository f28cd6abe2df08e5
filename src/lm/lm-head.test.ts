import { describe, expect, it } from "vitest";
import { backward, GraphBuilder, type Value } from "../graph/index.js";
import { initialValue, ParamScope } from "../nn/index.js";
import { crossEntropy } from "../tasks/losses.js";
import { float32Tensor, floatsOf, type HostTensor, int32Tensor } from "../tensor.js";
import { randomTensor } from "../testing/random.js";
import { runGraph } from "../testing/run-graph.js";
import { LmHead, wordScores } from "./lm-head.js";

const sizes = { featureSize: 6, hiddenSize: 4, vocabSize: 7 };
const labels = [3, -100, 6];

async function run(tied: boolean, change?: { readonly name: string; readonly at: number; readonly by: number }) {
  const g = new GraphBuilder();
  const pass = { g, dropout: null, fused: false };
  const head = new LmHead(ParamScope.root(), sizes, tied);
  const matrix = tied ? g.input("matrix", "float32", [7, 4]) : null;
  const logits = head.forward(pass, g.input("x", "float32", [3, 6]), matrix);
  const targets = g.input("labels", "int32", [3]);
  const loss = crossEntropy(g, logits, targets);
  const grads = backward(g, loss, head.parameters);
  const gradients = head.parameters.map((one) => [`grad.${one.name}`, grads.get(one) as Value] as const);
  const feeds: Record<string, HostTensor> = {
    x: randomTensor(1, [3, 6]),
    labels: int32Tensor([3], Int32Array.from(labels)),
    ...(tied ? { matrix: randomTensor(2, [7, 4]) } : {}),
  };
  for (const parameter of head.parameters) {
    const data = initialValue(parameter, 3).map((value) => (parameter.init.kind === "normal" ? 20 * value : value));
    if (parameter.name === change?.name) data[change.at] = (data[change.at] as number) + change.by;
    feeds[parameter.name] = float32Tensor(parameter.shape, data);
  }
  const outputs = { logits, loss, scores: wordScores(pass, logits, targets), ...Object.fromEntries(gradients) };
  return { head, results: await runGraph(g, outputs, feeds) };
}

describe.each([true, false])("LmHead, tied: %s", (tied) => {
  it("has the gradients that differences tell, for every parameter", async () => {
    const { head, results } = await run(tied);
    expect(head.parameters.some(({ name }) => name === "decoder.weight")).toBe(!tied);
    for (const { name } of head.parameters) {
      const gradient = floatsOf(results, `grad.${name}`);
      for (const at of [0, gradient.length - 1]) {
        const [up, down] = [1e-2, -1e-2].map((by) => run(tied, { name, at, by }));
        const [high, low] = [(await up!).results, (await down!).results].map(
          (one) => floatsOf(one, "loss")[0] as number,
        );
        expect(gradient[at], `${name}[${at}]`).toBeCloseTo((high! - low!) / 2e-2, 2);
      }
    }
  });

  it("tells of each word its log-probability and whether it is the likeliest", async () => {
    const { results } = await run(tied);
    const logits = floatsOf(results, "logits");
    const scores = floatsOf(results, "scores");
    labels.forEach((label, row) => {
      if (label < 0) return;
      const own = [...logits.slice(7 * row, 7 * row + 7)];
      const total = Math.log(own.reduce((sum, value) => sum + Math.exp(value), 0));
      expect(scores[2 * row]).toBeCloseTo((own[label] as number) - total, 5);
      expect(scores[2 * row + 1]).toBe(own[label] === Math.max(...own) ? 1 : 0);
    });
  });
});
