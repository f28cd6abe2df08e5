import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RelationExample } from "../data/relation-example.js";
import type { Executor, Tensors } from "../engine/executor.js";
import { toOnnx } from "../graph/index.js";
import { lowered } from "../graph/lower.js";
import { ClozeModel } from "../probing/cloze-model.js";
import { localExecutor } from "../runtime/local.js";
import { multipleChoice } from "../tasks/choice/multiple-choice.js";
import { openQa } from "../tasks/qa/open-qa.js";
import { recall } from "../tasks/recall/recall.js";
import { downstreamRelations } from "../tasks/relations/downstream-relations.js";
import { relationClassification } from "../tasks/relations/relation-classification.js";
import { relationContrast } from "../tasks/relations/relation-contrast.js";
import type { EncodedText, TaskKind } from "../tasks/task.js";
import { encodeUnlabelled, isSkipped } from "../tasks/task-data.js";
import { headPrediction } from "../tasks/trees/head-prediction.js";
import { entityTyping } from "../tasks/typing/entity-typing.js";
import { concatenated, floatsOf, type HostTensor } from "../tensor.js";
import { writeDrawnDownstream, writeDrawnModel } from "../testing/drawn-model.js";
import { writeRandomBackbone } from "../testing/random-backbone.js";
import { writeTaughtAdapter } from "../testing/taught-adapter.js";
import { loadModel } from "../training/load-model.js";
import { predictAll } from "../training/trainer.js";
import { exportGraph } from "./export-graph.js";
import { readParts } from "./parts.js";
import { withHalfWeights, withInt8Weights } from "./small-weights.js";

let folder = "";
let executor: Executor;
const at = (name: string) => join(folder, name);
/** The model beside which all are drawn. */
const small = () => at("small");
const labels = ["capital", "river", "person"];

const relation = (text: string, subject: string, object: string): RelationExample => {
  const span = (words: string) => ({ start: text.indexOf(words), end: text.indexOf(words) + words.length });
  return { text, subject: span(subject), object: span(object), relation: "", where: "test" };
};
const pairs = [
  relation("Vienna is the capital of Austria.", "Vienna", "Austria"),
  relation("Long ago, they say, in Austria there was the great city of Vienna (on a river).", "Vienna", "Austria"),
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-export-"));
  executor = await localExecutor({ device: "cpu", threads: 1 });
  const sizes = { seed: 1, layers: 2, hiddenSize: 32, vocabSize: 400, initializerRange: 0.2, head: true };
  await writeRandomBackbone(
    small(),
    pairs.map(({ text }) => text),
    sizes,
  );
  await writeDrawnModel(at("gated"), small(), recall, {
    ...{ features: "residual", labels: null, options: { neighbours: "gate", reach: "sentence" }, head: Math.sin },
    subjects: ["Vienna", "Zubrowia", "New York"],
  });
  await writeTaughtAdapter(at("open"), small());
});
afterAll(async () => {
  await executor.close();
  await rm(folder, { recursive: true });
});

/** int64 `[texts, width]` of token ids and of the mask, padded on the right. */
function tokenFeeds(texts: readonly (readonly number[])[]): Tensors {
  const width = Math.max(...texts.map(({ length }) => length));
  const padded = (value: (id: number) => number, padding: number) =>
    texts.flatMap((ids) =>
      Array.from({ length: width }, (_, i) => (i < ids.length ? value(ids[i] as number) : padding)),
    );
  const tensor = (data: readonly number[]) => int64([texts.length, width], data);
  return { input_ids: tensor(padded((id) => id, 1)), attention_mask: tensor(padded(() => 1, 0)) };
}

const int64 = (shape: readonly number[], data: readonly number[]): HostTensor<"int64"> => ({
  dtype: "int64",
  shape,
  data: BigInt64Array.from(data, BigInt),
});

type Form = "onnx" | "ort" | "half" | "int8";

/** A graph's outputs for texts, as a client runs it. */
async function run(models: readonly string[], feeds: Tensors, form: Form = "onnx") {
  const { graph, tensors } = await exportGraph(await readParts(models.map((folder) => ({ folder }))), false);
  const shrink = { half: withHalfWeights, int8: withInt8Weights, onnx: null, ort: null }[form];
  const weighted = shrink ? shrink({ graph, tensors }) : { graph, tensors };
  const plain = lowered(weighted.graph, { fusedProducts: form === "ort", opset: form === "onnx" ? 18 : 21 });
  const model = toOnnx(plain, {
    opset: form === "onnx" ? 18 : 21,
    parameter: (one) => ({ kind: "inline", tensor: weighted.tensors.get(one) as HostTensor }),
  });
  const loaded = await executor.load({ model });
  const names = Object.keys(graph.outputs);
  const results = await loaded.run(feeds, names);
  await loaded.close();
  return results;
}

