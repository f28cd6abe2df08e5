import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { exportOnnx } from "../library/export.js";
import { localExecutor } from "../runtime/local.js";
import { relationClassification } from "../tasks/relations/relation-classification.js";
import { entityTyping } from "../tasks/typing/entity-typing.js";
import { bytesOf, floatsOf, type HostTensor } from "../tensor.js";
import { writeDrawnModel } from "../testing/drawn-model.js";
import { writeRandomBackbone } from "../testing/random-backbone.js";
import { markEntities } from "../text/markers.js";
import { loadTokenizer } from "../text/tokenizer.js";
import { exportGraph } from "./export-graph.js";
import { writeOnnx } from "./onnx-file.js";
import { readParts } from "./parts.js";

let folder = "";
const at = (...names: string[]) => join(folder, ...names);
const labels = ["capital", "river"];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-write-"));
  const texts = ["@ Vienna @ is the capital of # Austria #.", "The Danube flows through Vienna (in Austria)."];
  await writeRandomBackbone(at("base"), texts, { seed: 1, layers: 2, hiddenSize: 16, vocabSize: 300 });
  await writeDrawnModel(at("facts"), at("base"), relationClassification, { labels, options: {} });
  await writeDrawnModel(at("types"), at("base"), entityTyping, { labels, options: {} });
});
afterAll(() => rm(folder, { recursive: true }));

const json = async (...names: string[]) => JSON.parse(await readFile(at(...names), "utf8")) as Record<string, unknown>;

it("writes what pipelines read, and the same bytes again", async () => {
  const { answers } = await exportOnnx([at("facts"), `kinds=${at("types")}`], at("hf"));
  expect(answers).toMatchObject([
    { name: "facts", task: "relation-classification", outputs: { logits: "logits" }, labels, markers: ["@", "#"] },
    { name: "kinds", outputs: { logits: "kinds.logits" }, markers: ["@"] },
  ]);
  expect(await json("hf", "config.json")).toMatchObject({
    ...{ architectures: ["RobertaForSequenceClassification"], problem_type: "single_label_classification" },
    ...{ id2label: { 0: "capital", 1: "river" }, "transformers.js_config": { dtype: "fp32" } },
  });
  expect((await readdir(at("hf", "onnx"))).sort()).toEqual(["model.onnx", "model_quantized.onnx"]);
  await exportOnnx([at("facts"), `kinds=${at("types")}`], at("again"));
  for (const name of await readdir(at("hf"), { recursive: true })) {
    if (!/\.\w+$/.test(name)) continue;
    expect(Buffer.compare(await readFile(at("hf", name)), await readFile(at("again", name))), name).toBe(0);
  }
});

it("writes a tokenizer that marks entities as the training did", async () => {
  const tokenizer = await loadTokenizer(at("base"));
  const written = new HuggingFaceTokenizer(
    (await json("hf", "tokenizer.json")) as never,
    (await json("hf", "tokenizer_config.json")) as never,
  );
  const span = (text: string, words: string) => ({
    start: text.indexOf(words),
    end: text.indexOf(words) + words.length,
  });
  const cases = [
    ["Vienna is the capital of Austria.", "@ Vienna @ is the capital of # Austria #."],
    ["The Danube flows through Vienna, in Austria", "The Danube flows through @ Vienna @, in # Austria #"],
    ["The capital (Vienna) of Austria", "The capital (@Vienna@) of # Austria #"],
  ] as const;
  for (const [text, marked] of cases) {
    const how = { maxLength: 64 };
    const expected = markEntities(tokenizer, text, span(text, "Vienna"), span(text, "Austria"), how);
    expect(written.encode(marked).ids).toEqual("inputIds" in expected ? expected.inputIds : null);
  }
});

it("writes a Triton repository", async () => {
  await exportOnnx([at("facts")], at("triton"), { layout: "triton", precision: ["float16"], modelName: "kb" });
  const files = (await readdir(at("triton"), { recursive: true })).filter((name) => /\.\w+$/.test(name)).sort();
  expect(files).toEqual([join("kb", "1", "model.onnx"), join("kb", "config.pbtxt")]);
  const config = await readFile(at("triton", "kb", "config.pbtxt"), "utf8");
  expect(config).toContain('output {\n  name: "facts.logits"\n  data_type: TYPE_FP32\n  dims: [ 2 ]\n}');
  expect(config).toContain('input {\n  name: "input_ids"\n  data_type: TYPE_INT64\n  dims: [ -1 ]\n}');
});

it("does not mix with what is there", async () => {
  await expect(exportOnnx([at("facts")], at("hf"))).rejects.toThrow(
    /hf: the folder is not empty: it holds "README.md"/,
  );
  await expect(exportOnnx([], at("none"))).rejects.toThrow(/nothing is given to export/);
  await expect(exportOnnx([at("facts")], at("none"), { opset: 17 })).rejects.toThrow(/opset: 17 is not valid/);
  await expect(readdir(at("none"))).rejects.toThrow("ENOENT");
});

it("keeps weights in a file of their own where they are large", async () => {
  const exported = await exportGraph(await readParts([{ folder: at("facts") }]), true);
  const executor = await localExecutor({ device: "cpu", threads: 1 });
  const results: Float32Array[] = [];
  const ids: HostTensor = { dtype: "int64", shape: [1, 3], data: BigInt64Array.of(0n, 9n, 2n) };
  const feeds = () => ({ input_ids: ids, attention_mask: { ...ids, data: BigInt64Array.of(1n, 1n, 1n) } });
  for (const [name, mostInline] of [
    ["one", 2 ** 30],
    ["two", 0],
  ] as const) {
    const path = at(`${name}.onnx`);
    await writeOnnx(path, exported, { opset: 21, mostInline });
    const data = mostInline === 0 ? await readFile(`${path}_data`) : null;
    const files = data ? { externalFiles: { "two.onnx_data": new Uint8Array(data) } } : {};
    const graph = await executor.load({ model: new Uint8Array(await readFile(path)), ...files });
    results.push(floatsOf(await graph.run(feeds(), ["last_hidden_state"]), "last_hidden_state"));
  }
  await executor.close();
  expect(results[1]).toEqual(results[0]);
  expect((await readFile(at("two.onnx"))).length).toBeLessThan((await readFile(at("one.onnx"))).length / 2);
  expect(bytesOf(ids)).toHaveLength(24);
});
