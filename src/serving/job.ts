/**
 * What is asked of a shared backbone: some texts, and what reads their hidden states.
 * @module
 */
import type { LoadedGraph, Tensors } from "../engine/executor.js";
import type { FeatureDType } from "../features/feature-cache.js";
import type { EncodedText } from "../tasks/task.js";
import type { HostTensor } from "../tensor.js";
import type { ModelMeter } from "./model-meter.js";

/** Texts that are computed together, and in one batch: the answers of a multiple choice are several. */
export interface Item {
  readonly texts: readonly EncodedText[];
}

/** A graph that reads hidden states, or the hidden states themselves. */
export interface Reader<I extends Item = Item, Result = unknown> {
  /** Hidden states that it reads; none where its graph holds a backbone of its own and reads tokens. */
  readonly layers: readonly number[];
  /** Element type in which it reads them. */
  readonly dtype: FeatureDType;
  /** Null where the hidden states themselves are wanted, as float32. */
  readonly graph: LoadedGraph | null;
  /** Names of what its graph reads. */
  readonly inputs: ReadonlySet<string>;
  /** Name of the graph's output; of the hidden state where there is no graph. */
  readonly output: string;
  /** Its own inputs for a batch that is padded to `width` tokens. */
  feeds(items: readonly I[], width: number): Tensors;
  /** A result for each item. The output's rows are the items' texts, one after another. */
  results(output: HostTensor, items: readonly I[], width: number): readonly Result[];
}

/** How a reader's texts are padded. Only texts of one form share a batch. */
export interface Padding {
  readonly form: string;
  /** Tokens to which all are padded; null for the longest of the batch. */
  readonly width: number | null;
}

/** An item that waits for its result. */
export interface Job<I extends Item = Item, Result = unknown> {
  readonly reader: Reader<I, Result>;
  readonly item: I;
  readonly padding: Padding;
  /** Whoever asked has left where it is aborted. */
  readonly signal: AbortSignal | undefined;
  /** Counts for the model that asks. */
  readonly meter?: ModelMeter | undefined;
}

/** The longest text of an item. */
export const lengthOf = ({ texts }: Item): number => Math.max(...texts.map(({ inputIds }) => inputIds.length));

/** By it equal texts are told. */
export const keyOf = ({ inputIds }: EncodedText): string => inputIds.join();

/** Padding hidden by a mask: any texts may share a batch. */
const hidden: Padding = { form: "any", width: null };

/**
 * How an item is padded so that its answer is the one that it gets alone. What attends to padding has texts of one length
 * for neighbours; what was trained at a fixed width has that width.
 */
export function paddingOf(
  item: Item,
  { fixedWidth, hidesPadding }: { readonly fixedWidth: number | null; readonly hidesPadding: boolean },
): Padding {
  const longest = lengthOf(item);
  const width = Math.max(longest, fixedWidth ?? 0);
  if (fixedWidth !== null) return { form: `fixed ${width}`, width };
  return hidesPadding ? hidden : { form: `exact ${longest}`, width: longest };
}
