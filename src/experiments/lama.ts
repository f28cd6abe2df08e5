/**
 * K-Adapter's LAMA experiment without contamination: what a model says alone, beside random adapters and beside factual
 * ones. A fixed fifth of the subjects is asked; the adapters `facts` are pre-trained without any sentence that names one
 * of them, `seen` as the paper did, without that care. Heads of one seed are trained on the same masked text.
 * @module
 */
import { join } from "node:path";
import { randomInit } from "../adapters/config.js";
import { type OpenedAdapter, openAdapters } from "../adapters/opened-adapter.js";
import type { Executor } from "../engine/executor.js";
import { backboneIdentity } from "../features/backbone-handle.js";
import { adapterRecord, setName } from "../lm/lm-head-folder.js";
import { MaskedTexts } from "../lm/masked-texts.js";
import { collectTextBlocks } from "../lm/text-blocks.js";
import { ClozeModel, type ClozeModelOptions } from "../probing/cloze-model.js";
import { type LamaReport, probeLama } from "../probing/lama.js";
import type { JsonObject } from "../tasks/task.js";
import { identityOf } from "../training/identity.js";
import { trainLmHead } from "../training/lm-head.js";
import type { AnyTaskData } from "../training/multitask.js";
import { removeEarlierRun } from "../training/run.js";
import { asStored } from "../training/training-record.js";
import { hashLists } from "../weights/hash.js";
import { Cells } from "./cells.js";
import { DataFiles } from "./data-files.js";
import { factsAsTask, readFacts } from "./facts.js";
import {
  type HeadScores,
  type LamaCell,
  type LamaKind,
  type LamaPlan,
  type LamaProbe,
  type LamaResult,
  type LamaWatch,
  lamaKinds,
  lamaProbes,
  setOf,
} from "./lama-plan.js";
import { type LamaQuestions, readLamaQuestions } from "./lama-questions.js";
import { pretrainedCell } from "./trainings.js";
import { unprobedSamples } from "./unprobed.js";

/** Makes the data, trains adapters and heads, and asks; what is finished is not done again. */
export async function runLama(executor: Executor, plan: LamaPlan, watch: LamaWatch = {}): Promise<LamaResult> {
  const run = new LamaRun(executor, plan, watch);
  // Read first, so that hours are not spent where the questions are not there.
  const questions = await readLamaQuestions(plan.lama);
  const adapters = await run.trainAdapters();
  const heads = await run.trainHeads(adapters);
  return { ...heads, cells: await run.askAll(questions, adapters, heads.heads) };
}

/** A finished adapter and what is known of it. */
type Adapters = ReadonlyMap<string, OpenedAdapter>;

class LamaRun {
  private readonly cells: Cells;

  constructor(
    private readonly executor: Executor,
    private readonly plan: LamaPlan,
    private readonly watch: LamaWatch,
  ) {
    this.cells = new Cells(this.at("cells"));
  }

  private at(...names: string[]): string {
    return join(this.plan.training.out, ...names);
  }

  private get laboratory() {
    return { executor: this.executor, cells: this.cells, watch: this.watch };
  }

  /** What stands beside the model for a seed. */
  private kindsOf(seed: number): LamaKind[] {
    return lamaKinds.filter((kind) => kind !== "seen" || this.plan.seen.includes(seed));
  }

  async trainAdapters(): Promise<Adapters> {
    const { clean, seen } = await this.lessons();
    const { training, seeds } = this.plan;
    const adapters = new Map<string, OpenedAdapter>();
    for (const seed of seeds) {
      for (const kind of this.kindsOf(seed).filter((one) => one !== "none")) {
        const name = setOf(kind, seed);
        const out = this.at("adapters", name);
        const config = { ...training, out, settings: { ...training.settings, seed } };
        const untrained = {
          ...config,
          freezeAdapter: true,
          architecture: { ...training.architecture, init: randomInit },
          settings: { ...config.settings, maxSteps: 1 },
        };
        const own = kind === "random" ? untrained : config;
        await (kind === "seen" ? seen : clean)((one) => pretrainedCell(this.laboratory, name, own, one));
        const opened = await openAdapters([{ name, folder: out }], backboneIdentity(training.backbone));
        for (const one of opened) adapters.set(name, one);
      }
    }
    return adapters;
  }

  /** Facts without the asked subjects, and as they are. */
  private async lessons(): Promise<{ readonly clean: AnyTaskData; readonly seen: AnyTaskData }> {
    const { facts, lama, teaching } = this.plan;
    const { train, dev, sentences, devSentences } = facts;
    const files = new DataFiles(this.laboratory, this.plan.training.out);
    const samples = await unprobedSamples(files, lama);
    const cleanTrain = await samples.clean("facts", train, sentences);
    const cleanDev = await samples.clean("dev", dev, devSentences);
    const task = async (file: string) => factsAsTask(await readFacts([file], [cleanDev]), teaching);
    const learnt = await task(cleanTrain);
    if (this.plan.seen.length === 0) return { clean: learnt, seen: learnt };
    return { clean: learnt, seen: await task(await samples.seen("seen", train, sentences)) };
  }

