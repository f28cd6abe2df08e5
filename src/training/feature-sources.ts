import type { EncodedText } from "../tasks/index.js";
import type { Tensors } from "./executor.js";
import type { FeatureDType } from "./feature-cache.js";
import { type BackboneFolder, type FrozenBackbone, padBatch, tokenFeeds } from "./frozen-backbone.js";

/** Where a batch's hidden states come from. */
export interface FeatureSource<E extends EncodedText> {
  /** Element type of the hidden states. */
  readonly dtype: FeatureDType;
  /** Hidden states of a batch padded to `width` tokens, by name; `[batch, width, hidden]` each. */
  batch(examples: readonly E[], width: number): Promise<Tensors>;
  close(): Promise<void>;
}

export const idsOf = (examples: readonly EncodedText[]) => examples.map(({ inputIds }) => inputIds);

/** Computes the hidden states of every batch anew. */
export class StreamedFeatures<E extends EncodedText> implements FeatureSource<E> {
  constructor(private readonly backbone: FrozenBackbone) {}

  get dtype(): FeatureDType {
    return this.backbone.dtype;
  }

  batch(examples: readonly E[], width: number): Promise<Tensors> {
    return this.backbone.run(padBatch(idsOf(examples), width, this.backbone.folder.config.padTokenId));
  }

  close(): Promise<void> {
    return this.backbone.close();
  }
}

/** Tokens instead of hidden states, for a graph that holds the backbone. */
export class TokenFeatures<E extends EncodedText> implements FeatureSource<E> {
  constructor(
    private readonly folder: BackboneFolder,
    readonly dtype: FeatureDType,
  ) {}

  async batch(examples: readonly E[], width: number): Promise<Tensors> {
    return tokenFeeds(this.folder, padBatch(idsOf(examples), width, this.folder.config.padTokenId));
  }

  async close(): Promise<void> {}
}

/** Several sources of one element type as one. */
export class JoinedFeatures<E extends EncodedText> implements FeatureSource<E> {
  /** @param sources at least one */
  constructor(private readonly sources: readonly FeatureSource<E>[]) {}

  get dtype(): FeatureDType {
    return (this.sources[0] as FeatureSource<E>).dtype;
  }

  async batch(examples: readonly E[], width: number): Promise<Tensors> {
    const parts = await Promise.all(this.sources.map((source) => source.batch(examples, width)));
    return Object.assign({}, ...parts) as Tensors;
  }

  async close(): Promise<void> {
    for (const source of this.sources) await source.close();
  }
}
