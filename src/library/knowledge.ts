/**
 * What can be learnt: kinds of knowledge that adapters hold, and downstream tasks. Each says which settings it takes
 * and how it reads its data; `train` does the rest.
 * @module
 */
import type { z } from "zod";
import type { DependencySentence } from "../data/dependency-sentence.js";
import type { RelationReading } from "../data/relation-data.js";
import type { TreeReading } from "../data/tree-data.js";
import { demoSubjects, demoText } from "../demo/plain-text.js";
import type { Metrics } from "../engine/events.js";
import type { BackboneHandle } from "../features/backbone-handle.js";
import type { FilledCache } from "../features/features.js";
import { readOrParseTrees } from "../parsing/training-trees.js";
import {
  type FactualSettings,
  factualSettings,
  type objectiveSettings,
  type trexSettings,
} from "../settings/factual.js";
import {
  type choiceSettings,
  type FinetuneSettings,
  finetuneSettings,
  type OpenQaSettings,
  openQaSettings,
  type RelationsSettings,
  relationsSettings,
  type TypingSettings,
  typingSettings,
} from "../settings/finetune.js";
import { type LinguisticSettings, linguisticSettings, type treeSettings } from "../settings/linguistic.js";
import { type RecallSettings as ResolvedRecall, recallSettings, type taughtSettings } from "../settings/recall.js";
import type { Table } from "../settings/setting.js";
import { choiceTaskData } from "../tasks/choice/choice-data.js";
import type { ChoiceScores } from "../tasks/choice/multiple-choice.js";
import type { ClassificationScores } from "../tasks/classification-scores.js";
import type { DownstreamData } from "../tasks/downstream-data.js";
import type { OpenScores } from "../tasks/qa/open-qa.js";
import { openQaTaskData } from "../tasks/qa/question-data.js";
import type { RecallScores } from "../tasks/recall/recall.js";
import { type OtherTexts, type RecallTaskData, recallTaskData } from "../tasks/recall/recall-data.js";
import type { RecallNeighbours } from "../tasks/recall/recall-questions.js";
import { relationsTaskData } from "../tasks/relations/downstream-data.js";
import type { RelationScores } from "../tasks/relations/downstream-relations.js";
import {
  defaultEntityVector,
  factualTaskData,
  objectiveFeatures,
  readContrastTaskData,
} from "../tasks/relations/factual.js";
import type { PrototypeScores } from "../tasks/relations/prototypes.js";
import type { EncodedText } from "../tasks/task.js";
import type { DownstreamTaskData, ExampleSet } from "../tasks/task-data.js";
import type { AttachmentScores } from "../tasks/trees/attachment-scores.js";
import { linguisticTaskData } from "../tasks/trees/linguistic.js";
import { typingTaskData } from "../tasks/typing/typing-data.js";
import type { TypingScores } from "../tasks/typing/typing-scores.js";
import type { PretrainResult } from "../training/pretrain.js";
import {
  type Filling,
  fillForAdapter,
  fillForDownstream,
  type Learning,
  learnAdapter,
  learnDownstream,
} from "./learn.js";

/** Values of a table's settings as a caller gives them: what has a default may be left out. */
export type Given<T extends Table> = z.input<z.ZodObject<{ [K in keyof T]: T[K]["schema"] }>>;

/**
 * How a training ended.
 *
 * @typeParam Scores what its kind of knowledge is measured by
 */
export interface TrainResult<Scores = unknown> {
  /** Folder of the adapter or the model. */
  readonly out: string;
  /** `interrupted`: stopped by the caller; `resume: true` goes on from the last checkpoint. */
  readonly reason: "completed" | "early-stop" | "interrupted";
  /**
   * Quality on the data for evaluation (and under `test.…` on test data) by name, and counts of steps and examples; rates
   * are fractions from 0 to 1.
   */
  readonly metrics: Metrics;
  /** All that the kind measures on the data for evaluation; null for a training that was interrupted. */
  readonly scores: Scores | null;
  /** The same on test data; null where there are none. */
  readonly testScores: Scores | null;
  /** Examples that were left out, by reason. */
  readonly skipped: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** SHA-256 of the model's weights before and after; a training that finds them different fails. */
  readonly backboneHash: {
    /** When the training began. */
    readonly before: string;
    /** When it ended. */
    readonly after: string;
  };
}

/**
 * Something to be learnt, as {@link facts}, {@link trees} and the downstream tasks make it.
 *
 * @typeParam Options the settings that `train` takes beside it
 * @typeParam Scores what is measured
 */
