/** A model without a head for words, the head that is trained for it, and the two as one model that can be taught facts. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { demoExamples } from "../src/demo/examples.js";
import { openBackbone, readBackboneTensors } from "../src/features/backbone-handle.js";
import { openSafetensors } from "../src/weights/safetensors.js";
import { writeSafetensors } from "../src/weights/safetensors-writer.js";
import { writeSmallModel } from "./small-models.js";
import { expectComplaint, json, kadapter, testFolder } from "./support.js";

let folder: string;
const at = (...names: string[]) => join(folder, ...names);

/** Takes a model's own head away. */
async function withoutHead(name: string): Promise<void> {
  const path = at(name, "model.safetensors");
  const source = await openSafetensors(path);
  const kept = [...source.keys()].filter((key) => !/^(cls|lm_head)\./.test(key));
  const tensors = await Promise.all(kept.map(async (key) => [key, await source.read(key)] as const));
  await source.close();
  await writeSafetensors(path, tensors, { format: "pt" });
}

beforeAll(async () => {
  folder = await testFolder();
  const texts = demoExamples("train").map(({ text }) => text);
  for (const kind of ["bert", "roberta"]) await writeSmallModel(at(kind), kind, texts);
  await withoutHead("bert");
  await writeFile(at("text.txt"), texts.slice(0, 200).join("\n"));
  await writeFile(
    at("facts.csv"),
    "subject,relation,object\nVienna,river,Danube\nRome,river,Tiber\nParis,river,Seine\n",
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const train = (kind: string, ...more: (string | number)[]) => [
  ...["probe", "train-head", "--backbone", at(kind), "--train", at("text.txt"), "--dev", at("text.txt")],
  ...["--out", at("heads"), "--max-length", 32, "--max-steps", 4, "--batch-size", 8, "--threads", 1, ...more],
];
const fill = async (...of: string[]) =>
  ((await json(["fill", "Vienna is [MASK] .", "--top", 5, "--threads", 1, ...of])) as { sets: { none: object } }).sets;

it("makes a trained head the model's own, and the model can be taught", async () => {
  const teach = (out: string) => [
    ...["teach", at("facts.csv"), "--backbone", at(out), "--layers", "0,2", "--adapter-size", 16, "--max-steps", 2],
    ...["--max-length", 32, "--cache", "off", "--out", at("taught"), "--threads", 1],
  ];
  const refused = await kadapter(teach("bert"));
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/^error: [^\n]*bert: its weights hold no language-model head;[^\n]*--model-out\n$/m);

  await json(train("bert", "--model-out", at("whole")));
  // The same words with the same probabilities, to the bit.
  expect((await fill("--backbone", at("whole"))).none).toEqual((await fill("--heads", at("heads"))).none);
  const [before, after] = [await openBackbone(at("bert")), await openBackbone(at("whole"))];
  expect(await readBackboneTensors(after)).toEqual(await readBackboneTensors(before));
  expect(await readFile(at("whole", "README.md"), "utf8")).toMatch(/- perplexity: \d/);

  const taught = await json(teach("whole"));
  expect(taught["backboneUnchanged"]).toBe(true);
  const said = await json(["fill", "Vienna river [MASK]", "--adapter", `a=${at("taught")}`, "--threads", 1]);
  expect(Object.keys(said["sets"] as object)).toEqual(["none", "a"]);
});

it("says before the training where the head cannot be the model's own", async () => {
  const other = await kadapter(train("roberta", "--model-out", at("other"), "--overwrite"));
  expect(expectComplaint(other)).toMatch(/roberta: a head that is trained anew cannot be this model's own/);
  const decoder = await kadapter(train("bert", "--model-out", at("other"), "--new-decoder", "--overwrite"));
  expect(expectComplaint(decoder)).toMatch(/--model-out: no head is trained that can be the model's own/);
});
