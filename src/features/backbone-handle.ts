import { z } from "zod";
import type { BackboneIdentity } from "../adapters/folder.js";
import {
  type Backbone,
  type BackboneConfig,
  type BackboneDefinition,
  backboneDefinition,
  configurationHash,
} from "../backbones/index.js";
import type { Tensors } from "../engine/executor.js";
import { userError } from "../errors.js";
import { readJson, readJsonIfThere } from "../files/json.js";
import { join } from "../host/paths.js";
import { float32Tensor, type HostTensor } from "../tensor.js";
import { loadTokenizer, type Tokenizer } from "../text/tokenizer.js";
import { hashWeights } from "../weights/hash.js";
import { resolveModel } from "../weights/hub.js";
import { openWeights } from "../weights/open.js";
import type { WeightSource } from "../weights/source.js";
import { type StrictLoad, shapesOf, strictLoad } from "../weights/strict-load.js";
import { recordedName } from "./named-backbone.js";

/** A pre-trained model in a folder: configuration, tokenizer and the hash of its weights. Nothing is computed yet. */
export interface BackboneHandle {
  /** As the user named it. */
  readonly name: string;
  /** Where its files are. */
  readonly folder: string;
  /** How models of its kind are read and built. */
  readonly definition: BackboneDefinition;
  /** Its config.json, checked: layers, hidden size H, positions. */
  readonly config: BackboneConfig;
  /** Text to token ids, with character offsets. */
  readonly tokenizer: Tokenizer;
  /** SHA-256 over the names, shapes and elements of the weights. */
  readonly hash: string;
  /** SHA-256 of what of its configuration decides the outputs: equal weights compute something else under another configuration. */
  readonly configHash: string;
}

/**
 * Finds a backbone by folder or Hugging Face id and reads all but its weights' elements.
 *
 * @param name a folder in Hugging Face's layout, or an id such as `roberta-base` or `owner/name@revision`, which is
 * downloaded into the usual cache if it is not there
 * @throws UserError when a file is missing or broken, the tokenizer does not belong to the model, or the hub has no such
 * model or cannot be reached
 * @example
 * const base = await openBackbone("roberta-base");
 * console.log(base.config.layers, base.config.hiddenSize);
 */
export async function openBackbone(name: string): Promise<BackboneHandle> {
  const { folder } = await resolveModel(name);
  await refuseFolderAround(folder);
  const path = join(folder, "config.json");
  const json = await readJson(path, { what: "the configuration", expected: "a model's config.json" });
  const definition = backboneDefinition(json, path);
  const config = definition.parseConfig(json, path);
  const tokenizer = await loadTokenizer(folder);
  if (tokenizer.vocabSize > config.vocabSize) {
    throw userError({
      where: folder,
      what: `the tokenizer knows ${tokenizer.vocabSize} tokens, the model only ${config.vocabSize}`,
      fix: "use the tokenizer files that were published with the model",
    });
  }
  const source = await openWeights(folder);
  try {
    checkedWeights(definition, config, source);
    const hash = await hashWeights(source);
    return { name, folder, definition, config, tokenizer, hash, configHash: configurationHash(config) };
  } finally {
    await source.close();
  }
}

const sentenceModules = z.array(z.looseObject({ type: z.string(), path: z.string() }));

/** Old versions of sentence-transformers put the model into a folder of its own, which modules.json names. */
async function refuseFolderAround(folder: string): Promise<void> {
  const path = join(folder, "modules.json");
  const modules = sentenceModules.safeParse(await readJsonIfThere(path, { what: "the list of modules" }));
  const inner = modules.data?.find(({ type }) => type.endsWith(".Transformer"))?.path;
  if (!inner) return;
  throw userError({
    where: folder,
    what: `modules.json of sentence-transformers says that the model is in the folder ${JSON.stringify(inner)}`,
    fix: "name that folder",
  });
}

/** The model that a configuration tells of, and its weights checked against it. */
export function checkedWeights(
  definition: BackboneDefinition,
  config: BackboneConfig,
  source: WeightSource,
): { backbone: Backbone; loader: StrictLoad } {
  const backbone = definition.build(config);
  return {
    backbone,
    loader: strictLoad(shapesOf(backbone.parameters), source, {
      canonicalKey: (key) => definition.canonicalKey(key, false),
    }),
  };
}

/** What an adapter's folder records of its backbone. */
export function backboneIdentity(backbone: BackboneHandle): BackboneIdentity {
  const { hash, configHash, tokenizer, config } = backbone;
  return {
    name: recordedName(backbone),
    modelType: config.modelType,
    hiddenSize: config.hiddenSize,
    layers: config.layers,
    hash,
    configHash,
    tokenizerHash: tokenizer.hash,
  };
}

/** A backbone's weights by parameter, as a training starts from them: all, or those that are wanted. */
export async function readBackboneTensors(
  { folder, definition, config }: BackboneHandle,
  wanted: (name: string) => boolean = () => true,
): Promise<Tensors> {
  const source = await openWeights(folder);
  try {
    const { backbone, loader } = checkedWeights(definition, config, source);
    const tensors: Record<string, HostTensor> = {};
    for (const { name, shape } of backbone.parameters) {
      if (wanted(name)) tensors[name] = float32Tensor(shape, await loader.read(name));
    }
    return tensors;
  } finally {
    await source.close();
  }
}
