import { describe, expect, it } from "vitest";
import { resolveAdapterConfig } from "../../adapters/config.js";
import type { DependencySentence } from "../../data/dependency-sentence.js";
import { GraphBuilder, gradientsOf, type Value } from "../../graph/index.js";
import { AdaptedModel } from "../../models/adapted-model.js";
import { pretrainingDesign } from "../../models/design.js";
import { initialValue } from "../../nn/index.js";
import { float32Tensor, floatsOf, type HostTensor } from "../../tensor.js";
import { randomTensor } from "../../testing/random.js";
import { runGraph } from "../../testing/run-graph.js";
import { smallBpe } from "../../testing/small-tokenizers.js";
import type { TaskSettings } from "../task.js";
import { type EncodedSentence, HeadPrediction } from "./head-prediction.js";

const context = { maxLength: 32, dropout: 0, headInit: 0.3 } as const;
const make = (options: TaskSettings["options"], labels: readonly string[] | null = null) =>
  new HeadPrediction({ labels, options }, context);

const sentenceOf = (heads: readonly number[], relation = "obj"): DependencySentence => ({
  words: heads.map((head, i) => ({ form: `word${i}`, upos: "X", head, relation, spaceAfter: true })),
  file: "f",
  where: "f:1",
});

const encode = (task: HeadPrediction, sentence: DependencySentence, tokenizer = bpe) =>
  task.encode(sentence, tokenizer) as EncodedSentence;
const bpe = await smallBpe();

