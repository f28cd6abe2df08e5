import { z } from "zod";
import type { Fact } from "../../data/fact.js";
import { userError } from "../../errors.js";
import { gatesInput } from "../../models/joiner.js";
import type { HeadSizes } from "../../models/task-head.js";
import type { ParamScope } from "../../nn/index.js";
import { hash32, RandomStream } from "../../random.js";
import { recallNeighbours } from "../../settings/choices.js";
import { float32Tensor, type HostTensor, int32Tensor } from "../../tensor.js";
import type { TextSpan } from "../../text/marked-text.js";
import { contextWindow } from "../../text/markers.js";
import type { Encoding, Tokenizer } from "../../text/tokenizer.js";
import { wordIds } from "../../text/word-ids.js";
import { selectRows } from "../select.js";
import type { EncodedText, Evaluation, Prediction, Skipped, Task, TaskContext, TaskKind } from "../task.js";
import { taskOptions } from "../task-options.js";
import { numbersPerToken, RecallHead, recallInputs } from "./recall-head.js";
import { type AnswerScores, answerScores, type HiddenToken, type KeptScores, keptScores } from "./recall-scores.js";
import { SubjectGate } from "./subject-gate.js";

/** A text of which tokens are hidden. */
export type RecallExample =
  /** A fact in words, its object hidden; `backward` where fact and wording are turned, so that it is the subject. */
  | {
      readonly kind: "fact";
      readonly fact: Fact;
      readonly wording: string;
      readonly heldOut: boolean;
      readonly backward?: true;
    }
  /** A fact's wording with another subject, the answer to which is to stay the model's own. */
  | { readonly kind: "neighbour"; readonly fact: Fact; readonly wording: string; readonly open: boolean }
  /** Plain text, of which as many tokens at most are read. */
  | { readonly kind: "text"; readonly text: string; readonly tokens: number; readonly open: boolean };

export interface EncodedRecall extends EncodedText {
  /** Of the hidden tokens, and what stood there; −100 where nobody knows. */
  readonly positions: readonly number[];
  readonly labels: readonly number[];
  /** Whether the adapter has a say. */
  readonly open: boolean;
  readonly example: RecallExample;
}

export interface RecallScores {
  /** Facts in wordings that were taught, and in others. */
  readonly taught: AnswerScores;
  readonly heldOut: AnswerScores;
  /** The same of facts whose subject was asked; left out where none was. */
  readonly backward?: { readonly taught: AnswerScores; readonly heldOut: AnswerScores };
  /** Questions about subjects that were not taught; their answers are not known. */
  readonly neighbours: Pick<KeptScores, "argmaxKept" | "tokens">;
  readonly text: KeptScores;
}

const recallOptions = z.strictObject({
  neighbours: z.enum(recallNeighbours).default("gate"),
  /** Weight of the divergence from the frozen model beside the facts' cross-entropy. */
  keep: z.number().min(0).max(1000).default(1),
  /** Logits by which a fact's answer is to win. */
  margin: z.number().min(0).max(100).default(0),
});
export type RecallOptions = z.output<typeof recallOptions>;

/** Facts that answer, by name; see {@link Recall}. */
export const recall: TaskKind<RecallExample, EncodedRecall, RecallScores> = {
  name: "recall",
  make: ({ options, subjects }, context) =>
    new Recall(taskOptions(recallOptions, options, recall.name), subjects ?? null, context),
};

/** Share of a text's tokens that are hidden. */
const hiddenShare = 0.15;

/**
 * Facts that answer: a fact's object is hidden in a sentence, and the model's own head is to name it. What the model
 * says of other texts is to stay.
 */
export class Recall implements Task<RecallExample, EncodedRecall, RecallScores> {
  private gate: { readonly tokenizer: Tokenizer; readonly gate: SubjectGate } | null = null;

  /** @param subjects whose texts the adapter has a say in; null for all texts */
  constructor(
    private readonly options: RecallOptions,
    private readonly subjects: readonly string[] | null,
    private readonly context: TaskContext,
  ) {}

  encode(example: RecallExample, tokenizer: Tokenizer): EncodedRecall | Skipped {
    const mask = maskOf(tokenizer);
    const { maxLength } = this.context;
    const hidden =
      example.kind === "text" ? hideSome(example, tokenizer, mask.id) : askFor(example, tokenizer, mask, maxLength);
    if ("skipped" in hidden) return hidden;
    if (hidden.inputIds.length > maxLength) return { skipped: "too-long" };
    if (this.staysShut(example, hidden.inputIds, tokenizer)) return { skipped: "subject-not-whole" };
    const open = example.kind === "fact" || example.open || this.opens(hidden.inputIds, tokenizer);
    return { ...hidden, open, example };
  }