export interface Knowledge<Options, Scores = unknown> {
  /** @internal */
  readonly table: Table;
  /**
   * What was given for it, by the table's names.
   *
   * @internal
   */
  readonly given: Readonly<Record<string, unknown>>;
  /**
   * Learns it with settings that are checked and complete.
   *
   * @internal
   */
  learn(how: Learning, settings: never): Promise<TrainResult<Scores>>;
  /**
   * Computes and keeps the hidden states that learning it reads.
   *
   * @internal
   */
  fill(how: Filling, settings: never): Promise<readonly FilledCache[]>;
  /**
   * Only a type: what `train` may be given.
   *
   * @internal
   */
  readonly options?: Options;
}

/** Settings that say what is learnt, and from what; all others are given to `train`. */
type DataKey = "train" | "dev" | "test" | "format";
/** What `train` takes from the engine and the backbone it is given. */
type GivenElsewhere = "backbone" | "device" | "threads";
type Own<T extends Table, K extends PropertyKey> = Pick<Given<T>, Extract<keyof Given<T>, K>>;
type Rest<T extends Table, K extends PropertyKey> = Omit<Given<T>, K | GivenElsewhere>;

type FactKey = DataKey | keyof typeof objectiveSettings | keyof typeof trexSettings;
type TreeKey = DataKey | "parseWith" | keyof typeof treeSettings;
type TaughtKey = keyof typeof taughtSettings;
type FactualTable = typeof factualSettings;
type RecallTable = typeof recallSettings;
type TreeTable = typeof linguisticSettings;
/** Settings of a downstream task that say what is learnt. */
type TaskKey<T extends Table> = DataKey | Exclude<keyof T, keyof typeof finetuneSettings>;

/** What {@link facts} are learnt from, and by which objective. */
export interface FactsData extends Own<FactualTable, FactKey> {}
/** How {@link facts} are learnt: settings of `kadapter pretrain factual`. */
export interface FactsSettings extends Rest<FactualTable, FactKey> {}

/** What {@link trees} are learnt from, and by which objective. */
export interface TreesData extends Own<TreeTable, TreeKey> {}
/** How {@link trees} are learnt: settings of `kadapter pretrain linguistic`. */
export interface TreesSettings extends Rest<TreeTable, TreeKey> {}

/** Facts and wordings of {@link recall}. */
export interface RecallData extends Own<RecallTable, TaughtKey> {}
/** How {@link recall} is learnt: settings of `kadapter teach`. */
export interface RecallSettings extends Rest<RecallTable, TaughtKey> {}

/** Data of {@link relations}, and how they are read and marked. */
export interface RelationsData extends Own<typeof relationsSettings, TaskKey<typeof relationsSettings>> {}
/** Data of {@link typing}, and how they are read. */
export interface TypingData extends Own<typeof typingSettings, TaskKey<typeof typingSettings>> {}
/** Data of {@link choices}. */
export interface ChoicesData extends Own<typeof choiceSettings, DataKey> {}
/** Data of {@link questions}, and how much of them is read. */
export interface QuestionsData extends Own<typeof openQaSettings, TaskKey<typeof openQaSettings>> {}
/** How a downstream task is learnt: settings of `kadapter finetune`. */
export interface DownstreamSettings extends Omit<Rest<typeof finetuneSettings, DataKey>, "adapter"> {
  /** Finished adapters that are joined to the model, by names of their own: folders or Hugging Face ids. */
  readonly adapters?: Readonly<Record<string, string>>;
}

/** What {@link facts} are measured by: whether relations are told, or, learnt by contrast, whether pairs are alike. */
export type FactsScores = ClassificationScores | PrototypeScores;

const resultOf = <Scores>(
  out: string,
  { scores, reason, metrics, backboneHash, skipped }: PretrainResult<Scores>,
): TrainResult<Scores> => ({ out, reason, metrics, scores, testScores: null, skipped, backboneHash });

/** What the head reads, as the objective asks for it. */
export const withFeatures = (settings: FactualSettings): FactualSettings => ({
  ...settings,
  features: objectiveFeatures(settings.objective, settings.features),
});

/** Which facts are read; without a seed what is held out follows from the usual one. */
type FactSource = Pick<FactualSettings, "train" | "dev" | "format" | "minEntityPairs" | "entityVector"> &
  Partial<Pick<FactualSettings, "pairCounts" | "mostBad">> &
  OptionalSeed;
type OptionalSeed = Partial<Pick<FactualSettings, "seed">>;

/** Facts to be learnt by classification. */
export function classifiedFacts(
  settings: FactSource & Pick<FactualSettings, "labelSmoothing" | "objective">,
  backbone: BackboneHandle,
) {
  const { labelSmoothing, objective } = settings;
  const head = objective === "own-output" ? "linear" : "released";
  return factualTaskData({ ...factSource(settings, backbone), labelSmoothing, head });
}