describe("HeadPrediction", () => {
  it("points words at first sub-words, and the root at the first special token", () => {
    const encoded = encode(make({}), sentenceOf([2, 0, 2]));
    expect(encoded.firsts[0]).toBe(0);
    expect(bpe.decode(encoded.inputIds.slice(encoded.firsts[2], encoded.firsts[3])).trim()).toBe("word1");
    const { select, arcs } = make({}).feeds([encoded], 32) as Record<string, HostTensor<"float32">>;
    expect([select?.shape, arcs?.shape]).toEqual([
      [1, 4, 32],
      [1, 4, 4],
    ]);
    expect([0, 1, 2, 3].map((row) => (select?.data.indexOf(1, row * 32) ?? 0) - row * 32)).toEqual(encoded.firsts);
    expect(Array.from(arcs?.data ?? [])).toEqual([0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0]);
    const { labels } = make({ head: "official" }).feeds([encoded], 32);
    expect(Array.from(labels?.data as Int32Array)).toEqual([-100, encoded.firsts[2], 0, encoded.firsts[2]]);
  });

  it("counts what does not fit, and refuses what cannot be", () => {
    const long = sentenceOf(Array.from({ length: 40 }, (_, i) => i));
    expect(make({}).encode(long, bpe)).toEqual({ skipped: "sentence-too-long" });
    const official = make({ head: "official", alignment: "official" });
    expect(official.encode(sentenceOf([0, 1]), bpe)).not.toHaveProperty("skipped");
    expect(official.encode(sentenceOf([3, 3, 0]), bpe)).toEqual({ skipped: "last-word-governs" });
    const few = make({ head: "official", classes: 6 });
    expect(few.encode(sentenceOf(Array.from({ length: 9 }, (_, i) => i)), bpe)).toEqual({
      skipped: "sentence-too-long",
    });
    expect(() => make({ alignment: "official" })).toThrow(/compares words/);
    expect(() => make({ head: "official" }, ["obj"])).toThrow(/tells no relations/);
    expect(() => make({ head: "other" })).toThrow(/head-prediction: options\.head: /);
    const headless = { ...bpe, encode: bpe.encode.bind(bpe), specials: { ...bpe.specials, cls: undefined } };
    expect(() => make({}).encode(sentenceOf([0]), headless)).toThrow(/no special token/);
  });

  it("reads heads and relations out of logits, a tree where it is asked for", () => {
    const encoded = encode(make({}), sentenceOf([2, 0]));
    // Rows of four: root, two words, padding. Each word prefers the other.
    const scores = [0, 0, 0, 0, 0, 0, 5, 0, 4, 5, 0, 0, 0, 0, 0, 0];
    const relations = [0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    expect(make({}).attach({ encoded, logits: Float32Array.from(scores) })).toEqual({ heads: [2, 1], relations: null });
    const both = Float32Array.from([...scores, ...relations]);
    expect(make({ tree: true }, ["a", "b"]).attach({ encoded, logits: both })).toEqual({
      heads: [2, 0],
      relations: ["b", "b"],
    });
    const score = make({}).score([{ encoded, logits: Float32Array.from(scores) }]);
    expect(score).toMatchObject({ uas: 0.5, words: 2, sentences: 1 });
    expect(make({}).evaluation(score)).toEqual({ metrics: { uas: 0.5, uasNoPunct: 0.5 }, metric: 0.5 });
  });
});

describe.each([
  ["biaffine", {}, null],
  ["biaffine with bce", { loss: "bce" }, null],
  ["biaffine with relations", {}, ["nsubj", "obj"]],
  ["official", { head: "official" }, null],
  ["official, aligned officially", { head: "official", alignment: "official" }, null],
] as const)("the head %s", (_, options, labels) => {
  const hiddenSize = 6;
  const task = make({ arcSize: 5, classes: 12, ...options }, labels);
  const model = new AdaptedModel({
    ...pretrainingDesign({ features: "last", adapter: resolveAdapterConfig({ hiddenSize, layers: 1 }, "official") }),
    hiddenSize,
    backboneLayers: 1,
    makeHead: (scope, sizes) => task.makeHead(scope, sizes),
  });
  const encoded = (heads: readonly number[], lengths: readonly number[]): EncodedSentence => {
    const firsts = [0];
    for (const length of lengths) firsts.push((firsts.at(-1) as number) + (firsts.length === 1 ? 1 : length));
    return { inputIds: Array(10).fill(5), firsts, sentence: sentenceOf(heads) };
  };
  const batch = [encoded([2, 0, 2], [1, 2, 1]), { ...encoded([0], [1]), inputIds: [5, 5, 5] }];

  async function run(width: number, states: Float32Array, extra = 0) {
    const g = new GraphBuilder();
    const { logits, loss } = model.forward({ g, dropout: null, fused: false });
    const parameters = model.parameters.map((parameter) => g.use(parameter));
    const grads = gradientsOf(g, loss, parameters);
    const outputs: Record<string, Value> = { logits, loss };
    for (const parameter of parameters)
      if (grads.has(parameter)) outputs[`grad.${parameter.name}`] = grads.get(parameter)!;
    const mask = Int32Array.from({ length: 2 * width }, (_, i) => (i % width < (i < width ? 10 : 3) ? 1 : 0));
    const all: Record<string, HostTensor> = {
      "hidden_states.1": float32Tensor([2, width, hiddenSize], states),
      attention_mask: { dtype: "int32", shape: [2, width], data: mask },
      ...task.feeds(batch, width),
    };
    for (const parameter of model.parameters) {
      const data = initialValue(parameter, 3);
      if (parameter.name === model.parameters[0]?.name) data[0] = (data[0] as number) + extra;
      all[parameter.name] = float32Tensor(parameter.shape, data);
    }
    const wanted = new Set(g.build(outputs).inputs.map(({ name }) => name));
    const names = new Set([...wanted, ...model.parameters.map(({ name }) => name)]);
    return runGraph(g, outputs, Object.fromEntries(Object.entries(all).filter(([name]) => names.has(name))));
  }

  /** Hidden states of 10 and 3 tokens, and anything under padding. */
  const states = (width: number, padding: number) => {
    const real = randomTensor(5, [2, 10, hiddenSize]).data;
    return Float32Array.from({ length: 2 * width * hiddenSize }, (_, i) => {
      const [row, position] = [Math.floor(i / (width * hiddenSize)), Math.floor(i / hiddenSize) % width];
      return position < (row === 0 ? 10 : 3)
        ? (real[(row * 10 + position) * hiddenSize + (i % hiddenSize)] as number)
        : padding;
    });
  };

  it("learns: its gradient is the loss's slope, for every parameter but key biases", async () => {
    const [at, up, down] = [
      await run(10, states(10, 0)),
      await run(10, states(10, 0), 1e-2),
      await run(10, states(10, 0), -1e-2),
    ];
    for (const { name } of model.parameters) expect(at[`grad.${name}`], name).toBeDefined();
    const slope = ((floatsOf(up, "loss")[0] as number) - (floatsOf(down, "loss")[0] as number)) / 2e-2;
    expect(floatsOf(at, `grad.${model.parameters[0]?.name}`)[0]).toBeCloseTo(slope, 3);
  });

  it("does not see padding", async () => {
    const [narrow, wide] = [await run(10, states(10, 7)), await run(12, states(12, -50))];
    expect(floatsOf(wide, "loss")[0]).toBeCloseTo(floatsOf(narrow, "loss")[0] as number, 5);
    const heads = (results: typeof narrow) =>
      batch.map((each, i) => {
        const all = floatsOf(results, "logits");
        const size = all.length / 2;
        return task.attach({ encoded: each, logits: all.slice(i * size, (i + 1) * size) });
      });
    expect(heads(wide)).toEqual(heads(narrow));
  });
});
