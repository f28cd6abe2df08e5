import type { Executor, Tensors } from "../engine/executor.js";
import { hiddenStateName } from "../models/hidden-states.js";
import { selectRows } from "../tasks/select.js";
import type { EncodedText } from "../tasks/task.js";
import { bytesOf, dtypeBytes, type HostTensor, viewAs } from "../tensor.js";
import type { BackboneHandle } from "./backbone-handle.js";
import type { FeatureDType } from "./feature-cache.js";
import { FrozenBackbone, type FrozenBackboneOptions } from "./frozen-backbone.js";
import { padBatch, tokenFeeds } from "./token-batch.js";
import { putRows } from "./token-rows.js";

/** The hidden states that a model reads. */
export interface NeededStates<E extends EncodedText> {
  /** In ascending order; 0 is the embedding output. */
  readonly layers: readonly number[];
  /** The positions at which the highest one is read, if not all; it is zero at the others. */
  readonly lastAt?: ReadPositions<E> | null;
}

/** The only positions of a text that are read. */
export interface ReadPositions<E extends EncodedText> {
  /** How many; the same for every example. */
  readonly count: number;
  of(example: E): readonly number[];
}

/** Where a batch's hidden states come from. */
export interface FeatureSource<E extends EncodedText> {
  /** Element type of the hidden states. */
  readonly dtype: FeatureDType;
  /** Hidden states of a batch padded to `width` tokens, by name; `[batch, width, hidden]` each. */
  batch(examples: readonly E[], width: number): Promise<Tensors>;
  close(): Promise<void>;
}

export const idsOf = (examples: readonly EncodedText[]) => examples.map(({ inputIds }) => inputIds);

/** Computes the hidden states of every batch anew, the highest one only where it is read. */
export class StreamedFeatures<E extends EncodedText> implements FeatureSource<E> {
  private constructor(
    private readonly backbone: FrozenBackbone,
    private readonly lastAt: ReadPositions<E> | null,
  ) {}

  static async load<E extends EncodedText>(
    executor: Executor,
    folder: BackboneHandle,
    { layers, lastAt = null }: NeededStates<E>,
    options: Omit<FrozenBackboneOptions, "positions">,
  ): Promise<StreamedFeatures<E>> {
    const positions = lastAt?.count ?? null;
    return new StreamedFeatures(await FrozenBackbone.load(executor, folder, layers, { ...options, positions }), lastAt);
  }

  get dtype(): FeatureDType {
    return this.backbone.dtype;
  }

  get layers(): readonly number[] {
    return this.backbone.layers;
  }

  async batch(examples: readonly E[], width: number): Promise<Tensors> {
    const tokens = padBatch(idsOf(examples), width, this.backbone.folder.config.padTokenId);
    const { lastAt } = this;
    if (!lastAt) return this.backbone.run(tokens);
    const positions = examples.map((example) => lastAt.of(example));
    const states = await this.backbone.run(tokens, selectRows(positions, lastAt.count, width));
    const name = hiddenStateName(Math.max(...this.layers));
    return { ...states, [name]: scatterRows(states[name] as HostTensor, positions, width) };
  }

  close(): Promise<void> {
    return this.backbone.close();
  }
}

/** `[batch, positions, hidden]` → `[batch, width, hidden]`, with zeros between. */
function scatterRows(tensor: HostTensor, positions: readonly (readonly number[])[], width: number): HostTensor {
  const { dtype, shape } = tensor;
  const [batch, count, hidden] = shape as [number, number, number];
  const rowBytes = hidden * dtypeBytes[dtype];
  const rows = bytesOf(tensor);
  const state = new Uint8Array(batch * width * rowBytes);
  positions.forEach((own, i) => {
    const text = state.subarray(i * width * rowBytes, (i + 1) * width * rowBytes);
    putRows(text, own, rowBytes, rows.subarray(i * count * rowBytes));
  });
  return { dtype, shape: [batch, width, hidden], data: viewAs(dtype, state) };
}

/** Tokens instead of hidden states, for a graph that holds the backbone. */
export class TokenFeatures<E extends EncodedText> implements FeatureSource<E> {
  constructor(
    private readonly folder: BackboneHandle,
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
