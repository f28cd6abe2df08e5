import { z } from "zod";
import type { DependencySentence } from "../../data/dependency-sentence.js";
import { userError } from "../../errors.js";
import type { HeadSizes, TaskHead } from "../../models/task-head.js";
import type { ParamScope } from "../../nn/index.js";
import { alignments, choiceLosses, treeHeads } from "../../settings/choices.js";
import { float32Tensor, type HostTensor, int32Tensor } from "../../tensor.js";
import type { Tokenizer } from "../../text/tokenizer.js";
import { encodeWords, encodeWordsOfficially } from "../../text/words.js";
import { NarrowedHead } from "../narrowed-head.js";
import { selectRows } from "../select.js";
import type {
  EncodedText,
  Evaluation,
  Prediction,
  Skipped,
  Task,
  TaskContext,
  TaskKind,
  TaskSettings,
} from "../task.js";
import { taskOptions } from "../task-options.js";
import {
  type AttachedSentence,
  type AttachmentScores,
  scoreAttachments,
  universalRelation,
} from "./attachment-scores.js";
import { BiaffineHead } from "./biaffine-head.js";
import { ReleasedHeadPredictionHead } from "./released-head.js";
import { type ArcScores, greedyHeads, maximumSpanningTree } from "./spanning-tree.js";

/** Settings of head prediction, as they stand in an adapter's folder. */
const optionsSchema = z.object({
  head: z.enum(treeHeads).default("biaffine"),
  loss: z.enum(choiceLosses).default("cross-entropy"),
  alignment: z.enum(alignments).default("words"),
  /** Width of the vectors that the biaffine head compares. */
  arcSize: z.number().int().positive().max(65_536).default(384),
  /** Classes of the official head; the longest text where it is left out. */
  classes: z.number().int().positive().max(1_000_000).optional(),
  /** Whether the heads that are told make a tree. */
  tree: z.boolean().default(false),
});
export type HeadPredictionOptions = z.infer<typeof optionsSchema>;

export interface EncodedSentence extends EncodedText {
  /** Position of the root, which is the first special token, and of each word's first sub-word. */
  readonly firsts: readonly number[];
  readonly sentence: DependencySentence;
}

/** Head prediction by name; its labels are the universal relations that it tells, null where it tells heads alone. */
export const headPrediction: TaskKind<DependencySentence, EncodedSentence, AttachmentScores> = {
  name: "head-prediction",
  make: (settings, context) => new HeadPrediction(settings, context),
};

/** Linguistic knowledge (K-Adapter §3.4): which word governs each word of a sentence. */
export class HeadPrediction implements Task<DependencySentence, EncodedSentence, AttachmentScores> {
  readonly options: HeadPredictionOptions;
  private readonly labels: readonly string[] | null;
  private readonly relations: ReadonlyMap<string, number>;

  constructor(
    { labels, options }: TaskSettings,
    private readonly context: TaskContext,
  ) {
    this.options = taskOptions(optionsSchema, options, headPrediction.name);
    const { head, alignment } = this.options;
    if (head === "biaffine" && alignment === "official") {
      throw userError({
        what: "the biaffine head compares words",
        expected: "the alignment words, or the official head",
      });
    }
    if (head === "official" && labels) {
      throw userError({ what: "the official head tells no relations", expected: "the biaffine head" });
    }
    this.labels = labels;
    this.relations = new Map((labels ?? []).map((label, i) => [label, i]));
  }

  encode(sentence: DependencySentence, tokenizer: Tokenizer): EncodedSentence | Skipped {
    // The released code's table of governors has no entry for the last word, so it drops such sentences.
    const { words } = sentence;
    const dropped = this.options.alignment === "official" && words.some(({ head }) => head === words.length);
    return dropped ? { skipped: "last-word-governs" } : this.encodeUnlabelled(sentence, tokenizer);
  }

  encodeUnlabelled(sentence: DependencySentence, tokenizer: Tokenizer): EncodedSentence | Skipped {
    if (tokenizer.specials.cls === undefined) {
      throw userError({
        what: "the tokenizer puts no special token before a text, to which the root could point",
        expected: "a tokenizer with [CLS] or <s>",
      });
    }
    const official = this.options.alignment === "official";
    const { words } = sentence;
    const encoded = official
      ? encodeWordsOfficially(
          tokenizer,
          words.map(({ form }) => form),
        )
      : encodeWords(tokenizer, words);
    if (!encoded) return { skipped: "word-without-token" };
    const inputIds = tokenizer.withSpecials(encoded.ids);
    if (inputIds.length > this.longest) return { skipped: "sentence-too-long" };
    return { inputIds, firsts: [0, ...encoded.firsts.map((first) => first + 1)], sentence };
  }

  /** The longest text in tokens: an official head has no more classes than positions, the released code keeps one free. */
  private get longest(): number {
    const { head, alignment, classes = this.context.maxLength } = this.options;
    if (head === "biaffine") return this.context.maxLength;
    return Math.min(this.context.maxLength, classes) - (alignment === "official" ? 1 : 0);
  }

  makeHead(scope: ParamScope, sizes: HeadSizes): TaskHead {
    const { dropout, headInit: init } = this.context;
    const { head, loss, alignment, arcSize: size, classes = this.context.maxLength } = this.options;
    const common = { loss, dropout, init };
    return new NarrowedHead(scope, sizes, init, (own): TaskHead => {
      if (head === "biaffine") {
        return new BiaffineHead(own, sizes.hiddenSize, { ...common, size, relations: this.labels?.length ?? 0 });
      }
      const everyPosition = alignment === "official";
      return new ReleasedHeadPredictionHead(own, sizes.hiddenSize, { ...common, classes, everyPosition });
    });
  }