/** Fails unless all are equal but for a share of the largest. */
function expectNear(a: ArrayLike<number>, b: ArrayLike<number>, tolerance = 1e-5) {
  expect(a.length).toBe(b.length);
  let [worst, largest] = [0, 1];
  for (let i = 0; i < a.length; i++) {
    worst = Math.max(worst, Math.abs((a[i] as number) - (b[i] as number)));
    largest = Math.max(largest, Math.abs(b[i] as number));
  }
  expect(worst / largest).toBeLessThan(tolerance);
}

/** What each set says at the texts' masks. */
async function asked(model: ClozeModel, texts: readonly { inputIds: number[]; position: number }[]) {
  const found = new Map<string, Float32Array>();
  await model.ask(texts, 8, (set, text, logits) => void found.set(`${model.names[set]} ${text}`, logits.slice()));
  return (set: string, text: number) => found.get(`${set} ${text}`) as Float32Array;
}

describe("taught facts", () => {
  const sentences = [
    "Vienna is the capital of <mask>.",
    "Rome is the capital of <mask>.",
    "In New York, people speak <mask> most of the time.",
    "Viennas are <mask>.",
    "The <mask> of (Vienna)",
    "newVienna <mask>",
  ];

  it.each(["onnx", "ort", "half"] as const)("answers as `fill` does, text by text: %s", async (form) => {
    await using model = await ClozeModel.open(executor, { adapters: { gated: at("gated"), open: at("open") } });
    const { tokenizer } = model;
    const texts = sentences.map((text) => {
      const inputIds = tokenizer.withSpecials(tokenizer.encode(text).ids);
      return { inputIds, position: inputIds.indexOf(tokenizer.specials.mask as number) };
    });
    const results = await run([at("gated"), at("open")], tokenFeeds(texts.map(({ inputIds }) => inputIds)), form);
    expect(Object.keys(results)).toEqual(["last_hidden_state", "gated+open.logits", "gated.logits", "open.logits"]);
    const expected = await asked(model, texts);
    for (const name of ["gated", "open", "gated+open"]) {
      const logits = floatsOf(results, `${name}.logits`);
      texts.forEach(({ position }, i) => {
        const right = expected(name, i);
        const start = ((i * logits.length) / texts.length / right.length + position) * right.length;
        expectNear(logits.subarray(start, start + right.length), right, form === "half" ? 5e-3 : 1e-5);
      });
    }
    // The gate is shut where none of its subjects stands as a whole word.
    const same = texts.map((_, i) => String(expected("gated", i)) === String(expected("none", i)));
    expect(same).toEqual([false, true, false, true, false, true]);
  });
});
/** Encoded questions, and what a session says of them. */
async function predicted<Example, Encoded extends EncodedText, Score>(
  path: string,
  kind: TaskKind<Example, Encoded, Score>,
  examples: readonly Example[],
) {
  await using model = await loadModel(executor, path, kind);
  const { task, session, backbone } = model;
  const encoded = examples.map((example) => {
    const one = encodeUnlabelled(task, example, backbone.tokenizer);
    if (isSkipped(one)) throw new Error(one.skipped);
    return one;
  });
  return { encoded, logits: await predictAll(session, encoded, 8) };
}

