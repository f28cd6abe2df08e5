/**
 * Does the knowledge arrive? The features of a pre-trained factual adapter against those that need no knowledge, where
 * it counts: on relations that were never learnt, told from a few examples, and on another data set.
 * @module
 */
import { join } from "node:path";
import type { AdapterInit } from "../adapters/config.js";
import { type Parameters, readAdapterParameters } from "../adapters/folder.js";
import { KAdapter } from "../adapters/k-adapter.js";
import type { RelationExample } from "../data/relation-example.js";
import type { Executor } from "../engine/executor.js";
import { initialValue, ParamScope } from "../nn/index.js";
import { RandomStream } from "../random.js";
import { defaultEntityVector, objectiveFeatures, relationLabels } from "../tasks/relations/factual.js";
import { fewShot } from "../tasks/relations/prototypes.js";
import { type EncodedRelation, RelationClassification } from "../tasks/relations/relation-classification.js";
import type { JsonObject } from "../tasks/task.js";
import { encodeExamples } from "../tasks/task-data.js";
import { concatenated } from "../tensor.js";
import { hashJson } from "../weights/hash.js";
import { shapesOf } from "../weights/strict-load.js";
import { Cells } from "./cells.js";
import { factsAsTask } from "./facts.js";
import { probeAccuracy, probeDefaults } from "./linear-probe.js";
import { PairReader, type PairVectors } from "./pair-reader.js";
import { type PretrainingSet, perClass, pretrainingSets, shuffledLabels, splitRelations } from "./relation-sets.js";
import { adapterTraining, pretrainAdapter } from "./trainings.js";
import {
  isPermuted,
  isState,
  isTrained,
  nameOf,
  objectiveOf,
  pretrainedAs,
  type Subject,
  type TransferCell,
  type TransferData,
  type TransferPlan,
  type TransferResult,
  type TransferWatch,
} from "./transfer-plan.js";

/**
 * Runs the ladder: trains what is to be trained, measures every row, and keeps each number in a file of its own, so that
 * a run that was stopped goes on where it was.
 */
export async function runTransfer(
  executor: Executor,
  plan: TransferPlan,
  data: TransferData,
  watch: TransferWatch = {},
): Promise<TransferResult> {
  const run = new TransferRun(executor, plan, data, watch);
  try {
    return await run.all();
  } finally {
    await run.close();
  }
}

type Views = Readonly<Record<string, (reader: PairReader) => Promise<PairVectors>>>;

class TransferRun {
  private readonly cells: Cells;
  private readonly split;
  private readonly sets: ReadonlyMap<number | "all", PretrainingSet>;
  private readonly task: RelationClassification;
  private readonly readers = new Map<string, PairReader>();
  private readonly data: string;

  constructor(
    private readonly executor: Executor,
    private readonly plan: TransferPlan,
    private readonly given: TransferData,
    private readonly watch: TransferWatch,
  ) {
    const { dataSeed: seed, unseen, perUnseen } = plan;
    const { train, fewShot: from, far } = given;
    const tests = far ? [...far.train, ...far.test] : [];
    this.split = splitRelations(train, from, tests, { unseen, perUnseen, seed });
    this.sets = pretrainingSets(this.split.known, plan.relations, plan.sentences, seed);
    const labels = [...new Set([...relationLabels(this.split.unseen), ...relationLabels(tests)])];
    const context = { maxLength: plan.maxLength, dropout: 0, headInit: 0.05 };
    const entityVector = defaultEntityVector(plan.backbone.config);
    this.task = new RelationClassification(labels, context, { entityVector, labelSmoothing: 0, head: "released" });
    this.cells = new Cells(join(plan.out, "cells"));
    this.data = hashJson([hashOf(this.split.unseen), hashOf(far?.train ?? []), hashOf(far?.test ?? [])]);
  }

  async all(): Promise<TransferResult> {
    const cells: TransferCell[] = [];
    const { seeds, rows } = this.plan;
    for (const seed of seeds) {
      for (const row of rows) {
        for (const relations of isTrained(row) ? this.plan.relations : [null]) {
          cells.push(...(await this.measure({ row, relations, seed })));
        }
      }
    }
    return {
      cells,
      measures: this.measures().map(({ name }) => name),
      unseenRelations: this.split.unseenRelations,
      unseenExamples: this.split.unseen.length,
      left: this.split.left,
      sets: [...this.sets.values()].map(({ labels, train, dev }) => ({
        relations: labels.length,
        train: train.length,
        dev: dev.length,
      })),
    };
  }

