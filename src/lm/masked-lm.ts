import { z } from "zod";
import type { TokenBlock } from "../data/text.js";
import { userError } from "../errors.js";
import type { GraphBuilder, Value } from "../graph/index.js";
import { concat } from "../graph/index.js";
import type { ParamScope, Pass } from "../nn/index.js";
import { hash32, RandomStream } from "../random.js";
import { maskings } from "../settings/choices.js";
import { crossEntropy } from "../tasks/losses.js";
import { selectRows } from "../tasks/select.js";
import type {
  EncodedText,
  Evaluation,
  HeadSizes,
  Prediction,
  Skipped,
  Task,
  TaskContext,
  TaskHead,
  TaskKind,
  TaskSettings,
} from "../tasks/task.js";
import { type HostTensor, int32Tensor } from "../tensor.js";
import type { Tokenizer } from "../text/tokenizer.js";
import { LmHead, wordScores } from "./lm-head.js";
import { type MaskingOptions, maskTokens, specialIds } from "./masking.js";

/** Settings of masked language modelling, as they stand in a folder. */
const optionsSchema = z.object({
  masking: z.enum(maskings).default("token"),
  rate: z.number().positive().max(1).default(0.15),
  /** Decides the masks of texts that are masked once (dev data). */
  seed: z.number().int().nonnegative().default(0),
  vocabSize: z.number().int().positive().max(10_000_000),
  maskToken: z.number().int().nonnegative(),
  /** Ids that are never predicted. */
  specials: z.array(z.number().int().nonnegative()).max(1000),
  /** Tokens put before a text and after it. */
  front: z.number().int().nonnegative(),
});
export type MaskedLmOptions = z.infer<typeof optionsSchema>;

/** A text with holes. */
export interface EncodedMasked extends EncodedText {
  /** Ascending positions in `inputIds`, and the words that stood there. */
  readonly positions: readonly number[];
  readonly targets: readonly number[];
  /** The text without holes, for another draw. */
  readonly block: TokenBlock;
  readonly specials: { readonly before: readonly number[]; readonly after: readonly number[] };
}

export interface MaskedLmScores {
  /** exp of the mean loss of a hidden word. */
  readonly perplexity: number;
  readonly loss: number;
  /** Share of hidden words that are the likeliest. */
  readonly accuracy: number;
  readonly words: number;
}

/** Masked language modelling by name. */
export const maskedLm: TaskKind<TokenBlock, EncodedMasked, MaskedLmScores> = {
  name: "masked-lm",
  make: (settings, context) => new MaskedLm(settings, context),
};

/**
 * Settings for a tokenizer.
 *
 * @throws UserError where it has no mask token
 */
export function maskedLmSettings(
  tokenizer: Tokenizer,
  vocabSize: number,
  options: Partial<Pick<MaskedLmOptions, "masking" | "rate" | "seed">> = {},
): TaskSettings {
  const { mask } = tokenizer.specials;
  if (mask === undefined) {
    throw userError({ what: "the tokenizer has no mask token", expected: "a masked language model such as BERT" });
  }
  const specials = [...specialIds(tokenizer.specials)];
  const own = { vocabSize, maskToken: mask, specials, front: tokenizer.specialsInFront };
  return { labels: null, options: optionsSchema.parse({ ...options, ...own }) };
}

/** Masked language modelling (BERT, arXiv 1810.04805 §3.1): the hidden words of a text. */
export class MaskedLm implements Task<TokenBlock, EncodedMasked, MaskedLmScores> {
  readonly options: MaskedLmOptions;
  private readonly masking: MaskingOptions;