  feeds(batch: readonly EncodedSentence[], width: number): Record<string, HostTensor> {
    if (this.options.alignment === "official") return { labels: officialLabels(batch, width) };
    const rows = paddedRows(batch);
    const firsts = batch.map((sentence) => sentence.firsts);
    const picked = { select: selectRows(firsts, rows, width) };
    if (this.options.head === "official") return { ...picked, labels: positionLabels(batch, rows) };
    const relations = perWord(
      batch,
      rows,
      ({ relation }) => this.relations.get(universalRelation(relation)) ?? ignored,
    );
    return { ...picked, arcs: arcRows(batch, rows), relations };
  }

  score(predictions: Iterable<Prediction<EncodedSentence>>): AttachmentScores {
    return scoreAttachments(this.attached(predictions));
  }

  /** One after the other: there may be more than the memory holds. */
  private *attached(predictions: Iterable<Prediction<EncodedSentence>>): Generator<AttachedSentence> {
    for (const prediction of predictions) yield { ...prediction.encoded.sentence, ...this.attach(prediction) };
  }

  evaluation({ uas, uasNoPunct, las, lasNoPunct }: AttachmentScores): Evaluation {
    const labelled = las === undefined || lasNoPunct === undefined ? {} : { las, lasNoPunct };
    return { metrics: { uas, uasNoPunct, ...labelled }, metric: uas };
  }

  /** The head of each word, counted from 1 with 0 for the root, and its relation. */
  attach({ encoded, logits }: Prediction<EncodedSentence>): {
    readonly heads: readonly number[];
    readonly relations: readonly string[] | null;
  } {
    const words = encoded.firsts.length - 1;
    const { labels } = this;
    const { tree } = this.options;
    // Square, or with relations two squares one below the other.
    const rows = Math.sqrt(logits.length / (labels ? 2 : 1));
    const scores: ArcScores = { words, score: this.scoreOf(encoded, logits, rows) };
    const heads = tree ? maximumSpanningTree(scores) : greedyHeads(scores);
    const relationOf = (head: number, i: number) => labels?.[logits[(rows + i + 1) * rows + head] as number] ?? "";
    return { heads, relations: labels ? heads.map(relationOf) : null };
  }

  private scoreOf({ firsts }: EncodedSentence, logits: Float32Array, rows: number): ArcScores["score"] {
    const { head, alignment, classes = this.context.maxLength } = this.options;
    if (head === "biaffine") return (i, j) => logits[i * rows + j] as number;
    // The released code counts positions from 1: 0 is for tokens that have no head.
    const shift = alignment === "official" ? 1 : 0;
    return (i, j) => logits[i * classes + (firsts[j] as number) + shift] ?? Number.NEGATIVE_INFINITY;
  }
}

/** A label that counts for nothing. */
const ignored = -100;

/** Rows for the root and the words of the longest sentence: a multiple of 4, so that few different shapes occur. */
function paddedRows(batch: readonly EncodedSentence[]): number {
  return 4 * Math.ceil(Math.max(...batch.map(({ firsts }) => firsts.length)) / 4);
}

/** int32 `[batch, rows]`: a number for each word, row 0 being the root's. */
function perWord(
  batch: readonly EncodedSentence[],
  rows: number,
  value: (word: DependencySentence["words"][number], encoded: EncodedSentence) => number,
): HostTensor<"int32"> {
  const data = new Int32Array(batch.length * rows).fill(ignored);
  batch.forEach((encoded, i) => {
    encoded.sentence.words.forEach((word, w) => {
      data[i * rows + w + 1] = word.head < 0 ? ignored : value(word, encoded);
    });
  });
  return int32Tensor([batch.length, rows], data);
}

/** The position of each word's head. */
function positionLabels(batch: readonly EncodedSentence[], rows: number): HostTensor<"int32"> {
  return perWord(batch, rows, ({ head }, { firsts }) => firsts[head] as number);
}

/** float32 `[batch, rows, rows]`: a 1 in a word's row at its head. */
function arcRows(batch: readonly EncodedSentence[], rows: number): HostTensor<"float32"> {
  const arcs = new Float32Array(batch.length * rows * rows);
  batch.forEach(({ sentence }, i) => {
    sentence.words.forEach(({ head }, w) => {
      if (head >= 0) arcs[(i * rows + w + 1) * rows + head] = 1;
    });
  });
  return float32Tensor([batch.length, rows, rows], arcs);
}

/**
 * Labels of `convert_examples_to_features_find_head`: row n belongs to the n-th word, whatever sub-word stands there;
 * heads are counted from 1, and every other position that is no padding has the label 0.
 */
function officialLabels(batch: readonly EncodedSentence[], width: number): HostTensor<"int32"> {
  const data = new Int32Array(batch.length * width).fill(ignored);
  batch.forEach(({ inputIds, firsts, sentence }, i) => {
    data.fill(0, i * width, i * width + inputIds.length);
    sentence.words.forEach(({ head }, w) => {
      if (head >= 0) data[i * width + w + 1] = (firsts[head] as number) + 1;
    });
  });
  return int32Tensor([batch.length, width], data);
}
