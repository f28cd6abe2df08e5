import { z } from "zod";
import type { OpenQuestion } from "../../data/open-questions.js";
import type { Span } from "../../data/relation-example.js";
import { type GraphBuilder, mul, type Parameter, reduceSum, type Value } from "../../graph/index.js";
import type { HeadSizes, TaskHead } from "../../models/task-head.js";
import { drop, type Linear, type ParamScope, type Pass, randomLinear } from "../../nn/index.js";
import type { HostTensor } from "../../tensor.js";
import type { Tokenizer } from "../../text/tokenizer.js";
import type { HeadOptions } from "../projection-head.js";
import type { EncodedText, Evaluation, HostLoss, Prediction, Skipped, Task, TaskContext, TaskKind } from "../task.js";
import { taskOptions } from "../task-options.js";
import { type AnswerScores, scoreAnswers } from "./answer-scores.js";
import { distantAnswers } from "./distant-answers.js";
import type { EncodedParagraph, EncodedQuestion } from "./encoded-question.js";
import { answerText, type OpenAnswer, openAnswers } from "./open-answers.js";
import { spanLoss } from "./span-loss.js";

const optionsSchema = z.object({
  /** Longest answer in tokens. */
  maxAnswerLength: z.int().min(1).max(1000).default(16),
  /** Paragraphs of a question that are read. */
  maxParagraphs: z.int().min(1).max(100_000).default(50),
});

/** How well answers are found in paragraphs; fractions. */
export interface OpenScores extends AnswerScores {
  /** Questions that were asked. */
  readonly questions: number;
}

/** Open-domain question answering by name. */
export const openQa: TaskKind<OpenQuestion, EncodedQuestion, OpenScores> = {
  name: "open-qa",
  make: ({ options }, context) => new OpenQa(taskOptions(optionsSchema, options, "open-qa"), context),
};

/** Why a question cannot be used in training. */
export const noAnswerInParagraphs = "answer-in-no-paragraph";

type Quadruple = readonly [number, number, number, number];

/** Answers of a question that are kept to be named. */
const keptAnswers = 100;

/** Answers as spans of retrieved paragraphs; scores are normalised over all of a question's paragraphs. */
export class OpenQa implements Task<OpenQuestion, EncodedQuestion, OpenScores> {
  constructor(
    private readonly options: z.infer<typeof optionsSchema>,
    private readonly context: TaskContext,
  ) {}

  encode(example: OpenQuestion, tokenizer: Tokenizer): EncodedQuestion | Skipped {
    const paragraphs = example.paragraphs.slice(0, this.options.maxParagraphs);
    if (paragraphs.length === 0) return { skipped: "no-paragraphs" };
    const texts = paragraphs.flatMap((paragraph) => this.encodeParagraph(example, paragraph, tokenizer));
    const longest = texts.reduce((a, b) => (b.inputIds.length > a.inputIds.length ? b : a));
    return { inputIds: longest.inputIds, texts, example };
  }

  /** `[CLS] question [SEP] paragraph [SEP]`; a long paragraph in parts that overlap by half. */
  private encodeParagraph(
    { question, answers }: OpenQuestion,
    paragraph: string,
    tokenizer: Tokenizer,
  ): EncodedParagraph[] {
    const { maxLength } = this.context;
    const asked = tokenizer.encode(` ${question.trim()}`).ids.slice(0, Math.floor(maxLength / 2));
    const separator = tokenizer.specials.sep === undefined ? [] : [tokenizer.specials.sep];
    const before = [...asked, ...separator];
    const first = before.length + tokenizer.specialsInFront;
    const room = maxLength - tokenizer.withSpecials(before).length;
    const { ids, offsets } = tokenizer.encode(` ${paragraph}`);
    const places = offsets.map(([from, to]) => [Math.max(0, from - 1), to - 1] as const);
    const right = distantAnswers(paragraph, answers);
    const parts: EncodedParagraph[] = [];
    for (
      let start = 0;
      start === 0 || start + Math.ceil(room / 2) < ids.length;
      start += Math.max(1, Math.floor(room / 2))
    ) {
      const own = places.slice(start, start + room);
      parts.push({
        inputIds: tokenizer.withSpecials([...before, ...ids.slice(start, start + room)]),
        first,
        end: first + own.length,
        spans: right.flatMap((span) => tokenSpan(span, own, first)),
        paragraph,
        offsets: Int32Array.from(own.flat()),
      });
    }
    return parts;
  }

