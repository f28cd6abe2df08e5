import { resolveAdapterConfig } from "../adapters/config.js";
import type { Executor, Tensors } from "../engine/executor.js";
import type { FeatureSource } from "../features/feature-sources.js";
import { AdaptedModel } from "../models/adapted-model.js";
import { pretrainingDesign } from "../models/design.js";
import { hiddenStateName } from "../models/hidden-states.js";
import { RandomStream } from "../random.js";
import { type EncodedRelation, relationClassification } from "../tasks/relations/relation-classification.js";
import { float32Tensor } from "../tensor.js";

const [hiddenSize, layers, maxLength] = [16, 2, 24];
const labels = ["capital", "author", "spouse"];

/** A sentence of so many tokens whose label follows from its name. */
export const example = (name: string, length: number): EncodedRelation => ({
  inputIds: Array.from({ length }, (_, i) => 4 + i),
  subject: 1,
  object: length - 2,
  label: name.length % labels.length,
  example: { text: name, where: name } as EncodedRelation["example"],
});

export const short = [example("a", 7), example("bb", 9)];
export const long = [example("ccc", 12), example("dddd", 11), example("e", 10)];

/** States that follow from the example and the position; padding holds what must not matter. */
export class MadeUpFeatures implements FeatureSource<EncodedRelation> {
  readonly dtype = "float32";
  readonly read: (readonly EncodedRelation[])[] = [];
  failing: EncodedRelation | undefined;

  async batch(examples: readonly EncodedRelation[], width: number): Promise<Tensors> {
    this.read.push(examples);
    if (this.failing && examples.includes(this.failing)) {
      this.failing = undefined;
      throw new Error("the disk is gone");
    }
    const state = (layer: number) => {
      const data = new Float32Array(examples.length * width * hiddenSize).fill(5);
      examples.forEach(({ example: { text }, inputIds }, row) => {
        const random = new RandomStream(text, layer);
        const real = Float32Array.from({ length: inputIds.length * hiddenSize }, () => random.normal());
        data.set(real, row * width * hiddenSize);
      });
      return float32Tensor([examples.length, width, hiddenSize], data);
    };
    return Object.fromEntries(Array.from({ length: layers + 1 }, (_, i) => [hiddenStateName(i), state(i)]));
  }

  async close(): Promise<void> {}
}

/** What a session of a small adapter over made-up hidden states is opened with. */
export function madeUpTraining(
  executor: Executor,
  {
    maskPadding = true,
    fixedWidth = false,
    dropout = 0,
  }: { maskPadding?: boolean; fixedWidth?: boolean; dropout?: number },
) {
  const task = relationClassification.make({ labels, options: {} }, { maxLength, dropout, headInit: "official" });
  const sizes = { size: 8, heads: 2, transformerLayers: 1, dropout, layers: [0, 2], init: 0.3, maskPadding };
  const model = new AdaptedModel({
    ...pretrainingDesign({
      features: "adapter",
      adapter: resolveAdapterConfig({ hiddenSize, layers }, "official", sizes),
    }),
    hiddenSize,
    backboneLayers: layers,
    makeHead: (scope, given) => task.makeHead(scope, given),
  });
  const features = new MadeUpFeatures();
  return { executor, features, padTokenId: 1, model, task, maxLength, fixedWidth };
}