  /** A head for the model alone and for each adapter, seed by seed. */
  async trainHeads(adapters: Adapters): Promise<Omit<LamaResult, "cells">> {
    const { texts, training } = this.plan;
    const { tokenizer } = training.backbone;
    const read = (files: readonly string[], limit: number) =>
      collectTextBlocks(files, tokenizer, { maxLength: texts.maxLength, limit });
    const blocks = { train: await read(texts.train, texts.limit), dev: await read(texts.dev, texts.devLimit) };
    const identity = {
      ...asStored<Record<string, never>>({ masking: texts.masking, draws: texts.draws, maxLength: texts.maxLength }),
      train: hashLists(blocks.train.map(({ ids }) => ids)),
      dev: hashLists(blocks.dev.map(({ ids }) => ids)),
    };
    const masked = new Later(() => {
      const { signal } = this.watch;
      const options = { ...texts, backbone: training.backbone, adapters: [...adapters.values()] };
      return MaskedTexts.open(this.executor, { ...options, ...(signal ? { signal } : {}) }, blocks, this.watch.onEvent);
    });
    try {
      const heads = [];
      for (const seed of this.plan.seeds) {
        const sets: Record<string, HeadScores> = {};
        for (const kind of this.kindsOf(seed)) {
          const adapter = adapters.get(setOf(kind, seed));
          sets[setOf(kind, seed)] = await this.trainHead(seed, adapter ? [adapter] : [], identity, masked);
        }
        heads.push({ seed, sets });
      }
      return { heads, trainTexts: blocks.train.length, devTexts: blocks.dev.length };
    } finally {
      await masked.close();
    }
  }

  private async trainHead(
    seed: number,
    adapters: readonly OpenedAdapter[],
    texts: Readonly<Record<string, string>>,
    masked: Later<MaskedTexts>,
  ): Promise<HeadScores> {
    const { heads, training } = this.plan;
    const out = this.at("heads", `${seed}`, setName(adapters));
    const config = { ...heads, backbone: training.backbone, out, resume: true, recipe: {} };
    const settings = { ...heads.settings, seed };
    const records = adapters.map(adapterRecord);
    const identity = { ...identityOf({ ...config, settings, adapters: records }), texts };
    const name = `head.seed-${seed}.${setName(adapters)}`;
    return this.cells.get(name, identity, async () => {
      const { onEvent, onNote, signal } = this.watch;
      const { scores } = await trainLmHead(
        this.executor,
        { ...config, settings, adapters },
        await masked.get(),
        onEvent,
        signal,
      );
      signal?.throwIfAborted();
      if (scores === null) throw new Error(`${name}: no scores of a training that was not stopped`);
      await removeEarlierRun(out);
      const { perplexity, accuracy } = scores;
      onNote?.(`${name}: perplexity ${perplexity.toFixed(2)}, masked accuracy ${(100 * accuracy).toFixed(2)} %`);
      return { perplexity, accuracy };
    });
  }

  async askAll(questions: LamaQuestions, adapters: Adapters, heads: LamaResult["heads"]): Promise<LamaCell[]> {
    const { seeds, ownHead } = this.plan;
    const cells: LamaCell[] = [];
    for (const probe of Object.keys(lamaProbes) as LamaProbe[]) {
      for (const seed of [...seeds, ...(ownHead ? [null] : [])]) {
        const sets = heads.find((one) => one.seed === seed)?.sets;
        const answers = this.answering(seed, adapters);
        const identity = {
          ...questions.identity,
          ...lamaProbes[probe],
          ...answers,
          ...(sets ? { heads: asStored<JsonObject>(sets) } : {}),
        };
        const name = `${probe}.${seed === null ? "own-head" : `seed-${seed}`}`;
        const reports = await this.cells.get(name, identity, async () =>
          asStored<Record<string, never>>(await this.ask(seed, probe, questions)),
        );
        const cell: LamaCell = { seed, probe, reports };
        cells.push(cell);
        this.watch.onCell?.(cell);
      }
    }
    return cells;
  }

  /** What decides the answers of a seed's heads, or of the backbone's own. */
  private answering(seed: number | null, adapters: Adapters) {
    const { backbone } = this.plan.training;
    const of = { backbone: backbone.hash, configuration: backbone.configHash };
    if (seed === null) return of;
    const names = this.kindsOf(seed).map((kind) => setOf(kind, seed));
    const hashes = names.flatMap((name) => adapters.get(name)?.hash ?? []);
    return { ...of, adapters: hashes };
  }

  private async ask(
    seed: number | null,
    probe: LamaProbe,
    { relations, skipped, vocabulary }: LamaQuestions,
  ): Promise<Record<string, LamaReport>> {
    const { signal } = this.watch;
    const { folder: backbone } = this.plan.training.backbone;
    const heads: ClozeModelOptions =
      seed === null
        ? { backbone }
        : { heads: [this.at("heads", `${seed}`)], sets: this.kindsOf(seed).map((kind) => setOf(kind, seed)) };
    const model = await ClozeModel.open(this.executor, { backbone, ...heads });
    try {
      const reports: Record<string, LamaReport> = {};
      for (const [part, own] of relations) {
        const left = skipped.get(part);
        reports[part] = await probeLama(model, own, {
          ...lamaProbes[probe],
          ...{ vocabulary, multiToken: false, consistency: false, batchSize: 32 },
          ...(left ? { left } : {}),
          ...(signal ? { signal } : {}),
        });
      }
      return reports;
    } finally {
      await model.close();
    }
  }
}

/** What is opened when it is first asked for, and closed if it was. */
class Later<T extends { close(): Promise<void> }> {
  private opened: Promise<T> | null = null;

  constructor(private readonly open: () => Promise<T>) {}

  get(): Promise<T> {
    this.opened ??= this.open();
    return this.opened;
  }

  async close(): Promise<void> {
    const opened = await this.opened?.catch(() => null);
    await opened?.close();
  }
}
