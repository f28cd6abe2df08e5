import { z } from "zod";
import { userError } from "../../errors.js";
import { gatesInput } from "../../models/joiner.js";
import type { HeadSizes } from "../../models/task-head.js";
import type { ParamScope } from "../../nn/index.js";
import { recallNeighbours } from "../../settings/choices.js";
import { float32Tensor, type HostTensor, int32Tensor } from "../../tensor.js";
import type { Tokenizer } from "../../text/tokenizer.js";
import { selectRows } from "../select.js";
import type { EncodedText, Evaluation, JsonObject, Prediction, Skipped, Task, TaskContext, TaskKind } from "../task.js";
import { taskOptions } from "../task-options.js";
import { type HiddenText, type HiddenTokens, maskedTokens } from "./hidden-tokens.js";
import { nextTokens } from "./next-tokens.js";
import type { RecallExample } from "./recall-example.js";
import { numbersPerToken, RecallHead, recallInputs } from "./recall-head.js";
import { type AnswerScores, answerScores, type HiddenToken, type KeptScores, keptScores } from "./recall-scores.js";
import { gateReaches, SubjectGate } from "./subject-gate.js";

export interface EncodedRecall extends EncodedText, HiddenTokens {
  /** Whether the adapter has a say, at each of the positions. */
  readonly open: readonly boolean[];
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
  /** How far a subject opens the gate. */
  reach: z.enum(gateReaches).default("text"),
  /** Weight of the divergence from the frozen model beside the facts' cross-entropy. */
  keep: z.number().min(0).max(1000).default(1),
  /** Logits by which a fact's answer is to win. */
  margin: z.number().min(0).max(100).default(0),
});
export type RecallOptions = z.output<typeof recallOptions>;

/** The options of such a task, or of an adapter that was taught in it. */
export const recallOptionsOf = (options: JsonObject): RecallOptions => taskOptions(recallOptions, options, recall.name);

/** Facts that answer, by name; see {@link Recall}. */
export const recall: TaskKind<RecallExample, EncodedRecall, RecallScores> = {
  name: "recall",
  make: ({ options, subjects }, context) => new Recall(recallOptionsOf(options), subjects ?? null, context),
};

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
    const { maxLength, backbone } = this.context;
    const { hide, ask } = backbone?.config.causal ? nextTokens(tokenizer) : maskedTokens(tokenizer);
    const room = maxLength - tokenizer.withSpecials([]).length;
    const hidden =
      example.kind === "text" ? hide({ ...example, tokens: Math.min(example.tokens, room) }) : ask(example, maxLength);
    if ("skipped" in hidden) return hidden;
    if (hidden.inputIds.length > maxLength) return { skipped: "too-long" };
    const open = this.open(hidden, tokenizer);
    if (this.staysShut(example, open)) return { skipped: "gate-stays-shut" };
    const taught = example.kind === "fact" || example.open;
    return { ...hidden, open: taught ? open.map(() => true) : open, example };
  }

  /** Whether the gate would not open for a sentence: its subject is a part of a word there, or too far from the object. */
  private staysShut(example: RecallExample, open: readonly boolean[]): boolean {
    return example.kind === "fact" && example.fact.sentences !== undefined && open.includes(false);
  }

  private open({ inputIds, positions }: HiddenText, tokenizer: Tokenizer): readonly boolean[] {
    if (this.options.neighbours !== "gate") return positions.map(() => true);
    if (this.subjects === null) throw noSubjects();
    if (this.gate?.tokenizer !== tokenizer) {
      this.gate = { tokenizer, gate: new SubjectGate(tokenizer, this.subjects, this.options.reach) };
    }
    const { gate } = this.gate;
    return positions.map((position) => gate.opensAt(inputIds, position));
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
    const gates = new Float32Array(labels.length);
    batch.forEach((one, i) => {
      gates.set(one.open.map(Number), i * rows);
      const kind = isTaught(one) ? "taught" : "kept";
      labels.set(one.labels, i * rows);
      weights[kind].fill(weight[kind], i * rows, i * rows + one.positions.length);
    });
    const positions = batch.map((one) => one.positions);
    return {
      select: selectRows(positions, rows, width),
      labels: int32Tensor(shape, labels),
      [gatesInput]: float32Tensor([...shape, 1], gates),
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