  constructor(
    { options }: TaskSettings,
    private readonly context: Pick<TaskContext, "maxLength">,
  ) {
    const parsed = optionsSchema.safeParse(options);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw userError({ where: `task option ${issue?.path.join(".")}`, what: issue?.message ?? "not valid" });
    }
    this.options = parsed.data;
    this.masking = { ...parsed.data, specials: new Set(parsed.data.specials) };
  }

  /** Masked by seed and text alone: dev data are the same in every evaluation. */
  encode(block: TokenBlock, tokenizer: Tokenizer): EncodedMasked | Skipped {
    const whole = tokenizer.withSpecials([...block.ids]);
    if (whole.length > this.context.maxLength) return { skipped: "text-too-long" };
    const { front } = this.options;
    const specials = { before: whole.slice(0, front), after: whole.slice(front + block.ids.length) };
    const encoded = { inputIds: whole, positions: [], targets: [], block, specials };
    const masked = this.redraw(encoded, hash32(...block.ids));
    return masked.positions.length === 0 ? { skipped: "no-word-to-hide" } : masked;
  }

  /** The text with other holes; they follow from the task's seed and the keys (such as step and row) alone. */
  redraw(encoded: EncodedMasked, ...keys: readonly number[]): EncodedMasked {
    const { block, specials } = encoded;
    const random = new RandomStream("mask", this.options.seed, ...keys);
    const { ids, positions, targets } = maskTokens(block, this.masking, random);
    const inputIds = [...specials.before, ...ids, ...specials.after];
    return { ...encoded, inputIds, positions: positions.map((at) => at + specials.before.length), targets };
  }

  makeHead(scope: ParamScope, { featureSize, hiddenSize }: HeadSizes): TaskHead {
    const { vocabSize } = this.options;
    return new MaskedLmTaskHead(new LmHead(scope.at("lm_head"), { featureSize, hiddenSize, vocabSize }, false));
  }

  feeds(batch: readonly EncodedMasked[], width: number): Record<string, HostTensor> {
    const rows = rowsOf(batch);
    const positions = batch.map((block) => block.positions);
    const labels = new Int32Array(batch.length * rows).fill(-100);
    batch.forEach(({ targets }, i) => {
      labels.set(targets, i * rows);
    });
    return {
      select: selectRows(positions, rows, width),
      labels: int32Tensor([batch.length, rows], labels),
    };
  }

  score(predictions: Iterable<Prediction<EncodedMasked>>): MaskedLmScores {
    return scoreWords(predictions);
  }

  evaluation(scores: MaskedLmScores): Evaluation {
    return wordEvaluation(scores);
  }
}

/** @param predictions with {@link wordScores} as "logits" */
export function scoreWords(predictions: Iterable<Prediction<EncodedMasked>>): MaskedLmScores {
  const words: ScoredWord[] = [];
  for (const { encoded, logits } of predictions) {
    encoded.positions.forEach((_, row) => {
      words.push({ logProbability: logits[2 * row] as number, right: logits[2 * row + 1] === 1 });
    });
  }
  return scoresOf(words);
}

/** A word that was to be told. */
export interface ScoredWord {
  readonly logProbability: number;
  /** Whether no other word was likelier. */
  readonly right: boolean;
}

export function scoresOf(words: readonly ScoredWord[]): MaskedLmScores {
  const count = Math.max(1, words.length);
  const loss = -words.reduce((sum, { logProbability }) => sum + logProbability, 0) / count;
  const accuracy = words.filter(({ right }) => right).length / count;
  return { perplexity: Math.exp(loss), loss, accuracy, words: words.length };
}

/** The lower the loss the better. */
export function wordEvaluation({ perplexity, loss, accuracy }: MaskedLmScores): Evaluation {
  return { metrics: { perplexity, loss, maskedAccuracy: accuracy }, metric: -loss };
}

/** Rows for the most hidden words of a text: a multiple of 4, so that few different shapes occur. */
function rowsOf(batch: readonly EncodedMasked[]): number {
  return 4 * Math.ceil(Math.max(...batch.map(({ positions }) => positions.length)) / 4);
}

/** The head at the hidden positions alone; its "logits" are {@link wordScores}. */
class MaskedLmTaskHead implements TaskHead {
  constructor(readonly head: LmHead) {}

  get parameters() {
    return this.head.parameters;
  }

  select(g: GraphBuilder): Value {
    return g.input("select", "float32", ["batch", "positions", "sequence"]);
  }

  forward(pass: Pass, features: readonly Value[]): { logits: Value; loss: Value } {
    const { g } = pass;
    const logits = this.head.forward(pass, concat(g, features, -1), null);
    const labels = g.input("labels", "int32", ["batch", "positions"]);
    return { logits: wordScores(pass, logits, labels), loss: crossEntropy(g, logits, labels) };
  }
}
