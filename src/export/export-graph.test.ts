import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Executor, Tensors } from "../engine/executor.js";
import { toOnnx } from "../graph/index.js";
import { lowered } from "../graph/lower.js";
import { ClozeModel } from "../probing/cloze-model.js";
import { localExecutor } from "../runtime/local.js";
import { multipleChoice } from "../tasks/choice/multiple-choice.js";
import { openQa } from "../tasks/qa/open-qa.js";
import { downstreamRelations } from "../tasks/relations/downstream-relations.js";
import { relationClassification } from "../tasks/relations/relation-classification.js";
import { relationContrast } from "../tasks/relations/relation-contrast.js";
import type { EncodedText, TaskKind } from "../tasks/task.js";
import { headPrediction } from "../tasks/trees/head-prediction.js";
import { entityTyping } from "../tasks/typing/entity-typing.js";
import { floatsOf, type HostTensor } from "../tensor.js";
import { writeDrawnDownstream, writeDrawnModel } from "../testing/drawn-model.js";
import { writeTaughtAdapter } from "../testing/taught-adapter.js";
import { loadModel } from "../training/load-model.js";
import { exportGraph } from "./export-graph.js";
import { readParts } from "./parts.js";
import { withHalfWeights, withInt8Weights } from "./small-weights.js";

let folder = "";
let executor: Executor;
const at = (name: string) => join(folder, name);
const own = "models/own";
const labels = ["capital", "river", "person"];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-export-"));
  executor = await localExecutor({ device: "cpu", threads: 1 });
  await writeTaughtAdapter(at("gated"), own, ["Vienna", "Zubrowia", "New York"]);
  await writeTaughtAdapter(at("open"), own);
});
afterAll(async () => {
  await executor.close();
  await rm(folder, { recursive: true });
});

/** int64 `[texts, width]` of token ids and of the mask, padded on the right. */
function tokenFeeds(texts: readonly (readonly number[])[]): Tensors {
  const width = Math.max(...texts.map(({ length }) => length));
  const padded = (value: (id: number) => number, padding: number) =>
    texts.flatMap((ids) => Array.from({ length: width }, (_, i) => (i < ids.length ? value(ids[i] as number) : padding)));
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
  const small = { half: withHalfWeights, int8: withInt8Weights, onnx: null, ort: null }[form];
  const weighted = small ? small({ graph, tensors }) : { graph, tensors };
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

function expectNear(a: ArrayLike<number>, b: ArrayLike<number>, tolerance = 1e-4) {
  expect(a.length).toBe(b.length);
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs((a[i] as number) - (b[i] as number)));
  expect(worst).toBeLessThan(tolerance);
}

/** Logits of the rows of a batch where each text's mask is. */
async function asked(model: ClozeModel, set: number, texts: readonly { inputIds: number[]; position: number }[]) {
  const found = new Map<number, Float32Array>();
  await model.ask(texts, 8, (at, text, logits) => void (at === set && found.set(text, logits.slice())));
  return texts.map((_, i) => found.get(i) as Float32Array);
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
    for (const [set, name] of ["gated", "open", "gated+open"].entries()) {
      const expected = await asked(model, set, texts);
      const logits = floatsOf(results, `${name}.logits`);
      const vocab = expected[0]?.length ?? 0;
      const width = logits.length / vocab / texts.length;
      texts.forEach(({ position }, i) => {
        const start = (i * width + position) * vocab;
        expectNear(logits.subarray(start, start + vocab), expected[i] as Float32Array, form === "half" ? 2e-2 : 1e-4);
      });
    }
  });
});
void [multipleChoice, openQa, downstreamRelations, relationClassification, relationContrast, headPrediction, entityTyping, writeDrawnDownstream, writeDrawnModel, loadModel, labels];
export type Unused = [EncodedText, TaskKind<never, EncodedText, never>];