/** Facts to be learnt by contrast. */
export function contrastedFacts(settings: FactualSettings, backbone: BackboneHandle) {
  return readContrastTaskData({ ...factSource(settings, backbone), temperature: settings.temperature });
}

function factSource(settings: FactSource, backbone: BackboneHandle) {
  const { train, dev, seed, format = "auto", minEntityPairs, pairCounts, mostBad, entityVector } = settings;
  const trex = { ...(pairCounts === undefined ? {} : { pairCounts }), ...(mostBad === undefined ? {} : { mostBad }) };
  const read: RelationReading = { format, minEntityPairs, ...trex };
  const how = seed === undefined ? { read } : { read, seed };
  return { train, dev, ...how, entityVector: entityVector ?? defaultEntityVector(backbone.config) };
}

/** Dependency trees to be learnt. */
export function treesOf(
  settings: Pick<LinguisticSettings, "train" | "dev" | "format" | keyof typeof treeSettings> & OptionalSeed,
  read: ExampleSet<DependencySentence> | null = null,
) {
  const { train, dev, seed, head, loss, alignment, arcSize, las } = settings;
  const task = { head, loss, alignment, arcSize };
  const part = seed === undefined ? {} : { seed };
  const source = { train: read ?? train, dev, read: treeReading(settings) };
  return linguisticTaskData({ ...source, ...part, task, relations: las });
}

const treeReading = ({ format, brokenTrees }: Pick<LinguisticSettings, "format" | "brokenTrees">): TreeReading => ({
  format: format ?? "auto",
  brokenTrees,
});

/** {@link treesOf}; what is plain text is parsed first, where an adapter is named that parses it. */
export async function treesOrTextsOf(
  settings: LinguisticSettings,
  { executor, signal }: Pick<Learning, "executor" | "signal">,
) {
  const { parseWith: adapter, train, batchSize } = settings;
  if (adapter === undefined) return treesOf(settings);
  return treesOf(
    settings,
    await readOrParseTrees(train, treeReading(settings), { executor, adapter, batchSize, signal }),
  );
}

const sourceOf = ({ train, dev, test, seed }: FinetuneSettings): DownstreamData => ({
  ...{ train, dev, seed },
  ...(test ? { test } : {}),
});

/** Relations of a downstream data set. */
export function relationsOf(settings: RelationsSettings) {
  const { format = "auto", markers, maxNegatives, officialFeatures: official } = settings;
  const own = { markers, official, ...(maxNegatives === undefined ? {} : { maxNegatives }) };
  return relationsTaskData(sourceOf(settings), { format }, own);
}

/** Mentions with their types. */
export function typesOf(settings: TypingSettings) {
  const { alwaysOne, officialFeatures = false as const } = settings;
  return typingTaskData(sourceOf(settings), { alwaysOne, official: officialFeatures });
}

/** Questions with answers to choose from. */
export const choicesOf = (settings: FinetuneSettings) => choiceTaskData(sourceOf(settings));

/** Questions with paragraphs. */
export const passagesOf = (settings: OpenQaSettings) => openQaTaskData(sourceOf(settings), settings);

/**
 * Facts (K-Adapter §3.3): sentences with two entities and the relation between them, in any of the formats of
 * docs/data.md. Without `dev` a tenth of the sentences is held out.
 *
 * @example
 * facts({ train: "facts.jsonl" })
 */
export function facts(given: FactsData): Knowledge<FactsSettings, FactsScores> {
  return {
    table: factualSettings,
    given: { ...given },
    learn: async (how, resolved: FactualSettings) => {
      const settings = withFeatures(resolved);
      const { out } = settings;
      return settings.objective === "contrastive"
        ? resultOf(out, await learnAdapter(how, settings, (backbone) => contrastedFacts(settings, backbone)))
        : resultOf(out, await learnAdapter(how, settings, (backbone) => classifiedFacts(settings, backbone)));
    },
    fill: (how, resolved: FactualSettings) => {
      const settings = withFeatures(resolved);
      return settings.objective === "contrastive"
        ? fillForAdapter(how, settings, (backbone) => contrastedFacts(settings, backbone))
        : fillForAdapter(how, settings, (backbone) => classifiedFacts(settings, backbone));
    },
  };
}

/**
 * Dependency trees (K-Adapter §3.4): CoNLL-U or find_head files, or plain text that another such adapter parses
 * (`parseWith`). Without `dev` a tenth of the trees is held out.
 *
 * @example
 * trees({ train: "en_ewt-ud-train.conllu", dev: "en_ewt-ud-dev.conllu", las: true })
 */
