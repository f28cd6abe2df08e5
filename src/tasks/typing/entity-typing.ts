import { z } from "zod";
import type { TypingExample } from "../../data/entity-typing.js";
import { userError } from "../../errors.js";
import type { HeadSizes, TaskHead } from "../../models/task-head.js";
import type { ParamScope } from "../../nn/index.js";
import { float32Tensor, type HostTensor } from "../../tensor.js";
import { markMention } from "../../text/mention.js";
import type { Tokenizer } from "../../text/tokenizer.js";
import { narrowedHead } from "../narrowed-head.js";
import { selectRows } from "../select.js";
import type { EncodedText, Evaluation, Prediction, Skipped, Task, TaskContext, TaskKind } from "../task.js";
import { taskOptions } from "../task-options.js";
import { TypingHead } from "./typing-head.js";
import { predictedTypes, scoreTyping, type TypingScores } from "./typing-scores.js";

const optionsSchema = z.object({
  /** Whether the best type is predicted where none is likely, as FIGER's script does. */
  alwaysOne: z.boolean().default(false),
  /** The released code's features for one of its sets, to the letter. */
  official: z.union([z.literal(false), z.enum(["openentity", "figer"])]).default(false),
});
export type EntityTypingOptions = z.infer<typeof optionsSchema>;

export interface EncodedMention extends EncodedText {
  /** Position of the mention's first marker. */
  readonly mention: number;
  /** Indices of its types; null where they are not known. */
  readonly labels: readonly number[] | null;
  readonly example: TypingExample;
}

/** Entity typing by name; its labels are the types. */
export const entityTyping: TaskKind<TypingExample, EncodedMention, TypingScores> = {
  name: "entity-typing",
  make: ({ labels, options }, context) => {
    if (!labels) throw userError({ what: "the task entity-typing names no types", expected: "a list of labels" });
    return new EntityTyping(labels, taskOptions(optionsSchema, options, "entity-typing"), context);
  },
};

/** Which types a mention has, any number of them (`ETModel`, `FIGERModel` of the released code). */
export class EntityTyping implements Task<TypingExample, EncodedMention, TypingScores> {
  private readonly classes: ReadonlyMap<string, number>;

  constructor(
    readonly labels: readonly string[],
    readonly options: EntityTypingOptions,
    private readonly context: TaskContext,
  ) {
    this.classes = new Map(labels.map((label, i) => [label, i]));
  }

  encode(example: TypingExample, tokenizer: Tokenizer): EncodedMention | Skipped {
    const labels = example.labels.map(
      (label) => this.classes.get(label) ?? unknown(label, example, this.labels.length),
    );
    return this.mark(example, tokenizer, labels);
  }

  encodeUnlabelled(example: TypingExample, tokenizer: Tokenizer): EncodedMention | Skipped {
    return this.mark(example, tokenizer, null);
  }

  private mark(example: TypingExample, tokenizer: Tokenizer, labels: readonly number[] | null) {
    const { maxLength } = this.context;
    const marked = markMention(tokenizer, example.text, example.mention, {
      maxLength,
      official: this.options.official,
    });
    return "skipped" in marked ? marked : { ...marked, labels, example };
  }

  makeHead(scope: ParamScope, sizes: HeadSizes): TaskHead {
    const { dropout, headInit: init } = this.context;
    const options = { hiddenSize: sizes.hiddenSize, dropout, init };
    return narrowedHead(scope, sizes, init, (own) => new TypingHead(own, this.labels.length, options));
  }

  readPositions({ mention }: EncodedMention): readonly number[] {
    return [mention];
  }

  feeds(batch: readonly EncodedMention[], width: number): Record<string, HostTensor> {
    const classes = this.labels.length;
    const labels = new Float32Array(batch.length * classes);
    batch.forEach(({ labels: own }, row) => {
      if (own === null) labels.fill(-1, row * classes, (row + 1) * classes);
      for (const label of own ?? []) labels[row * classes + label] = 1;
    });
    return {
      select: selectRows(
        batch.map((mention) => this.readPositions(mention)),
        1,
        width,
      ),
      labels: float32Tensor([batch.length, classes], labels),
    };
  }

  /** Names of the types that logits stand for. */
  typesOf(logits: Float32Array): string[] {
    return predictedTypes(logits, this.options.alwaysOne).map((i) => this.labels[i] as string);
  }

  score(predictions: Iterable<Prediction<EncodedMention>>): TypingScores {
    const all = [...predictions];
    return scoreTyping(
      all.map(({ encoded }) => encoded.labels ?? []),
      all.map(({ logits }) => predictedTypes(logits, this.options.alwaysOne)),
    );
  }

  evaluation({ looseMicro, looseMacro, strictAccuracy }: TypingScores): Evaluation {
    const metrics = {
      precision: looseMicro.precision,
      recall: looseMicro.recall,
      microF1: looseMicro.f1,
      macroF1: looseMacro.f1,
      strictAccuracy,
    };
    return { metrics, metric: looseMicro.f1 };
  }
}

function unknown(label: string, { where }: TypingExample, known: number): never {
  throw userError({
    where,
    what: `the type ${JSON.stringify(label)} is not among the ${known} that are learnt`,
    fix: "evaluate on data with the training data's types",
  });
}