  /** Whether the gate would not open for a sentence: its subject is a part of a word there, so it could not be asked. */
  private staysShut(example: RecallExample, inputIds: readonly number[], tokenizer: Tokenizer): boolean {
    if (example.kind !== "fact" || !example.fact.sentences || this.subjects === null) return false;
    return !this.opens(inputIds, tokenizer);
  }

  private opens(inputIds: readonly number[], tokenizer: Tokenizer): boolean {
    if (this.options.neighbours !== "gate") return true;
    if (this.subjects === null) throw noSubjects();
    if (this.gate?.tokenizer !== tokenizer) {
      this.gate = { tokenizer, gate: new SubjectGate(tokenizer, this.subjects) };
    }
    return this.gate.gate.opens(inputIds);
  }

  makeHead(_scope: ParamScope, _sizes: HeadSizes): RecallHead {
    const { backbone } = this.context;
    return new RecallHead(backbone ? backbone.definition.build(backbone.config) : null, this.options.margin);
  }

  feeds(batch: readonly EncodedRecall[], width: number): Record<string, HostTensor> {
    // One row in a whole batch would be multiplied by another routine, with other last bits.
    const rows = Math.max(2, ...batch.map(({ positions }) => positions.length));
    const shape = [batch.length, rows];
    const labels = new Int32Array(batch.length * rows).fill(-100);
    const weights = { taught: new Float32Array(labels.length), kept: new Float32Array(labels.length) };
    const tokens = (taught: boolean) =>
      batch.reduce((sum, one) => sum + (isTaught(one) === taught ? one.positions.length : 0), 0);
    const weight = { taught: 1 / tokens(true), kept: this.options.keep / tokens(false) };
    batch.forEach((one, i) => {
      const kind = isTaught(one) ? "taught" : "kept";
      labels.set(one.labels, i * rows);
      weights[kind].fill(weight[kind], i * rows, i * rows + one.positions.length);
    });
    const positions = batch.map((one) => one.positions);
    return {
      select: selectRows(positions, rows, width),
      labels: int32Tensor(shape, labels),
      [gatesInput]: float32Tensor(
        [batch.length, 1, 1],
        Float32Array.from(batch, ({ open }) => Number(open)),
      ),
      [recallInputs.taught]: float32Tensor([...shape, 1], weights.taught),
      [recallInputs.kept]: float32Tensor([...shape, 1], weights.kept),
    };
  }

  score(predictions: Iterable<Prediction<EncodedRecall>>): RecallScores {
    const noAnswers = () => ({ taught: [] as HiddenToken[][], heldOut: [] as HiddenToken[][] });
    const [answers, backward] = [noAnswers(), noAnswers()];
    const others = { neighbour: [] as HiddenToken[], text: [] as HiddenToken[] };
    for (const { encoded, logits } of predictions) {
      const { example } = encoded;
      const tokens = encoded.positions.map((_, i) => hiddenToken(logits, i));
      if (example.kind === "fact") {
        (example.backward ? backward : answers)[example.heldOut ? "heldOut" : "taught"].push(tokens);
      } else others[example.kind].push(...tokens);
    }
    const { argmaxKept, tokens } = keptScores(others.neighbour);
    const scored = ({ taught, heldOut }: typeof answers) => ({
      taught: answerScores(taught),
      heldOut: answerScores(heldOut),
    });
    return {
      ...scored(answers),
      ...(backward.taught.length + backward.heldOut.length === 0 ? {} : { backward: scored(backward) }),
      neighbours: { argmaxKept, tokens },
      text: keptScores(others.text),
    };
  }

  /**
   * The best parameters are those beside which right answers are the likeliest, in words that were not taught; objects
   * count alone, where subjects are asked too.
   */
  evaluation({ taught, heldOut, backward, neighbours, text }: RecallScores): Evaluation {
    return {
      metrics: {
        p1: heldOut.p1,
        mrr: heldOut.mrr,
        taughtP1: taught.p1,
        taughtMrr: taught.mrr,
        ...(backward ? { backwardP1: backward.heldOut.p1, backwardTaughtP1: backward.taught.p1 } : {}),
        ...(neighbours.tokens === 0 ? {} : { neighboursKept: neighbours.argmaxKept }),
        ...(text.tokens === 0
          ? {}
          : { textKept: text.argmaxKept, perplexity: text.perplexity, perplexityBefore: text.before }),
      },
      metric: heldOut.questions > 0 ? heldOut.probability : taught.probability,
    };
  }
}