export function trees(given: TreesData): Knowledge<TreesSettings, AttachmentScores> {
  return {
    table: linguisticSettings,
    given: { ...given },
    learn: async (how, settings: LinguisticSettings) =>
      resultOf(settings.out, await learnAdapter(how, settings, () => treesOrTextsOf(settings, how))),
    fill: (how, settings: LinguisticSettings) => fillForAdapter(how, settings, () => treesOrTextsOf(settings, how)),
  };
}

/** How an adapter that is taught facts is trained: the head is the model's own, on what the adapter adds. */
export const asRecall = (settings: ResolvedRecall, backbone: string) => ({
  ...settings,
  backbone,
  features: "residual" as const,
  // Nothing of the head is new.
  headInit: "official" as const,
});

/** The package's own sentences and the names in them, beside which facts are taught where nothing else is given. */
export const ownTexts = (): OtherTexts => ({ text: demoText(), subjects: demoSubjects() });

/** What becomes of subjects that are not taught, and by which means. */
export const keptBy = ({ neighbours, gate }: Pick<ResolvedRecall, "neighbours" | "gate">): RecallNeighbours =>
  neighbours === "keep" && gate ? "gate" : neighbours;

/** Facts to be taught, in words. */
export function taughtFacts(settings: ResolvedRecall): Promise<RecallTaskData> {
  return recallTaskData({ ...settings, neighbours: keptBy(settings), own: ownTexts() });
}

/**
 * Facts that answer: subject, relation and object, in any of the formats of docs/data.md, and wordings to say and ask
 * them in; or sentences that state them, as {@link facts} are learnt from. The model's own language-model head then names the object, in words that were never taught too.
 *
 * @example
 * recall({ facts: "facts.csv", wordings: "wordings.jsonl" })
 */
export function recall(given: RecallData): Knowledge<RecallSettings, RecallScores> {
  return {
    table: recallSettings,
    given: { ...given },
    learn: async (how, settings: ResolvedRecall) =>
      resultOf(
        settings.out,
        await learnAdapter(how, asRecall(settings, how.backbone.name), () => taughtFacts(settings)),
      ),
    fill: (how, settings: ResolvedRecall) =>
      fillForAdapter(how, asRecall(settings, how.backbone.name), () => taughtFacts(settings)),
  };
}

function downstream<S extends FinetuneSettings, Example, Encoded extends EncodedText, Score>(
  table: Table,
  given: object,
  read: (settings: S) => Promise<DownstreamTaskData<Example, Encoded, Score>>,
): Knowledge<DownstreamSettings, Score> {
  return {
    table,
    given: { ...given },
    learn: async (how, settings: S) => {
      const result = await learnDownstream(how, settings, () => read(settings));
      const { reason, metrics, dev: scores, test: testScores, skipped, backboneHash } = result;
      return { out: settings.out, reason, metrics, scores, testScores, skipped, backboneHash };
    },
    fill: (how, settings: S) => fillForDownstream(how, settings, () => read(settings)),
  };
}

/**
 * Relation classification with any adapters (K-Adapter §4.3).
 *
 * @example
 * const adapters = { facts: "runs/facts", trees: "runs/trees" };
 * train(engine, base, relations({ train: "train.json", dev: "dev.json" }), { adapters, out: "runs/relations" });
 */
export const relations = (given: RelationsData): Knowledge<DownstreamSettings, RelationScores> =>
  downstream(relationsSettings, given, relationsOf);

/**
 * Entity typing with any adapters (K-Adapter §4.1).
 *
 * @example
 * typing({ train: "train.json", dev: "dev.json", test: "test.json" })
 */
export const typing = (given: TypingData): Knowledge<DownstreamSettings, TypingScores> =>
  downstream(typingSettings, given, typesOf);

/**
 * Multiple choice with any adapters (K-Adapter §4.2, CosmosQA).
 *
 * @example
 * choices({ train: "train.csv", dev: "valid.csv" })
 */
export const choices = (given: ChoicesData): Knowledge<DownstreamSettings, ChoiceScores> =>
  downstream(finetuneSettings, given, choicesOf);

/**
 * Answers out of paragraphs with any adapters (K-Adapter §4.2, SearchQA and Quasar-T).
 *
 * @example
 * questions({ train: "train.json", dev: "dev.json", maxParagraphs: 20 })
 */
export const questions = (given: QuestionsData): Knowledge<DownstreamSettings, OpenScores> =>
  downstream(openQaSettings, given, passagesOf);
