import type { FoundModel } from "../adapters/found-model.js";
import type { Executor } from "../engine/executor.js";
import type { RankedWord, WordQuestion } from "../tasks/recall/asking.js";
import type { Skipped } from "../tasks/task.js";
import { clozeOf } from "./answers.js";
import { ClozeModel } from "./cloze-model.js";
import { type FillHow, likeliestTokens, tokenWord } from "./fill.js";

/** Name of the adapter among the model's sets. */
const adapterSet = "adapter";

/** An adapter that was taught facts, beside its backbone, whose own head names the words. */
export class TaughtModel implements AsyncDisposable {
  private constructor(
    /** Longest text in tokens. */
    readonly maxLength: number,
    readonly model: ClozeModel,
  ) {}

  /**
   * @param backbone folder or Hugging Face id; the one named in the adapter by default
   * @throws UserError where the folder is damaged, or belongs to another backbone
   */
  static async open(executor: Executor, { folder, manifest }: FoundModel, backbone?: string): Promise<TaughtModel> {
    const model = await ClozeModel.open(executor, { backbone, sets: [adapterSet], adapters: { [adapterSet]: folder } });
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
    const { tokenizer } = this.model;
    const clozes = questions.map(({ text, where }) => clozeOf(text, tokenizer, where));
    const fits = clozes.map(({ inputIds }) => inputIds.length <= this.maxLength);
    const [found = []] = await likeliestTokens(
      this.model,
      clozes.filter((_, i) => fits[i]),
      how,
    );
    const words = found.values();
    return fits.map((fit) => {
      if (!fit) return { skipped: "too-long" };
      const tokens = words.next().value ?? [];
      return tokens.map(({ id, score }) => ({ word: tokenWord(tokenizer, id), probability: Math.exp(score) }));
    });
  }

  close(): Promise<void> {
    return this.model.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