  texts({ texts }: EncodedQuestion): readonly EncodedText[] {
    return texts;
  }

  hostLoss({ texts }: EncodedQuestion, logits: readonly Float32Array[]): HostLoss {
    return spanLoss(texts, logits);
  }

  makeHead(scope: ParamScope, { hiddenSize }: HeadSizes): TaskHead {
    const { dropout, headInit: init } = this.context;
    return new SpanHead(scope, { hiddenSize, dropout, init });
  }

  feeds(): Record<string, HostTensor> {
    return {};
  }

  /** The likeliest answers: text, first and last token, and probability of each. */
  condense(encoded: EncodedQuestion, logits: Float32Array): Float32Array {
    const { maxAnswerLength } = this.options;
    const found = openAnswers(encoded, logits, { top: keptAnswers, maxAnswerLength });
    return Float32Array.from(
      found.flatMap(({ place: { text, start, last }, probability }) => [text, start, last, probability]),
    );
  }

  /** The likeliest answers to a question, at most {@link keptAnswers}. */
  answers({ encoded, logits: condensed }: Prediction<EncodedQuestion>, top: number): OpenAnswer[] {
    return Array.from({ length: Math.min(top, condensed.length / 4) }, (_, i) => {
      const [text, start, last, probability] = condensed.subarray(4 * i, 4 * i + 4) as unknown as Quadruple;
      return { text: answerText(encoded.texts, { text, start, last }), probability };
    });
  }

  score(predictions: Iterable<Prediction<EncodedQuestion>>): OpenScores {
    const all = Array.from(predictions, ({ encoded, logits }) => ({
      prediction: this.answers({ encoded, logits }, 1)[0]?.text ?? "",
      answers: encoded.example.answers,
    }));
    return scoreAnswers(all);
  }

  evaluation({ exactMatch, f1 }: OpenScores): Evaluation {
    return { metrics: { exactMatch, f1 }, metric: f1 };
  }
}

/** The tokens that hold a span of characters, if they are all there. */
function tokenSpan(
  { start, end }: Span,
  offsets: readonly (readonly [number, number])[],
  first: number,
): (readonly [number, number])[] {
  const from = offsets.findIndex(([a, b]) => a <= start && start < b);
  const to = offsets.findLastIndex(([a, b]) => a < end && end <= b);
  return from < 0 || to < from ? [] : [[first + from, first + to]];
}

/** Scores of every token as start and end of an answer: `qa_outputs`, as in Hugging Face's question answering models. */
export class SpanHead implements TaskHead {
  readonly parameters: readonly Parameter[];
  private readonly outputs: Linear;

  constructor(
    scope: ParamScope,
    private readonly options: HeadOptions,
  ) {
    const before = scope.all.length;
    this.outputs = randomLinear(scope.at("qa_outputs"), options.hiddenSize, 2, options.init);
    this.parameters = scope.all.slice(before);
  }

  select(): null {
    return null;
  }

  /** Logits `[batch, sequence, 2]`; the loss is Σ logits · `logit_gradients`, see {@link Task.hostLoss}. */
  forward(pass: Pass, [features]: readonly Value[]): { logits: Value; loss: Value } {
    const { g } = pass;
    const logits = this.outputs.forward(pass, drop(pass, features as Value, this.options.dropout));
    return { logits, loss: reduceSum(g, mul(g, logits, gradientInput(g))) };
  }
}

const gradientInput = (g: GraphBuilder): Value => g.input("logit_gradients", "float32", ["batch", "sequence", 2]);
