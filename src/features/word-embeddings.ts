import { type Backbone, parameterKeys } from "../backbones/index.js";
import type { Executor, LoadedGraph } from "../engine/executor.js";
import { loadWithParameters } from "../engine/fixed-parameters.js";
import { inferencePass } from "../engine/inference-pass.js";
import { userError } from "../errors.js";
import { GraphBuilder, type Parameter } from "../graph/index.js";
import { float32Tensor, type HostTensor } from "../tensor.js";
import { isFloating, toFloat32 } from "../weights/float32.js";
import { openWeights } from "../weights/open.js";
import type { WeightSource } from "../weights/source.js";
import type { BackboneHandle } from "./backbone-handle.js";

/** The frozen word embedding `[vocab, width]`, to which a new head's output matrix is tied; ELECTRA's can be narrower than its layers. */
export async function readWordEmbeddings(folder: BackboneHandle): Promise<HostTensor<"float32">> {
  const { name } = wordEmbeddingOf(folder.definition.build(folder.config));
  const tensors = await readNamed(folder, [name]);
  return tensors.get(name) as HostTensor<"float32">;
}

function wordEmbeddingOf({ parameters, config: { vocabSize } }: Backbone): Parameter {
  // The word embedding is declared before all other parameters.
  const found = parameters.find(({ shape }) => shape.length === 2 && shape[0] === vocabSize);
  if (!found) throw new Error("the model has no word embedding");
  return found;
}

/**
 * The backbone's own language-model head, where its weights hold one: `features` `[rows, hidden]` → `logits`
 * `[rows, vocab]`; null where they hold none.
 */
export async function loadOwnHead(executor: Executor, folder: BackboneHandle): Promise<LoadedGraph | null> {
  const backbone = folder.definition.build(folder.config);
  const isMasked = backbone.headParameters.length > 0 && folder.tokenizer.specials.mask !== undefined;
  if (!isMasked && !folder.config.causal) return null;
  const g = new GraphBuilder();
  const features = g.input("features", "float32", ["rows", folder.config.hiddenSize]);
  const logits = backbone.lmLogits(inferencePass(g, executor), features);
  const graph = g.build({ logits });
  const tensors = await readOwnHead(folder, [...graph.parameters.keys()]);
  return tensors && loadWithParameters(executor, graph, tensors);
}

/**
 * Parameters of the backbone's own head, its output matrix included; null where its weights hold none.
 *
 * @throws UserError as {@link refuseOtherMatrix}
 */
export async function readOwnHead(
  folder: BackboneHandle,
  parameters: readonly Parameter[],
): Promise<ReadonlyMap<string, HostTensor> | null> {
  await refuseOtherMatrix(folder);
  const names = parameters.map(({ name }) => name);
  const tensors = await readNamed(folder, names, true);
  return tensors.size === names.length ? tensors : null;
}

/**
 * Refuses weights whose output matrix differs from the word embedding although config.json ties them: transformers 4
 * reads the embedding, 5 the matrix, and only the user knows which one was trained.
 *
 * @throws UserError
 */
export async function refuseOtherMatrix({ folder, definition, config }: BackboneHandle): Promise<void> {
  if (!config.tiedWords) return;
  const source = await openWeights(folder);
  try {
    const unread = (key: string) => definition.canonicalKey(key, true) === null;
    const copy = [...source.keys()].find(
      (key) => unread(key) && (definition.canonicalKey(key, true, false) ?? "").endsWith(".weight"),
    );
    const word = parameterKeys(definition, config, source.keys()).get(wordEmbeddingOf(definition.build(config)).name);
    if (copy === undefined || word === undefined) return;
    const [a, b] = [await readFloats(source, copy), await readFloats(source, word)];
    if (a && b && a.data.length === b.data.length && a.data.every((value, i) => Object.is(value, b.data[i]))) return;
    throw userError({
      where: source.path,
      what: `${copy} differs from ${word}, but config.json says that they are tied`,
      fix: `set "tie_word_embeddings": false in config.json to use the matrix, or remove it to use the word embedding`,
    });
  } finally {
    await source.close();
  }
}

/** Parameters by this project's names; those that the weights do not hold are left out where that is `partial`. */
export async function readNamed(
  folder: BackboneHandle,
  names: readonly string[],
  partial = false,
): Promise<ReadonlyMap<string, HostTensor>> {
  const source = await openWeights(folder.folder);
  try {
    const keys = parameterKeys(folder.definition, folder.config, source.keys());
    const tensors = new Map<string, HostTensor>();
    for (const name of names) {
      const key = keys.get(name);
      const tensor = key === undefined ? null : await readFloats(source, key);
      if (tensor) tensors.set(name, tensor);
      else if (!partial) throw new Error(`the weights hold no ${name}`);
    }
    return tensors;
  } finally {
    await source.close();
  }
}

async function readFloats(source: WeightSource, key: string): Promise<HostTensor<"float32"> | null> {
  const info = source.info(key);
  if (!info || !isFloating(info.dtype)) return null;
  return float32Tensor(info.shape, toFloat32(await source.read(key)));
}
