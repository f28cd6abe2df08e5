/**
 * A finished adapter or downstream model, ready to be asked.
 * @module
 */
import { isDownstreamFolder, readDownstreamManifest } from "../adapters/downstream-folder.js";
import { readAdapterManifest } from "../adapters/folder.js";
import { resolveAdapter } from "../adapters/hub-adapter.js";
import { requireOpen } from "../engine/scopes.js";
import { userError } from "../errors.js";
import type { BackboneHandle } from "../features/backbone-handle.js";
import type { Asking } from "../tasks/asking.js";
import { askChoice, type ChoiceAnswer, type ChoiceQuestion } from "../tasks/choice/asking.js";
import { askPassages, type PassageAnswer, type PassageQuestion } from "../tasks/qa/asking.js";
import {
  askDownstreamRelations,
  askPairs,
  askRelations,
  type PairAnswer,
  type RelationAnswer,
  type RelationQuestion,
} from "../tasks/relations/asking.js";
import type { EncodedText, JsonObject } from "../tasks/task.js";
import { isSkipped } from "../tasks/task-data.js";
import { askTrees, type TreeAnswer, type TreeQuestion } from "../tasks/trees/asking.js";
import { askTypes, type TypingAnswer, type TypingQuestion } from "../tasks/typing/asking.js";
import { type LoadedModel, loadModel } from "../training/load-model.js";
import { predictAll } from "../training/trainer.js";
import type { Engine } from "./engine.js";

/** Questions and answers of models, by the name of what they were trained for. */
export interface Conversations {
  /** Facts, and relations of a downstream task. */
  readonly relations: Exchange<RelationQuestion, RelationAnswer>;
  /** Facts that were learnt by contrast. */
  readonly pairs: Exchange<RelationQuestion, PairAnswer>;
  /** Dependency trees. */
  readonly trees: Exchange<TreeQuestion, TreeAnswer>;
  /** Entity typing. */
  readonly typing: Exchange<TypingQuestion, TypingAnswer>;
  /** Multiple choice. */
  readonly choices: Exchange<ChoiceQuestion, ChoiceAnswer>;
  /** Answers out of paragraphs. */
  readonly questions: Exchange<PassageQuestion, PassageAnswer>;
}

/** A kind of question with its answer. */
export interface Exchange<Question, Answer> {
  /** What `predict` takes. */
  readonly question: Question;
  /** What it gives. */
  readonly answer: Answer;
}

/** What a model was trained for. */
export type Conversation = keyof Conversations;

/** How questions are asked. */
export interface PredictOptions {
  /** Number of answers to name, the likeliest first, where a task ranks them; 1 by default. */
  readonly top?: number;
  /** Questions in one forward pass; 32 by default. */
  readonly batchSize?: number;
  /** Stops between two batches with an AbortError. */
  readonly signal?: AbortSignal;
}

/** A finished adapter with its head, or a downstream model. */
export interface Model<C extends Conversation = Conversation> extends AsyncDisposable {
  /** What it was trained for. */
  readonly task: C;
  /** The model that it works beside. */
  readonly backbone: BackboneHandle;
  /**
   * Answers a question. The last bits of probabilities vary with the number of questions that are asked together.
   *
   * @throws UserError where it is no question for this model, or is longer than the model reads, or where the model or
   * its engine is closed
   */
  predict(question: Conversations[C]["question"], options?: PredictOptions): Promise<Conversations[C]["answer"]>;
  /** Answers many questions, in their order; those of similar length are computed together. */
  predictAll(
    questions: readonly Conversations[C]["question"][],
    options?: PredictOptions,
  ): Promise<Conversations[C]["answer"][]>;
  /** Frees its memory; the engine goes on. */
  close(): Promise<void>;
}

/** How a model is loaded. */
export interface LoadModelOptions<C extends Conversation> {
  /** The model it was trained beside: a folder, a Hugging Face id, or an open one; by default the one it names. */
  readonly backbone?: string | BackboneHandle;
  /** What it must have been trained for; the types of questions and answers follow. */
  readonly as?: C;
}

/** Opens a folder as its kind; `Question` and `Answer` are known only inside. */
type Opener = (engine: Engine, folder: string, backbone: string | undefined) => Promise<Omit<Model, "task">>;

const kinds: ReadonlyMap<string, readonly [Conversation, Opener]> = new Map([
  entry("relations", askRelations),
  entry("relations", askDownstreamRelations),
  entry("pairs", askPairs),
  entry("trees", askTrees),
  entry("typing", askTypes),
  entry("choices", askChoice),
  entry("questions", askPassages),
]);

