/** The model, and what it is taught: all that the page asks of the library. */
import {
  type BackboneHandle,
  ClozeModel,
  type Engine,
  type Filling,
  fetchFolder,
  fill,
  openBackbone,
  openEngine,
  packageFolder,
  putFile,
  recall,
  removeFolder,
  type TrainingEvent,
  train,
  UserError,
  zipFolder,
} from "kadapter/browser";

/** Folders of this tab. */
const [own, taught] = ["models/own", "taught"];

/**
 * So that a tab is done in a minute or so: an adapter that reads fewer layers and is half as deep as usual, small batches,
 * large steps, few sentences beside the facts, and no look at how good it is before the end.
 */
const teaching = {
  ...{ layers: [2, 4], transformerLayers: 1, learningRate: 2e-3, batchSize: 8, wordingsPerFact: 5 },
  ...{ keep: 0.5, textShare: 0.1, neighbourShare: 0.1, evalEvery: 1_000_000, saveEvery: 1_000_000 },
};

/** Likeliest words for a sentence, by the model alone, and with the adapter where there is one. */
export interface Answer {
  readonly alone: readonly Filling[];
  readonly adapter: readonly Filling[] | null;
}

export interface Lesson {
  readonly facts: string;
  readonly wordings: string;
  readonly epochs: number;
  readonly signal: AbortSignal;
}

export class Teacher {
  private knows = false;

  private constructor(
    private readonly engine: Engine,
    private readonly backbone: BackboneHandle,
  ) {}

  static async open(): Promise<Teacher> {
    const engine = await openEngine();
    await fetchFolder(own, own);
    return new Teacher(engine, await openBackbone(own));
  }

  /** Whether an adapter was taught. */
  get taught(): boolean {
    return this.knows;
  }

  async *teach({ facts, wordings, epochs, signal }: Lesson): AsyncGenerator<TrainingEvent> {
    this.knows = false;
    const given = { facts: "facts.csv", ...(await putWordings(wordings)) };
    await putFile(given.facts, /^\s*subject\s*,/.test(facts) ? facts : `subject,relation,object\n${facts}`);
    const settings = { ...teaching, epochs, out: taught, overwrite: true, signal };
    for await (const event of train(this.engine, this.backbone, recall(given), settings)) {
      if (event.kind === "result" && event.reason !== "interrupted") this.knows = true;
      yield event;
    }
  }

  async ask(questions: readonly string[]): Promise<Answer[]> {
    const adapters = this.knows ? { adapters: { taught } } : {};
    const model = await ClozeModel.open(this.engine, { backbone: own, ...adapters });
    try {
      const answers: Answer[] = [];
      for (const text of questions) {
        const found = await fill(model, text, { top: 3 });
        answers.push({ alone: found["none"] ?? [], adapter: found["taught"] ?? null });
      }
      return answers;
    } finally {
      await model.close();
    }
  }

  archive(): Promise<Uint8Array<ArrayBuffer>> {
    return zipFolder(taught);
  }
}

/** Sentences of the user's; where there are none, the package's own have to be there. */
async function putWordings(wordings: string): Promise<{ readonly wordings?: string }> {
  if (wordings.trim() !== "") {
    await putFile("wordings.yaml", wordings);
    return { wordings: "wordings.yaml" };
  }
  const folder = `${packageFolder()}/wordings`;
  await removeFolder(folder);
  const names: readonly string[] = await (await fetch("wordings/index.json")).json();
  await fetchFolder(folder, "wordings", names);
  return {};
}

/** One line for the user. */
export const lineOf = (error: unknown): string =>
  error instanceof UserError || error instanceof Error ? error.message : String(error);