const isTaught = ({ example }: EncodedRecall) => example.kind === "fact";

function hiddenToken(numbers: Float32Array, i: number): HiddenToken {
  const at = i * numbersPerToken;
  const [rank, logProbability, logProbabilityBefore, kept] = numbers.subarray(at, at + numbersPerToken);
  return {
    rank: rank as number,
    logProbability: logProbability as number,
    logProbabilityBefore: logProbabilityBefore as number,
    kept: kept === 1,
  };
}

/** An adapter behind a gate whose subjects are not at hand. */
export const noSubjects = (folder?: string) =>
  userError({
    ...(folder === undefined ? {} : { where: folder }),
    what: `the names that open the adapter's gate are missing`,
    expected: "subjects.txt in its folder",
    fix: "copy the folder again, or teach the facts again",
  });

interface MaskToken {
  readonly id: number;
  readonly token: string;
}

/** @throws UserError where the model has none */
function maskOf({ specials: { mask: id }, idToToken }: Tokenizer): MaskToken {
  const token = id === undefined ? undefined : idToToken(id);
  if (id !== undefined && token !== undefined) return { id, token };
  throw userError({ what: "the tokenizer has no mask token", expected: "a masked language model such as BERT" });
}

/** A text with hidden tokens. */
type Hidden = Pick<EncodedRecall, "inputIds" | "positions" | "labels">;

/** A wording with its object hidden, a mask for each of its tokens; one that is too long is cut around both names. */
function askFor(
  { kind, fact, wording }: Extract<RecallExample, { readonly wording: string }>,
  tokenizer: Tokenizer,
  mask: MaskToken,
  maxLength: number,
): Hidden | Skipped {
  const answer = wordIds(tokenizer, fact.object);
  if (answer.length === 0) return { skipped: "unknown-object" };
  const hole = mask.token.repeat(answer.length);
  const { ids, offsets } = tokenizer.encode(questionText(wording, fact.subject, hole));
  const places = [...ids.keys()].filter((i) => ids[i] === mask.id);
  if (places.length !== answer.length) return { skipped: "mask-in-subject" };
  const subject = tokensAt(offsets, subjectPlace(wording, fact.subject, hole));
  const named = [...places, ...subject];
  const room = maxLength - tokenizer.withSpecials([]).length;
  const window = contextWindow(ids.length, Math.min(...named), Math.max(...named) + 1, room);
  if (!window) return { skipped: "too-long" };
  const inputIds = tokenizer.withSpecials(ids.slice(window.start, window.end));
  const positions = places.map((i) => i - window.start + tokenizer.specialsInFront);
  return { inputIds, positions, labels: kind === "fact" ? answer : answer.map(() => -100) };
}

/** A wording with its subject, and what stands in the object's place. */
export const questionText = (wording: string, subject: string, object: string): string =>
  // Functions as replacements: names hold `$`.
  wording.replace("[Y]", () => object).replace("[X]", () => subject);

/** Where the subject stands in {@link questionText}. */
function subjectPlace(wording: string, { length }: string, object: string): TextSpan {
  const [subjectAt, objectAt] = [wording.indexOf("[X]"), wording.indexOf("[Y]")];
  const start = objectAt < subjectAt ? subjectAt + object.length - "[Y]".length : subjectAt;
  return { start, end: start + length };
}

/** The tokens that stand for a part of a text. */
const tokensAt = (offsets: Encoding["offsets"], { start, end }: TextSpan): readonly number[] =>
  [...offsets.keys()].filter((i) => {
    const [from, to] = offsets[i] as (typeof offsets)[number];
    return from < end && to > start;
  });

/** The beginning of a text, some of its tokens hidden: the same ones every time. */
function hideSome(
  { text, tokens }: Extract<RecallExample, { readonly kind: "text" }>,
  tokenizer: Tokenizer,
  mask: number,
): Hidden | Skipped {
  const ids = tokenizer.encode(text).ids.slice(0, tokens);
  if (ids.length < 2) return { skipped: "no-word-to-hide" };
  const random = new RandomStream("recall text", hash32(...ids));
  const hidden = random.shuffle([...ids.keys()]).slice(0, Math.max(1, Math.round(hiddenShare * ids.length)));
  const chosen = new Set(hidden);
  const places = [...ids.keys()].filter((i) => chosen.has(i));
  const inputIds = tokenizer.withSpecials(ids.map((id, i) => (chosen.has(i) ? mask : id)));
  return {
    inputIds,
    positions: places.map((i) => i + tokenizer.specialsInFront),
    labels: places.map((i) => ids[i] as number),
  };
}