function entry<C extends Conversation, Example, Encoded extends EncodedText, Score>(
  task: C,
  asking: Asking<Conversations[C]["question"], Conversations[C]["answer"], Example, Encoded, Score>,
): readonly [string, readonly [Conversation, Opener]] {
  const open: Opener = async (engine, folder, backbone) => {
    const options = { ...(backbone === undefined ? {} : { backbone }), taskOptions: taskOptions[task] ?? {} };
    const loaded = await loadModel(engine, folder, asking.kind, options);
    let closed = false;
    const answers = async (questions: readonly Conversations[C]["question"][], how?: PredictOptions) => {
      requireOpen(engine);
      if (closed) throw userError({ where: folder, what: "this model is closed", fix: "load it again" });
      return answerAll(asking, loaded, questions, how);
    };
    const close = () => {
      closed = true;
      return loaded.close();
    };
    const model = {
      backbone: loaded.backbone,
      predict: async (question: Conversations[C]["question"], how?: PredictOptions) =>
        (await answers([question], how))[0] as Conversations[C]["answer"],
      predictAll: answers,
      close,
      [Symbol.asyncDispose]: close,
    };
    // The task decides which questions it takes; a wrong one is refused when it is asked.
    return model as unknown as Omit<Model, "task">;
  };
  return [asking.kind.name, [task, open]];
}

/** Trees are proper trees: the maximum spanning tree, not each word's best head. */
const taskOptions: { readonly [C in Conversation]?: JsonObject } = { trees: { tree: true } };

async function answerAll<Question, Answer, Example, Encoded extends EncodedText, Score>(
  asking: Asking<Question, Answer, Example, Encoded, Score>,
  { task, session, backbone }: LoadedModel<Example, Encoded, Score>,
  questions: readonly Question[],
  { top = 1, batchSize = 32, signal }: PredictOptions = {},
): Promise<Answer[]> {
  const examples = questions.map((question) => asking.example(question));
  const encode = task.encodeUnlabelled ? task.encodeUnlabelled.bind(task) : task.encode.bind(task);
  const encoded = examples.map((example, i) => {
    const one = encode(example, backbone.tokenizer);
    if (!isSkipped(one)) return one;
    throw userError({ where: `question ${i + 1}`, what: `it cannot be asked: ${one.skipped}` });
  });
  const logits = await predictAll(session, encoded, batchSize, signal);
  return encoded.map((one, i) => {
    const prediction = { encoded: one, logits: logits[i] as Float32Array };
    return asking.answer(examples[i] as Example, prediction, task, top);
  });
}

/**
 * Loads an adapter or a downstream model beside its backbone.
 *
 * @param name its folder, or a Hugging Face id such as `owner/name`
 * @throws UserError where the folder is no such folder, is damaged, was trained for something else than `as`, or was
 * trained beside another backbone; and where the engine is closed
 * @example
 * const model = await load(engine, "runs/mine", { as: "relations" });
 * const { relation } = await model.predict({ text: "Vienna is in Austria.", subject: "Vienna", object: "Austria" });
 */
export function load<C extends Conversation>(
  engine: Engine,
  name: string,
  options: LoadModelOptions<C> & { readonly as: C },
): Promise<Model<C>>;
export function load(
  engine: Engine,
  name: string,
  options?: Omit<LoadModelOptions<Conversation>, "as">,
): Promise<Model>;
export async function load(
  engine: Engine,
  name: string,
  { backbone, as }: LoadModelOptions<Conversation> = {},
): Promise<Model> {
  requireOpen(engine);
  const folder = await resolveAdapter(name);
  const fineTuned = await isDownstreamFolder(folder);
  const { task: made } = await (fineTuned ? readDownstreamManifest(folder) : readAdapterManifest(folder));
  const found = kinds.get(made.name);
  if (!found) {
    throw userError({
      where: folder,
      what: `nothing is known of its task ${made.name}`,
      expected: [...kinds.keys()].join(", "),
      fix: "load it with loadModel of kadapter/training, which is given the task",
    });
  }
  const [task, open] = found;
  if (as !== undefined && as !== task) {
    throw userError({ where: folder, what: `it was trained for ${task}`, expected: `a model for ${as}` });
  }
  const model = await open(engine, folder, typeof backbone === "object" ? backbone.folder : backbone);
  // The task is the one that the folder was opened as.
  return { ...model, task } as Model;
}
