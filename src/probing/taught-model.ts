import type { FoundModel } from "../adapters/found-model.js";
import type { Executor } from "../engine/executor.js";
import type { RankedWord, WordQuestion } from "../tasks/recall/asking.js";
import { type RecallExample, recall } from "../tasks/recall/recall.js";
import type { Skipped } from "../tasks/task.js";
import { isSkipped } from "../tasks/task-data.js";
import { clozeOf } from "./answers.js";
import { ClozeModel } from "./cloze-model.js";
import { type FillHow, likeliestTokens, tokenWord } from "./fill.js";

/** Name of the adapter among the model's sets, beside `none`. */
export const taughtSet = "adapter";

/** A fact in words. */
type FactExample = Extract<RecallExample, { readonly kind: "fact" }>;

export interface TaughtOptions {
  /** Folder or Hugging Face id; the one named in the adapter by default. */
  readonly backbone?: string | undefined;
  /** Names of the sets that are asked: the adapter's alone by default. */
  readonly sets?: readonly string[];
}

/** An adapter that was taught facts, beside its backbone, whose own head names the words. */
export class TaughtModel implements AsyncDisposable {
  private constructor(
    /** Longest text in tokens. */
    readonly maxLength: number,
    readonly model: ClozeModel,
  ) {}

  /** @throws UserError where the folder is damaged, or belongs to another backbone */
  static async open(
    executor: Executor,
    { folder, manifest }: FoundModel,
    { backbone, sets = [taughtSet] }: TaughtOptions = {},
  ): Promise<TaughtModel> {
    const model = await ClozeModel.open(executor, { backbone, sets, adapters: { [taughtSet]: folder } });
    return new TaughtModel(manifest.task.maxLength, model);
  }

  /**
   * The likeliest words for each text's hole, in the texts' order.
   *
   * @throws UserError where a text has no hole, or several
   */
  async words(
    questions: readonly (WordQuestion & { readonly where: string })[],
    how: FillHow,
  ): Promise<(readonly RankedWord[] | Skipped)[]> {
    const { tokenizer, names } = this.model;
    const clozes = questions.map(({ text, where }) => clozeOf(text, tokenizer, where));
    const fits = clozes.map(({ inputIds }) => inputIds.length <= this.maxLength);
    const found = await likeliestTokens(
      this.model,
      clozes.filter((_, i) => fits[i]),
      how,
    );
    const words = (found[names.indexOf(taughtSet)] ?? []).values();
    return fits.map((fit) => {
      if (!fit) return { skipped: "too-long" };
      const tokens = words.next().value ?? [];
      return tokens.map(({ id, score }) => ({ word: tokenWord(tokenizer, id), probability: Math.exp(score) }));
    });
  }

  /** What is said in place of each fact's object, all of whose tokens are hidden at once. */
  async answers(
    examples: readonly FactExample[],
    how: Omit<FillHow, "top">,
  ): Promise<{ readonly example: FactExample; readonly predicted: string }[]> {
    const { tokenizer, names } = this.model;
    const context = { maxLength: this.maxLength, dropout: 0, headInit: "official" } as const;
    // Which texts the adapter has a say in is up to the model's sets.
    const task = recall.make({ labels: null, options: { neighbours: "prior" } }, context);
    const asked = examples.flatMap((example) => {
      const encoded = task.encode(example, tokenizer);
      return isSkipped(encoded) ? [] : [{ ...encoded, example }];
    });
    const clozes = asked.flatMap(({ inputIds, positions }) => positions.map((position) => ({ inputIds, position })));
    const found = await likeliestTokens(this.model, clozes, { ...how, top: 1 });
    const tokens = (found[names.indexOf(taughtSet)] ?? []).values();
    return asked.map(({ example, positions }) => {
      const ids = positions.flatMap(() => (tokens.next().value ?? []).map(({ id }) => id));
      return { example, predicted: tokenizer.decode(ids).trim() };
    });
  }

  close(): Promise<void> {
    return this.model.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
