import type { Executor, LoadedGraph } from "../engine/executor.js";
import { loadWithParameters } from "../engine/fixed-parameters.js";
import { inferencePass } from "../engine/inference-pass.js";
import { GraphBuilder } from "../graph/index.js";
import { float32Tensor, type HostTensor } from "../tensor.js";
import { isFloating, toFloat32 } from "../weights/float32.js";
import { openWeights } from "../weights/open.js";
import type { WeightSource } from "../weights/source.js";
import type { BackboneHandle } from "./backbone-handle.js";

/** The frozen word embedding `[vocab, width]`, to which a new head's output matrix is tied; ELECTRA's can be narrower than its layers. */
export async function readWordEmbeddings(folder: BackboneHandle): Promise<HostTensor<"float32">> {
  const { parameters } = folder.definition.build(folder.config);
  // It is declared before all others.
  const found = parameters.find(({ shape }) => shape.length === 2 && shape[0] === folder.config.vocabSize);
  if (!found) throw new Error("the model has no word embedding");
  const tensors = await readNamed(folder, [found.name]);
  return tensors.get(found.name) as HostTensor<"float32">;
}

/**
 * The backbone's own masked-LM head, where its weights hold one: `features` `[rows, hidden]` → `logits`
 * `[rows, vocab]`; null where they hold none.
 */
export async function loadOwnHead(executor: Executor, folder: BackboneHandle): Promise<LoadedGraph | null> {
  const backbone = folder.definition.build(folder.config);
  if (backbone.headParameters.length === 0 || folder.tokenizer.specials.mask === undefined) return null;
  const g = new GraphBuilder();
  const features = g.input("features", "float32", ["rows", folder.config.hiddenSize]);
  const logits = backbone.lmLogits(inferencePass(g, executor), features);
  const graph = g.build({ logits });
  const names = [...graph.parameters.keys()].map(({ name }) => name);
  const tensors = await readNamed(folder, names, true);
  return tensors.size === names.length ? loadWithParameters(executor, graph, tensors) : null;
}

/** Parameters by this project's names; those that the weights do not hold are left out where that is `partial`. */
export async function readNamed(
  folder: BackboneHandle,
  names: readonly string[],
  partial = false,
): Promise<ReadonlyMap<string, HostTensor>> {
  const source = await openWeights(folder.folder);
  try {
    const keys = new Map(Array.from(source.keys(), (key) => [folder.definition.canonicalKey(key, true), key]));
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
