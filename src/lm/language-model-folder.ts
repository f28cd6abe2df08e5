/**
 * Trained language models as folders in Hugging Face's layout.
 * @module
 */

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ConfiguredBackbone } from "../backbones/backbone.js";
import type { Tensors } from "../engine/executor.js";
import { userError } from "../errors.js";
import { type BackboneHandle, readBackboneTensors } from "../features/backbone-handle.js";
import { readNamed, refuseOtherMatrix } from "../features/word-embeddings.js";
import { copyAtomically, fileError, removeMark, writeFileAtomically } from "../files/atomic.js";
import type { HostTensor } from "../tensor.js";
import { writeSafetensors } from "../weights/safetensors-writer.js";
import type { LanguageModelStart } from "./language-model-start.js";

/** config.json as it was read or made. */
export type ConfigJson = Readonly<Record<string, unknown>>;

/** Hugging Face's keys for a model's parameters with its head, by this project's names. */
function huggingFaceKeys({ definition, config }: ConfiguredBackbone, where: string): ReadonlyMap<string, string> {
  const { parameters, headParameters } = definition.build(config);
  const keys = new Map([
    ...parameters.map(({ name }) => [name, `${definition.prefix}${name}`] as const),
    ...headParameters.map(({ name }) => [name, name] as const),
  ]);
  for (const [name, key] of keys) {
    if (definition.canonicalKey(key, true, config.tiedWords) === name) continue;
    throw userError({
      where,
      what: `models of the kind ${definition.kind} cannot be written`,
      expected: "BERT, RoBERTa, XLM-RoBERTa, ELECTRA or GPT-2",
    });
  }
  return keys;
}

/**
 * Writes a model beside its tokenizer's files; an older config.json goes first and the new one comes last, so that a
 * folder that has it is complete.
 */
export async function writeLanguageModel(
  folder: string,
  start: LanguageModelStart,
  json: ConfigJson,
  tensors: readonly (readonly [name: string, tensor: HostTensor])[],
  card: string,
): Promise<void> {
  const keys = huggingFaceKeys(start, folder);
  const named = tensors.map(([name, tensor]) => [keys.get(name) ?? name, tensor] as const);
  const [dtype = "float32"] = tensors.map(([, tensor]) => tensor.dtype);
  await removeModel(folder);
  await writeSafetensors(join(folder, "model.safetensors"), named, { format: "pt" });
  await writeFileAtomically(join(folder, "README.md"), card);
  const { torch_dtype: _, ...config } = json;
  const written = { ...config, architectures: [start.definition.lmClass], dtype };
  await writeFileAtomically(join(folder, configFile), `${JSON.stringify(written, null, 2)}\n`);
}

const configFile = "config.json";

/** Takes away a model's configuration, without which the folder holds no model. */
export const removeModel = (folder: string): Promise<void> => removeMark(join(folder, configFile));

/**
 * Writes a backbone that was trained on as a folder of its own, its head for words left out: weights, its tokenizer and
 * its configuration: an older one goes first and the new one comes last, so that a folder that has it is complete.
 */
export async function writeBackbone(
  folder: string,
  backbone: BackboneHandle,
  tensors: readonly (readonly [name: string, tensor: HostTensor])[],
  card: string,
): Promise<void> {
  const keys = huggingFaceKeys(backbone, backbone.folder);
  const named = tensors.map(([name, tensor]) => [keys.get(name) ?? name, tensor] as const);
  await removeModel(folder);
  await copyTokenizer(backbone.folder, folder);
  await writeSafetensors(join(folder, "model.safetensors"), named, { format: "pt" });
  await writeFileAtomically(join(folder, "README.md"), card);
  await copyAtomically(join(backbone.folder, configFile), join(folder, configFile));
}

const tokenizerFile = /^(tokenizer|special_tokens|added_tokens).*\.json$|^vocab\.(txt|json)$|^merges\.txt$|\.model$/;

/** Copies a model's tokenizer files. */
export async function copyTokenizer(from: string, to: string): Promise<void> {
  const names = await readdir(from).catch((error: unknown) => {
    throw fileError(from, "read the folder", error);
  });
  for (const name of names) {
    if (tokenizerFile.test(name)) await copyAtomically(join(from, name), join(to, name));
  }
}

/** A given model as a training's start; a head that its weights do not hold is drawn. */
export function givenModelStart(backbone: BackboneHandle): LanguageModelStart {
  const { definition, config, tokenizer } = backbone;
  if (definition.build(config).targets) {
    throw userError({
      where: backbone.folder,
      what: `models of the kind ${definition.kind} predict words in a way that cannot be trained here`,
      expected: "BERT, RoBERTa, XLM-RoBERTa, ELECTRA or GPT-2",
    });
  }
  huggingFaceKeys(backbone, backbone.folder);
  return { definition, config, tokenizer, backbone, given: () => allTensors(backbone) };
}

async function allTensors(backbone: BackboneHandle): Promise<Tensors> {
  const { headParameters } = backbone.definition.build(backbone.config);
  const names = headParameters.map(({ name }) => name);
  await refuseOtherMatrix(backbone);
  return { ...(await readBackboneTensors(backbone)), ...Object.fromEntries(await readNamed(backbone, names, true)) };
}
