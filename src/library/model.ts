/**
 * A finished adapter or downstream model, ready to be asked.
 * @module
 */
import { type FoundModel, findModel } from "../adapters/found-model.js";
import { requireOpen } from "../engine/scopes.js";
import { userError } from "../errors.js";
import type { BackboneHandle } from "../features/backbone-handle.js";
import { TaughtModel } from "../probing/taught-model.js";
import { type Asking, askedWhere } from "../tasks/asking.js";
import { askChoice, type ChoiceAnswer, type ChoiceQuestion } from "../tasks/choice/asking.js";
import { askPassages, type PassageAnswer, type PassageQuestion } from "../tasks/qa/asking.js";
import { type RankedWord, type WordAnswer, type WordQuestion, wordQuestion } from "../tasks/recall/asking.js";
import { recall } from "../tasks/recall/recall.js";
import {
  askDownstreamRelations,
  askPairs,
  askRelations,
  type PairAnswer,
  type RelationAnswer,
  type RelationQuestion,
} from "../tasks/relations/asking.js";
import type { EncodedText, JsonObject } from "../tasks/task.js";
import { encodeUnlabelled, isSkipped } from "../tasks/task-data.js";
import { askTrees, type TreeAnswer, type TreeQuestion } from "../tasks/trees/asking.js";
import { askTypes, type TypingAnswer, type TypingQuestion } from "../tasks/typing/asking.js";
import { type LoadedModel, loadModel } from "../training/load-model.js";
import { predictAll } from "../training/trainer.js";
import { checkedOptions, checkQuestions } from "./checked.js";
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
  /** Facts that were taught with `recall`: the word for a hole. */
  readonly recall: Exchange<WordQuestion, WordAnswer>;
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

