/**
 * Programs of others open what `exportOnnx` writes and say what kadapter says: `npm run test:clients`. The models here
 * have hardly learnt anything; it is their answers that are compared.
 */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { env, pipeline } from "@huggingface/transformers";
import * as ort from "onnxruntime-web";
import { exportOnnx, facts, load, openBackbone, openEngine, ownModel, recall, train } from "../../dist/index.js";

const root = new URL("../../", import.meta.url).pathname;
let folder = "";
let engine;

const learn = async (knowledge, name) => {
  const base = await openBackbone(ownModel());
  const out = join(folder, name);
  for await (const _ of train(engine, base, knowledge, { out, maxSteps: 3, cache: "off" }));
  await exportOnnx([out], join(folder, `${name}-onnx`));
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-clients-"));
  env.allowRemoteModels = false;
  env.localModelPath = folder;
  engine = await openEngine({ device: "cpu", threads: 1 });
  const country = join(root, "examples", "country");
  await learn(recall({ facts: join(country, "facts.csv"), wordings: join(country, "wordings.yaml") }), "taught");
  const company = join(root, "examples", "company");
  await learn(facts({ train: join(company, "train.jsonl"), dev: join(company, "dev.jsonl") }), "facts");
});
after(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-4, `${a} and ${b}`);

test("fill-mask names the words that the adapter names", async () => {
  const model = await load(engine, join(folder, "taught"), { as: "recall" });
  const client = await pipeline("fill-mask", "taught-onnx");
  for (const text of ["The capital of Ormelle is [MASK].", "The capital of France is [MASK]."]) {
    const words = await model.fill(text, { top: 5 });
    const found = await client(text.replace("[MASK]", client.tokenizer.mask_token), { top_k: 5 });
    assert.deepEqual(
      found.map((one) => one.token_str.trim()),
      words.map(({ word }) => word),
    );
    for (const [i, one] of found.entries()) near(one.score, words[i].probability);
  }
  await client.dispose();
  await model.close();
});

test("text-classification tells the relation between marked entities", async () => {
  const model = await load(engine, join(folder, "facts"), { as: "relations" });
  const client = await pipeline("text-classification", "facts-onnx");
  const [subject, object] = ["Ravel Yarn", "Edith Reyes"];
  const texts = [
    [
      "Ravel Yarn was founded by a young engineer, Edith Reyes.",
      "@ Ravel Yarn @ was founded by a young engineer, # Edith Reyes #.",
    ],
    [
      "They say (Edith Reyes) founded Ravel Yarn in spring.",
      "They say (#Edith Reyes#) founded @ Ravel Yarn @ in spring.",
    ],
  ];
  for (const [text, marked] of texts) {
    const { relation, probability } = await model.predict({ text, subject, object });
    const [found] = await client(marked);
    assert.equal(found.label, relation);
    near(found.score, probability);
  }
  const [unmarked] = await client(texts[0][0]);
  assert.ok(Number.isNaN(unmarked.score));
  await client.dispose();
  await model.close();
});

test("feature-extraction and onnxruntime-web give the same last hidden states", async () => {
  const client = await pipeline("feature-extraction", "taught-onnx");
  const text = "Ormelle lies by the sea.";
  const found = await client(text);
  const { input_ids, attention_mask } = client.tokenizer(text);
  const bytes = await readFile(join(folder, "taught-onnx", "onnx", "model.onnx"));
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  const feeds = Object.fromEntries(
    Object.entries({ input_ids, attention_mask }).map(([name, { data, dims }]) => [
      name,
      new ort.Tensor("int64", data, dims),
    ]),
  );
  const { last_hidden_state } = await session.run(feeds);
  assert.deepEqual(found.dims, last_hidden_state.dims);
  for (const [i, value] of found.data.entries()) near(value, last_hidden_state.data[i]);
  await session.release();
  await client.dispose();
});