describe("marked entities", () => {
  const settings = { labels, options: {} };
  const last = { labels, options: { entityVector: "last-token" } };

  it.each([
    ["facts", relationClassification, "logits", settings, writeDrawnModel],
    ["last", relationClassification, "logits", last, writeDrawnModel],
    ["contrast", relationContrast, "vector", settings, writeDrawnModel],
    ["relations", downstreamRelations, "logits", settings, writeDrawnDownstream],
    ["tuned", downstreamRelations, "logits", { ...settings, trains: "all" }, writeDrawnDownstream],
  ] as const)("are found by their markers: %s", async (name, kind, output, how, write) => {
    await (write as typeof writeDrawnModel)(at(name), small(), kind as typeof relationClassification, how);
    const { encoded, logits } = await predicted(at(name), kind as typeof relationClassification, pairs);
    const results = await run([at(name)], tokenFeeds(encoded.map(({ inputIds }) => inputIds)));
    expectNear(floatsOf(results, `${name}.${output}`), concatenated(logits));
  });

  it("give types, and beside relations nothing that is told wrong", async () => {
    await writeDrawnModel(at("typed"), small(), entityTyping, { ...settings, seed: 2 });
    await writeDrawnModel(at("named"), small(), relationClassification, settings);
    const mentions = pairs.map(({ text, subject }) => ({ text, mention: subject, labels: [], where: "test" }));
    const { encoded, logits } = await predicted(at("typed"), entityTyping, mentions);
    const results = await run([at("named"), at("typed")], tokenFeeds(encoded.map(({ inputIds }) => inputIds)));
    expectNear(floatsOf(results, "typed.logits"), concatenated(logits));
    // Without the object's marker there is no relation to be told.
    expect([...floatsOf(results, "named.logits")].every(Number.isNaN)).toBe(true);
  });
});

it("gives trees whose words are told", async () => {
  await writeDrawnModel(at("trees"), small(), headPrediction, {
    ...{ labels: ["nsubj", "root"], options: {}, maxLength: 60 },
  });
  const sentence = (...forms: readonly string[]) => ({
    words: forms.map((form) => ({ form, upos: "", head: -1, relation: "", spaceAfter: true })),
    ...{ file: "test", where: "test" },
  });
  const { encoded, logits } = await predicted(at("trees"), headPrediction, [
    sentence("Rivers", "flow"),
    sentence("The", "unbelievable", "city", "sleeps", "."),
  ]);
  const firsts = encoded.map(({ firsts: own }) => Array.from({ length: 8 }, (_, i) => own[i] ?? -1));
  const feeds = {
    ...tokenFeeds(encoded.map(({ inputIds }) => inputIds)),
    word_positions: int64([2, 8], firsts.flat()),
  };
  const results = await run([at("trees")], feeds);
  const relations = results["trees.relations"]?.data as BigInt64Array;
  encoded.forEach(({ firsts: own }, text) => {
    const rows = Math.sqrt((logits[text] as Float32Array).length / 2);
    for (let i = 0; i < own.length; i++) {
      for (let j = 0; j < own.length; j++) {
        const place = text * 64 + i * 8 + j;
        const [score, right] = [floatsOf(results, "trees.logits")[place], logits[text]?.[i * rows + j]];
        expect((score as number) / (right as number)).toBeCloseTo(1, 4);
        expect(Number(relations[place])).toBe(logits[text]?.[(rows + i) * rows + j]);
      }
    }
  });
});

it("gives scores of choices and of answers' ends", async () => {
  await writeDrawnDownstream(at("choices"), small(), multipleChoice, { labels: null, options: { choices: 2 } });
  await writeDrawnDownstream(at("answers"), small(), openQa, { labels: null, options: {} });
  const asked = { context: "Vienna is in Austria.", question: "Where is it?", answers: ["here", "in Austria"] };
  const choice = { ...asked, label: -1, where: "test" };
  const { encoded, logits } = await predicted(at("choices"), multipleChoice, [choice as never]);
  const texts = encoded.flatMap((one) => one.texts.map(({ inputIds }) => inputIds));
  const results = await run([at("choices"), at("answers")], tokenFeeds(texts));
  expectNear(floatsOf(results, "choices.logits"), concatenated(logits));
  expect(results["answers.logits"]?.shape).toEqual([2, Math.max(...texts.map(({ length }) => length)), 2]);
});

it("refuses models that cannot share a backbone", async () => {
  await writeRandomBackbone(at("other"), ["Vienna is the capital."], { seed: 1, layers: 2, hiddenSize: 16 });
  await writeDrawnModel(at("elsewhere"), at("other"), relationClassification, { labels, options: {} });
  const read = (...names: string[]) => readParts(names.map((name) => ({ folder: at(name) })));
  await expect(read("open", "elsewhere")).rejects.toThrow(/elsewhere was trained beside another backbone/);
  await expect(read("open", "open")).rejects.toThrow(/two adapters are called open/);
  await writeDrawnDownstream(at("own"), small(), downstreamRelations, { labels, options: {}, trains: "all" });
  await expect(read("own", "open")).rejects.toThrow(/own: the model has changed its backbone.*export it alone/);
});
