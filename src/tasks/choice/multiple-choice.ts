import { z } from "zod";
import type { ChoiceExample } from "../../data/multiple-choice.js";
import type { HeadSizes, TaskHead } from "../../models/task-head.js";
import type { ParamScope } from "../../nn/index.js";
import { type HostTensor, int32Tensor } from "../../tensor.js";
import { joinParts } from "../../text/parts.js";
import type { Tokenizer } from "../../text/tokenizer.js";
import { argmax, negativeLogLikelihood } from "../classification-scores.js";
import { selectRows } from "../select.js";
import type { EncodedText, Evaluation, Prediction, Task, TaskContext, TaskKind } from "../task.js";
import { taskOptions } from "../task-options.js";
import { ChoiceHead } from "./choice-head.js";

const optionsSchema = z.object({
  /** Answers to choose from; CosmosQA has four. */
  choices: z.int().min(2).max(100).default(4),
});

/** A context with a question and one of its answers. */
export interface EncodedAnswer extends EncodedText {
  /** The token that stands for it all: the first, or the last where nothing is put before a text (GPT-2, XLNet). */
  readonly position: number;
}

export interface EncodedChoice extends EncodedText {
  /** A text for each answer; `inputIds` is the longest. */
  readonly texts: readonly EncodedAnswer[];
  /** Index of the right answer; -1 where it is not known. */
  readonly label: number;
  readonly example: ChoiceExample;
}

/** How well answers are chosen. */
export interface ChoiceScores {
  /** Share of right ones. */
  readonly accuracy: number;
  /** Mean cross-entropy. */
  readonly loss: number;
  /** Questions that were asked. */
  readonly examples: number;
}

/** Multiple choice by name. */
export const multipleChoice: TaskKind<ChoiceExample, EncodedChoice, ChoiceScores> = {
  name: "multiple-choice",
  make: ({ options }, context) =>
    new MultipleChoice(taskOptions(optionsSchema, options, "multiple-choice").choices, context),
};

/** Which of several answers is right (`COSMOSQAModel` of the released code). */
class MultipleChoice implements Task<ChoiceExample, EncodedChoice, ChoiceScores> {
  constructor(
    private readonly choices: number,
    private readonly context: TaskContext,
  ) {}

  encode(example: ChoiceExample, tokenizer: Tokenizer): EncodedChoice {
    const { context, question, answers, label } = example;
    const texts = answers.map((answer) => {
      const inputIds = joinParts(tokenizer, context, [question, answer], this.context.maxLength);
      return { inputIds, position: tokenizer.specialsInFront > 0 ? 0 : inputIds.length - 1 };
    });
    const longest = texts.reduce((a, b) => (b.inputIds.length > a.inputIds.length ? b : a));
    return { inputIds: longest.inputIds, texts, label, example };
  }

  texts({ texts }: EncodedChoice): readonly EncodedText[] {
    return texts;
  }

  makeHead(scope: ParamScope, { hiddenSize }: HeadSizes): TaskHead {
    const { dropout, headInit: init } = this.context;
    return new ChoiceHead(scope, this.choices, { hiddenSize, dropout, init });
  }

  feeds(batch: readonly EncodedChoice[], width: number): Record<string, HostTensor> {
    const rows = batch.length * this.choices;
    const positions = batch.flatMap(({ texts }) => texts.map(({ position }) => [position]));
    return {
      select: selectRows(positions, 1, width),
      choices: int32Tensor(
        [batch.length, this.choices],
        Int32Array.from({ length: rows }, (_, i) => i),
      ),
      labels: int32Tensor(
        [batch.length],
        Int32Array.from(batch, ({ label }) => label),
      ),
    };
  }

  score(predictions: Iterable<Prediction<EncodedChoice>>): ChoiceScores {
    let [hits, loss, examples] = [0, 0, 0];
    for (const { encoded, logits } of predictions) {
      if (argmax(logits) === encoded.label) hits++;
      loss += negativeLogLikelihood(logits, encoded.label);
      examples++;
    }
    const mean = (sum: number) => (examples === 0 ? 0 : sum / examples);
    return { accuracy: mean(hits), loss: mean(loss), examples };
  }

  evaluation({ accuracy, loss }: ChoiceScores): Evaluation {
    return { metrics: { accuracy, loss }, metric: accuracy };
  }
}