  async close(): Promise<void> {
    for (const reader of this.readers.values()) await reader.close();
  }

  private async measure(subject: Subject): Promise<TransferCell[]> {
    const { onCell, signal } = this.watch;
    const { row, relations, seed } = subject;
    const trained = isTrained(row) ? await this.train(pretrainedAs(subject)) : null;
    let views: Views | null = null;
    const cells: TransferCell[] = [];
    for (const { name, settings, of } of this.measures()) {
      signal?.throwIfAborted();
      const identity = { ...this.identity(subject), ...settings, data: this.data, trained };
      const scores = await this.cells.get(`${nameOf(subject)}.${name.replaceAll(" ", "-")}`, identity, async () => {
        views ??= await this.views(subject);
        const found: Record<string, number> = {};
        for (const [view, vectors] of Object.entries(views)) found[view] = await of(vectors, seed);
        return found;
      });
      for (const [view, accuracy] of Object.entries(scores)) {
        cells.push({ row, relations, view, measure: name, seed, accuracy });
        onCell?.(cells.at(-1) as TransferCell);
      }
    }
    return cells;
  }

  /** What decides the features of a row, but for what it was trained on. */
  private identity({ row, seed }: Subject): JsonObject {
    const { backbone, architecture, featureOptions, maxLength } = this.plan;
    const { dtype, precision = "float32" } = featureOptions;
    const { hash, configHash } = backbone;
    return { row, seed, backbone: hash, configuration: configHash, architecture, dtype, precision, maxLength };
  }

  private measures(): readonly {
    readonly name: string;
    readonly settings: JsonObject;
    of(vectors: (reader: PairReader) => Promise<PairVectors>, seed: number): Promise<number>;
  }[] {
    const { ways, shots, episodes, queries, perClass: amounts } = this.plan;
    const few = shots.map((own) => ({
      name: `unseen ${ways}-way ${own}-shot`,
      settings: { ways, shots: own, episodes, queries },
      of: async (vectors: (reader: PairReader) => Promise<PairVectors>, seed: number) => {
        const reader = await this.reader("unseen", this.split.unseen);
        const labels = reader.examples.map(({ label }) => label);
        return fewShot(await vectors(reader), labels, { ways, shots: own, episodes, queries, seed }).accuracy;
      },
    }));
    const { far } = this.given;
    if (!far) return few;
    return [
      ...few,
      ...amounts.map((amount) => ({
        name: `far ${amount === "all" ? "all" : `${amount} a class`}`,
        settings: { amount, probe: probeDefaults },
        of: (vectors: (reader: PairReader) => Promise<PairVectors>, seed: number) =>
          this.farAccuracy(far, amount, vectors, seed),
      })),
    ];
  }

  private async farAccuracy(
    far: NonNullable<TransferData["far"]>,
    amount: number | "all",
    vectors: (reader: PairReader) => Promise<PairVectors>,
    seed: number,
  ): Promise<number> {
    const [train, test] = [await this.reader("far train", far.train), await this.reader("far test", far.test)];
    const all = await vectors(train);
    const index = new Map(train.examples.map(({ example }, i) => [example, i]));
    const examples = train.examples.map(({ example }) => example);
    const chosen = (amount === "all" ? examples : perClass(examples, amount, seed)).map(
      (one) => index.get(one) as number,
    );
    const labelOf = (reader: PairReader, i: number) => (reader.examples[i] as EncodedRelation).label;
    return probeAccuracy(
      this.executor,
      { vectors: chosen.map((i) => all[i] as Float32Array), labels: chosen.map((i) => labelOf(train, i)) },
      { vectors: await vectors(test), labels: test.examples.map(({ label }) => label) },
      { ...probeDefaults, classes: this.task.labels.length, seed },
    );
  }

  private async reader(name: string, examples: readonly RelationExample[]): Promise<PairReader> {
    const found = this.readers.get(name);
    if (found) return found;
    const { backbone, architecture, featureOptions } = this.plan;
    const { onEvent = () => undefined, signal } = this.watch;
    const encoded = encodeExamples(this.task, backbone.tokenizer, { examples, skipped: {} });
    const own = { ...featureOptions, ...(signal ? { signal } : {}) };
    const { layers } = architecture;
    const options = { executor: this.executor, backbone, layers, featureOptions: own, onEvent };
    const reader = await PairReader.open(options, encoded.examples, name);
    this.readers.set(name, reader);
    return reader;
  }

