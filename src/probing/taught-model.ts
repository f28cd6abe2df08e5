import type { FoundModel } from "../adapters/found-model.js";
import type { Executor } from "../engine/executor.js";
import type { RankedWord, WordQuestion } from "../tasks/recall/asking.js";
import type { Skipped } from "../tasks/task.js";
import { filledLength, maskedText } from "./answers.js";
import { ClozeModel, type ClozeModelOptions } from "./cloze-model.js";
import { type FillHow, likeliestAnswers } from "./fill.js";

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
   * @param shared what it has in common with other models
   * @throws UserError where the folder is damaged, or belongs to another backbone
   */
  static async open(
    executor: Executor,
    { name, manifest }: FoundModel,
    backbone?: string,
    shared: Pick<ClozeModelOptions, "open" | "ownHead" | "positions"> = {},
  ): Promise<TaughtModel> {
    const own = { backbone, sets: [adapterSet], adapters: { [adapterSet]: name } };
    const model = await ClozeModel.open(executor, { ...own, ...shared });
    return new TaughtModel(manifest.task.maxLength, model);
  }

  /**
   * The likeliest words for each text's masks, in the texts' order.
   *
   * @throws UserError where a text has no mask, or too many
   */
  async words(
    questions: readonly (WordQuestion & { readonly where: string })[],
    how: FillHow,
  ): Promise<(readonly RankedWord[] | Skipped)[]> {
    const texts = questions.map(({ text, where }) => maskedText(text, this.model, where));
    const added = (how.tokens ?? 1) - 1;
    const fits = texts.map((text) => filledLength(text) + added <= this.maxLength);
    const asked = texts.filter((_, i) => fits[i]);
    const [found = []] = await likeliestAnswers(this.model, asked, how);
    const answers = found.values();
    return fits.map((fit) => {
      if (!fit) return { skipped: "too-long" };
      return (answers.next().value ?? []).map(({ score: _, ...word }) => word);
    });
  }

  close(): Promise<void> {
    return this.model.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
