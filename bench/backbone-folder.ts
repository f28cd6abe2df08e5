/**
 * A RoBERTa with random weights as a folder in Hugging Face's form, so that a benchmark loads it as a user would.
 * @module
 */
import { copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BackboneConfig, backboneDefinition, roberta } from "../src/backbones/index.js";
import { demoExamples } from "../src/demo/examples.js";
import { userError } from "../src/errors.js";
import { fileError } from "../src/files/atomic.js";
import { initialValue } from "../src/nn/index.js";
import { float32Tensor } from "../src/tensor.js";
import { trainBpe } from "../src/text/bpe-trainer.js";
import { writeSafetensors } from "../src/weights/safetensors-writer.js";
import type { Sizes } from "./sizes.js";

/** Tokens of the vocabulary that is learnt from the project's own sentences. */
const ownVocabulary = 4000;

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Makes the folder, or finds it made: weights follow from seed and sizes alone, and making those of a full-size model
 * takes half a minute.
 *
 * @param parent folder in which folders of this kind are kept
 * @param tokenizer folder with the vocabulary to use; null learns a small one from the project's own sentences
 * @returns the model's folder
 */
export async function randomBackboneFolder(
  parent: string,
  sizes: Sizes,
  seed: number,
  tokenizer: string | null = null,
): Promise<string> {
  const { num_hidden_layers: layers, hidden_size: hidden } = sizes.backbone;
  const folder = join(parent, `roberta-${layers}x${hidden}-seed${seed}`);
  const weights = join(folder, "model.safetensors");
  const json = { model_type: "roberta", ...sizes.backbone, pad_token_id: 1, layer_norm_eps: 1e-5, type_vocab_size: 1 };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "config.json"), `${JSON.stringify(json, null, 2)}\n`);
  if (tokenizer === null) {
    const vocabSize = Math.min(sizes.backbone.vocab_size, ownVocabulary);
    const texts = demoExamples("train").map(({ text }) => text);
    const { vocabJson, mergesTxt } = await trainBpe(texts, { vocabSize });
    await writeFile(join(folder, "vocab.json"), vocabJson);
    await writeFile(join(folder, "merges.txt"), mergesTxt);
  } else {
    for (const file of ["vocab.json", "merges.txt"]) await copyFile(join(tokenizer, file), join(folder, file));
  }
  // Written last and atomically: where it is, the folder is whole.
  if (!(await exists(weights))) {
    const { parameters } = roberta.build(roberta.parseConfig(json, "config.json"));
    await writeSafetensors(
      weights,
      parameters.map((parameter) => [
        `roberta.${parameter.name}`,
        float32Tensor(parameter.shape, initialValue(parameter, seed)),
      ]),
    );
  }
  return folder;
}

/** A model folder's configuration. */
export async function backboneConfig(folder: string): Promise<BackboneConfig> {
  const path = join(folder, "config.json");
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw fileError(path, "read the file", error);
  });
  const json: unknown = JSON.parse(text);
  return backboneDefinition(json, path).parseConfig(json, path);
}

/** {@link backboneConfig} of a model that the PyTorch scripts know, too. */
export async function peerBackboneConfig(folder: string): Promise<BackboneConfig> {
  const config = await backboneConfig(folder);
  const known = ["bert", "roberta"];
  if (known.includes(config.modelType)) return config;
  const expected = `a model that the PyTorch scripts know: ${known.join(" or ")}`;
  throw userError({ where: folder, what: `a ${config.modelType}`, expected });
}