  /** The row's features by view, computed once for each set of sentences. */
  private async views(subject: Subject): Promise<Views> {
    const { row } = subject;
    if (isState(row)) return { h: (reader) => reader.state(row) };
    const { architecture } = this.plan;
    const parameters = await this.parameters(subject);
    const config = { ...architecture, init: this.initOf(row) };
    const outputs = new Map<PairReader, Promise<PairVectors>>();
    const output = (reader: PairReader) => {
      const found = outputs.get(reader) ?? reader.output(config, parameters);
      outputs.set(reader, found);
      return found;
    };
    return {
      o: output,
      "[h;o]": async (reader) => {
        const [last, own] = [await reader.state("last"), await output(reader)];
        return last.map((vector, i) => concatenated([vector, own[i] as Float32Array]));
      },
    };
  }

  private async parameters(subject: Subject): Promise<Parameters> {
    const { architecture, backbone } = this.plan;
    const config = { ...architecture, init: this.initOf(subject.row) };
    const module = new KAdapter(ParamScope.root(), config, backbone.config.hiddenSize);
    if (isTrained(subject.row)) {
      const folder = this.folder(pretrainedAs(subject));
      const trained = await readAdapterParameters(folder, "adapter", shapesOf(module.parameters));
      return isPermuted(subject.row) ? permutedMatrices(trained, subject.seed) : trained;
    }
    return new Map(
      module.parameters.map((parameter) => [
        parameter.name,
        { shape: parameter.shape, data: initialValue(parameter, subject.seed) },
      ]),
    );
  }

  private initOf(row: Subject["row"]): AdapterInit {
    return row === "random-official" ? "official" : this.plan.architecture.init;
  }

  private folder(subject: Subject): string {
    return join(this.plan.out, "adapters", nameOf(subject));
  }

  /** Pre-trains a row's adapter, or finds it done; gives its hash and what it was trained on. */
  private async train(subject: Subject): Promise<JsonObject> {
    const { settings, headLearningRate, headInit, weightDecay, maxGradNorm, contrastBatchSize, temperature } =
      this.plan;
    const set = this.sets.get(subject.relations ?? "all") as PretrainingSet;
    const how = { ...settings, headLearningRate, headInit, weightDecay, maxGradNorm, contrastBatchSize, temperature };
    const identity = { ...this.identity(subject), ...how, train: hashOf(set.train), dev: hashOf(set.dev) };
    return this.cells.get(`${nameOf(subject)}.pretrained`, identity, () => this.pretrain(subject, set));
  }

  private async pretrain(subject: Subject, set: PretrainingSet): Promise<JsonObject> {
    const { row, seed } = subject;
    const { backbone, settings, contrastBatchSize, temperature } = this.plan;
    const objective = objectiveOf(row);
    const batchSize = objective === "contrastive" ? contrastBatchSize : settings.batchSize;
    const plan = { ...this.plan, settings: { ...settings, batchSize } };
    const features = objectiveFeatures(objective, "adapter");
    const config = adapterTraining(plan, this.folder(subject), seed, { features });
    const dealt = (examples: readonly RelationExample[]) =>
      row.startsWith("shuffled-") ? shuffledLabels(examples, seed) : examples;
    const part = (name: string, examples: readonly RelationExample[]) => ({
      where: name,
      examples: dealt(examples),
      skipped: {},
    });
    const sets = { labels: set.labels, train: part("train", set.train), dev: part("dev", set.dev) };
    const taskData = factsAsTask(sets, { objective, temperature, entityVector: defaultEntityVector(backbone.config) });
    return { ...(await taskData((one) => pretrainAdapter(this.executor, config, one, this.watch))) };
  }
}

/** The same elements in every matrix at other places: what is left is how large they are. Vectors stay. */
function permutedMatrices(parameters: Parameters, seed: number): Parameters {
  return new Map(
    [...parameters].map(([name, { shape, data }]) => {
      if (shape.length < 2) return [name, { shape, data }];
      const places = new RandomStream(seed, "permuted", name).shuffle([...data.keys()]);
      return [name, { shape, data: Float32Array.from(places, (at) => data[at] as number) }];
    }),
  );
}

function hashOf(examples: readonly RelationExample[]): string {
  return hashJson(
    examples.map(({ text, relation, subject, object }) => [
      text,
      relation,
      subject.start,
      subject.end,
      object.start,
      object.end,
    ]),
  );
}