/** How words are asked for. */
export interface WordOptions extends PredictOptions {
  /**
   * The text's one `[MASK]` stands for an answer of one up to so many tokens, at most 32; as many tokens as there are
   * masks by default.
   */
  readonly tokens?: number;
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
  /**
   * The likeliest words for a text's `[MASK]`s, the likeliest first, where facts were taught with `recall`. Each mask is
   * one token of the model's vocabulary; several are filled together, one after another, and those that stand together
   * are one answer.
   *
   * @param options `top` is 5 by default, and at most 100 where answers have several tokens
   * @throws UserError where the text has no mask or more than 32, or several beside `tokens`; where it is longer than the
   * model reads; where the model was trained for something else
   * @example
   * const [best] = await model.fill("The capital of Zubrowia is [MASK].", { tokens: 4 });
   * console.log(best?.word, best?.probability);
   */
  fill(text: string, options?: WordOptions): Promise<readonly RankedWord[]>;
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
type Opener = (engine: Engine, found: FoundModel, backbone: string | undefined) => Promise<OpenModel>;
type OpenModel = Omit<Model, "task">;

const kinds: ReadonlyMap<string, readonly [Conversation, Opener]> = new Map([
  entry("relations", askRelations),
  entry("relations", askDownstreamRelations),
  entry("pairs", askPairs),
  entry("trees", askTrees),
  entry("typing", askTypes),
  entry("choices", askChoice),
  entry("questions", askPassages),
  [recall.name, ["recall", openTaught]],
]);

function entry<C extends Conversation, Example, Encoded extends EncodedText, Score>(
  task: C,
  asking: Asking<Conversations[C]["question"], Conversations[C]["answer"], Example, Encoded, Score>,
): readonly [string, readonly [Conversation, Opener]] {
  const open: Opener = async (engine, { folder }, backbone) => {
    const options = { ...(backbone === undefined ? {} : { backbone }), taskOptions: taskOptions[task] ?? {} };
    const loaded = await loadModel(engine, folder, asking.kind, options);
    const answers = (questions: readonly Conversations[C]["question"][], how?: PredictOptions) =>
      answerAll(asking, loaded, questions, how);
    const model = {
      backbone: loaded.backbone,
      predict: async (question: Conversations[C]["question"], how?: PredictOptions) =>
        (await answers([question], how))[0] as Conversations[C]["answer"],
      predictAll: answers,
      fill: async () => {
        throw userError({
          where: folder,
          what: `it was trained for ${task}`,
          expected: "a model that was taught facts",
        });
      },
      close: () => loaded.close(),
      [Symbol.asyncDispose]: () => loaded.close(),
    };
    // The task decides which questions it takes; a wrong one is refused when it is asked.
    return model as unknown as OpenModel;
  };
  return [asking.kind.name, [task, open]];
}

/** Opens an adapter that was taught facts: words are what the model's own head names. */
async function openTaught(engine: Engine, found: FoundModel, backbone: string | undefined) {
  const taught = await TaughtModel.open(engine, found, backbone);
  const fillAll = async (questions: readonly WordQuestion[], how: WordOptions & { readonly top: number }) => {
    checkQuestions(wordQuestion, questions);
    const { batchSize = 32, ...others } = how;
    const many = questions.length > 1;
    const asked = questions.map(({ text }, i) => ({ text, where: many ? `${askedWhere} ${i + 1}` : askedWhere }));
    const found = await taught.words(asked, { batchSize, ...others });
    return found.map((words, i) => ("skipped" in words ? refuse(i, words.skipped) : words));
  };
  const predictAll = async (questions: readonly WordQuestion[], how: PredictOptions = {}): Promise<WordAnswer[]> => {
    const found = await fillAll(questions, { ...how, top: Math.max(1, how.top ?? 1) });
    return found.map((words) => ({ ...(words[0] as RankedWord), words }));
  };
  const model = {
    backbone: taught.model.backbone,
    predict: async (question: WordQuestion, how?: PredictOptions) =>
      (await predictAll([question], how))[0] as WordAnswer,
    predictAll,
    fill: async (text: string, how: WordOptions = {}) =>
      (await fillAll([{ text }], { ...how, top: how.top ?? 5 }))[0] as readonly RankedWord[],
    close: () => taught.close(),
    [Symbol.asyncDispose]: () => taught.close(),
  };
  // It takes a text with a hole; anything else is refused when it is asked.
  return model as unknown as OpenModel;
}

/** Trees are proper trees: the maximum spanning tree, not each word's best head. */
const taskOptions: { readonly [C in Conversation]?: JsonObject } = { trees: { tree: true } };

async function answerAll<Question, Answer, Example, Encoded extends EncodedText, Score>(
  asking: Asking<Question, Answer, Example, Encoded, Score>,
  { task, session, backbone }: LoadedModel<Example, Encoded, Score>,
  questions: readonly Question[],
  { top = 1, batchSize = 32, signal }: PredictOptions = {},
): Promise<Answer[]> {
  checkQuestions(asking.question, questions);
  const examples = questions.map((question) => asking.example(question));
  const encoded = examples.map((example, i) => {
    const one = encodeUnlabelled(task, example, backbone.tokenizer);
    if (!isSkipped(one)) return one;
    return refuse(i, one.skipped);
  });
  const logits = await predictAll(session, encoded, batchSize, signal);
  return encoded.map((one, i) => {
    const prediction = { encoded: one, logits: logits[i] as Float32Array };
    return asking.answer(examples[i] as Example, prediction, task, top);
  });
}

/** A model that says at once where it, or its engine, is closed. */
function whileOpen(engine: Engine, where: string, model: OpenModel): OpenModel {
  let closed = false;
  const check = (options: PredictOptions = {}) => {
    checkedOptions(options);
    requireOpen(engine);
    if (closed) throw userError({ where, what: "this model is closed", fix: "load it again" });
  };
  const close = () => {
    closed = true;
    return model.close();
  };
  return {
    backbone: model.backbone,
    predict: async (question, options) => {
      check(options);
      return model.predict(question, options);
    },
    predictAll: async (questions, options) => {
      check(options);
      return model.predictAll(questions, options);
    },
    fill: async (text, options) => {
      check(options);
      return model.fill(text, options);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Ends a call of which a question cannot be asked. */
function refuse(i: number, why: string): never {
  throw userError({ where: `${askedWhere} ${i + 1}`, what: `it cannot be asked: ${why}` });
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
  const found = await findModel(name);
  const { folder, manifest } = found;
  const kind = kinds.get(manifest.task.name);
  if (!kind) {
    throw userError({
      where: folder,
      what: `nothing is known of its task ${manifest.task.name}`,
      expected: [...kinds.keys()].join(", "),
      fix: "load it with loadModel of kadapter/training, which is given the task",
    });
  }
  const [task, open] = kind;
  if (as !== undefined && as !== task) {
    throw userError({ where: folder, what: `it was trained for ${task}`, expected: `a model for ${as}` });
  }
  const model = await open(engine, found, typeof backbone === "object" ? backbone.folder : backbone);
  // The task is the one that the folder was opened as.
  return { ...whileOpen(engine, folder, model), task } as Model;
}
