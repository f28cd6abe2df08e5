import { join } from "node:path";
import { roberta } from "../backbones/index.js";
import { writeFileAtomically } from "../files/atomic.js";
import { newModelConfig } from "../lm/new-language-model.js";
import { initialValue } from "../nn/index.js";
import { float32Tensor } from "../tensor.js";
import { trainBpe } from "../text/bpe-trainer.js";
import { writeSafetensors } from "../weights/safetensors-writer.js";

/** Sizes of a {@link writeRandomBackbone}. */
export interface RandomBackboneOptions {
  readonly seed: number;
  readonly layers?: number;
  readonly hiddenSize?: number;
  readonly heads?: number;
  /** Tokens wanted; fewer if the texts have too few pairs to merge. */
  readonly vocabSize?: number;
  /** Longest text in tokens. */
  readonly maxTokens?: number;
  /** Standard deviation of the weights. */
  readonly initializerRange?: number;
  /** Whether it has a masked-language-model head. */
  readonly head?: boolean;
}

/** What was written. */
export interface RandomBackbone {
  readonly folder: string;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly vocabSize: number;
  readonly parameters: number;
}

/**
 * Writes a small RoBERTa with random weights in Hugging Face's layout: a stand-in where no trained model is at hand.
 * Its vocabulary is learnt from `texts`; nothing else about it is learnt. The same texts and options give the same
 * files.
 */
export async function writeRandomBackbone(
  folder: string,
  texts: Iterable<string>,
  options: RandomBackboneOptions,
): Promise<RandomBackbone> {
  const { seed, layers = 4, hiddenSize = 128, heads = 2, vocabSize = 2000, maxTokens = 128 } = options;
  const bpe = await trainBpe(texts, { vocabSize });
  const sizes = { layers, hiddenSize, heads, vocabSize, maxLength: maxTokens, dropout: 0.1 };
  const json = {
    ...newModelConfig({ modelType: "roberta", ...sizes }, bpe.vocabSize),
    architectures: [options.head ? roberta.lmClass : "RobertaModel"],
    initializer_range: options.initializerRange ?? 0.02,
  };
  const path = join(folder, "config.json");
  const { parameters, headParameters } = roberta.build(roberta.parseConfig(json, path));
  const tensors = [...parameters, ...(options.head ? headParameters : [])].map((parameter) => {
    return [parameter.name, float32Tensor(parameter.shape, initialValue(parameter, seed))] as const;
  });
  await writeFileAtomically(join(folder, "vocab.json"), bpe.vocabJson);
  await writeFileAtomically(join(folder, "merges.txt"), bpe.mergesTxt);
  await writeSafetensors(join(folder, "model.safetensors"), tensors, { format: "pt" });
  // Last, so that a folder that has it is complete.
  await writeFileAtomically(path, `${JSON.stringify(json, null, 2)}\n`);
  const count = tensors.reduce((sum, [, { data }]) => sum + data.length, 0);
  return { folder, layers, hiddenSize, vocabSize: bpe.vocabSize, parameters: count };
}
