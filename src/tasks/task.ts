import type { BackboneConfig, BackboneDefinition } from "../backbones/index.js";
import type { HeadInit, HeadSizes, TaskHead } from "../models/task-head.js";
import type { ParamScope } from "../nn/index.js";
import type { HostTensor } from "../tensor.js";
import type { Tokenizer } from "../text/tokenizer.js";

/** An example as token ids. */
export interface EncodedText {
  readonly inputIds: readonly number[];
}

/** An example that cannot be used; it is counted under its reason. */
export interface Skipped {
  readonly skipped: string;
}

/** Plain JSON by name. */
export type JsonObject = { readonly [key: string]: JsonValue };
type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** What an adapter's folder records of its task, so that the task can be made again. */
export interface TaskSettings {
  /** Class names in the order of the head's rows; null where the head has none. */
  readonly labels: readonly string[] | null;
  /** All else that decides how examples are read and what the head looks like. */
  readonly options: JsonObject;
  /** Names that decide in which texts it has a say; they stand in a file of their own, being many. */
  readonly subjects?: readonly string[];
  /** The wordings in which facts are taught, as lines of JSON: nothing follows from them, but the folder tells them. */
  readonly wordings?: readonly string[];
}

/** What a task is made with besides its own settings. */
export interface TaskContext {
  /** Longest text in tokens. */
  readonly maxLength: number;
  readonly dropout: number;
  readonly headInit: HeadInit;
  /** The model that it is learnt beside, where it is known: some heads are the model's own. */
  readonly backbone?: { readonly definition: BackboneDefinition; readonly config: BackboneConfig };
}

/** A kind of task by its name: what pre-training is given, and what an adapter's folder is opened with. */
export interface TaskKind<Example, Encoded extends EncodedText, Score> {
  /** Stands in the adapter's folder. */
  readonly name: string;
  /** @throws UserError when the settings (of a folder, say) are not this task's */
  make(settings: TaskSettings, context: TaskContext): Task<Example, Encoded, Score>;
}

/** One kind of knowledge or downstream task. */
export interface Task<Example, Encoded extends EncodedText, Score> {
  encode(example: Example, tokenizer: Tokenizer): Encoded | Skipped;
  /** Encodes an example whose answer is to be told and is not read; {@link encode} where it is left out. */
  encodeUnlabelled?(example: Example, tokenizer: Tokenizer): Encoded | Skipped;
  /** Makes the head that the features go through. */
  makeHead(scope: ParamScope, sizes: HeadSizes): TaskHead;
  /**
   * The positions of a text that its head reads, in the order of the rows of {@link TaskHead.select}, always as many as
   * these. Nothing else of the model's last layer is then computed or kept. Left out where their number varies, or an
   * example has several texts.
   */
  readPositions?(encoded: Encoded): readonly number[];
  /** The texts that an example consists of, a row each in a batch; the example itself where it is left out. */
  texts?(encoded: Encoded): readonly EncodedText[];
  /**
   * The loss of an example whose texts are too many to be in memory together: computed here, from the logits of all of
   * them. The graph is then run text by text, once for the logits and once more for the gradients that follow from
   * theirs; its own loss is Σ logits · `logit_gradients`.
   */
  hostLoss?(encoded: Encoded, logits: readonly Float32Array[]): HostLoss;
  /**
   * What is kept of an example's logits until it is scored, where its texts are many: what its answers follow from, in
   * a size that does not depend on their number.
   */
  condense?(encoded: Encoded, logits: Float32Array): Float32Array;
  /** The task's own inputs for a batch that is padded to `width` tokens. */
  feeds(batch: readonly Encoded[], width: number): Readonly<Record<string, HostTensor>>;
  /** Compares predictions with the truth. */
  score(predictions: Iterable<Prediction<Encoded>>): Score;
  /** A score as numbers: what logs and the adapter's folder hold. */
  evaluation(score: Score): Evaluation;
}

export interface HostLoss {
  readonly loss: number;
  /** Of the loss by each text's logits. */
  readonly gradients: readonly Float32Array[];
}

export interface Evaluation {
  /** Quality on held-out data by name; rates are fractions from 0 to 1. */
  readonly metrics: Readonly<Record<string, number>>;
  /** The one that decides which parameters are the best; more is better. */
  readonly metric: number;
}

export interface Prediction<Encoded> {
  readonly encoded: Encoded;
  /** The example's row of the head's logits; where its texts are many, what {@link Task.condense} keeps of them. */
  readonly logits: Float32Array;
}
