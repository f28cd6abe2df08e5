/**
 * Facts that answer: how well taught facts are recalled in wordings in which nothing was ever taught, and what happens
 * to all else; by the number of facts, the adapter's size, beside controls, as counterfactual twins, and as packs that
 * are plugged in together.
 * @module
 */
import { join } from "node:path";
import { AdapterSet } from "../adapters/adapter-set.js";
import { randomInit } from "../adapters/config.js";
import type { Fact } from "../data/fact.js";
import type { Wordings } from "../data/wordings.js";
import type { Executor } from "../engine/executor.js";
import { ParamScope } from "../nn/index.js";
import { ClozeModel } from "../probing/cloze-model.js";
import { probeRecall, probeText, type RecallScoresBySet } from "../probing/recall.js";
import { hash32 } from "../random.js";
import { type RecallTeaching, taughtTaskData } from "../tasks/recall/recall-data.js";
import type { KeptScores } from "../tasks/recall/recall-scores.js";
import { totalElements } from "../tensor.js";
import type { TrainingConfig } from "../training/config.js";
import { hashJson } from "../weights/hash.js";
import { Cells } from "./cells.js";
import type { RecallCell, RecallMeasured, RecallPart, RecallPlan, RecallWatch } from "./recall-plan.js";
import { drawFacts, permuted } from "./recall-pool.js";
import { type Laboratory, pretrainedCell } from "./trainings.js";

/** Teaches and asks everything; what is finished is not done again. */
export async function runRecall(
  executor: Executor,
  plan: RecallPlan,
  watch: RecallWatch = {},
): Promise<readonly RecallCell[]> {
  const run = new RecallRun(executor, plan, watch);
  for (const part of plan.parts) await run.part(part);
  return run.cells;
}

/** An adapter that was taught facts. */
interface Taught {
  readonly name: string;
  readonly folder: string;
  readonly facts: readonly Fact[];
  readonly seed: number;
  /** SHA-256 of its tensors. */
  readonly hash: string;
  readonly parameters: number;
}

/** What is different about an adapter's teaching. */
interface Own {
  readonly teaching?: Partial<RecallTeaching>;
  readonly size?: number;
  readonly config?: Partial<TrainingConfig>;
}

const usual: Own = {};

/** Which facts are taught. */
interface Draw {
  readonly seed: number;
  readonly count: number;
  /** Those of one token by default. */
  readonly from?: readonly Fact[];
}

class RecallRun {
  readonly cells: RecallCell[] = [];
  private readonly laboratory: Laboratory;

  constructor(
    executor: Executor,
    private readonly plan: RecallPlan,
    private readonly watch: RecallWatch,
  ) {
    this.laboratory = { executor, cells: new Cells(join(plan.training().out, "cells")), watch };
  }

  part(part: RecallPart): Promise<void> {
    switch (part) {
      case "counts":
        return this.counts(part, this.plan.pool.single);
      case "several-tokens":
        return this.counts(part, this.plan.pool.several);
      case "sizes":
        return this.sizes();
      case "controls":
        return this.controls();
      case "twins":
        return this.twins();
      case "packs":
        return this.packs();
    }
  }

  /** More and more facts. */
  private async counts(part: RecallPart, from: readonly Fact[]): Promise<void> {
    const { seeds, counts } = this.plan;
    for (const count of distinct(counts.map((one) => Math.min(one, from.length)))) {
      for (const seed of seeds) await this.row(part, `${count} facts`, { seed, count, from });
    }
  }

  /** Adapters of several sizes, with one seed: a screening. */
  private async sizes(): Promise<void> {
    const { sizes, counts, seeds, pool } = this.plan;
    for (const size of sizes) {
      for (const count of distinct(counts.map((one) => Math.min(one, pool.single.length)))) {
        await this.row("sizes", `size ${size}, ${count} facts`, { seed: seeds[0] as number, count }, { size });
      }
    }
  }

  private async controls(): Promise<void> {
    const { few: count, seeds, training } = this.plan;
    const random = { ...training().architecture, init: randomInit };
    const rows: Readonly<Record<string, Own>> = {
      "as it is": usual,
      "random adapter": { config: { freezeAdapter: true, architecture: random } },
      "no margin": { teaching: { margin: 0 } },
      "no word dropout": { teaching: { wordDropout: 0 } },
      "no gate, neighbours kept": { teaching: { neighbours: "keep" } },
      "no gate, text kept": { teaching: { neighbours: "prior" } },
      "no gate, nothing kept": { teaching: { neighbours: "prior", textShare: 0 } },
    };
    for (const [row, own] of Object.entries(rows)) {
      for (const seed of seeds) await this.row("controls", row, { seed, count }, own);
    }
  }

  /** Two adapters that were taught two permutations of the same objects: each is asked its own facts, and the other's. */
  private async twins(): Promise<void> {
    const { seeds, few, pool } = this.plan;
    for (const seed of seeds) {
      const { facts, others } = this.drawn({ seed, count: few, from: pool.single });
      const teach = async (which: number) => {
        const own = permuted(facts, hash32("twin", seed, which));
        return this.teach(`twin-${which}-${few}-seed-${seed}`, own, seed);
      };
      const twins = [await teach(1), await teach(2)];
      for (const [i, twin] of twins.entries()) {
        const name = `${twin.name}.other`;
        const other = (twins[1 - i] as Taught).facts;
        // What both were taught alike tells nothing.
        const differing = other.filter(({ object }, at) => object !== twin.facts[at]?.object);
        const beside = await this.ask(name, [twin], differing, pool.heldOut);
        const measured = await this.measure(twin, others);
        this.tell({
          part: "twins",
          row: `twin ${i + 1}`,
          ...this.about(twin),
          ...measured,
          beside: of(beside, twin.name),
        });
      }
    }
  }

  /** Packs that are taught apart and plugged in together. */
  private async packs(): Promise<void> {
    const { seeds, packs, packSize, pool } = this.plan;
    for (const seed of seeds) {
      const { facts, others } = this.drawn({ seed, count: packs * packSize, from: pool.single });
      const taught: Taught[] = [];
      for (let i = 0; i < packs; i++) {
        const own = facts.slice(i * packSize, (i + 1) * packSize);
        taught.push(await this.teach(`pack-${i + 1}-${packSize}-seed-${seed}`, own, seed));
      }
      const together = taught.map(({ name }) => name).join("+");
      for (const [i, pack] of taught.entries()) {
        const beside = await this.ask(`${pack.name}.together`, taught, pack.facts, pool.heldOut);
        const measured = await this.measure(pack, others);
        this.tell({
          part: "packs",
          row: `pack ${i + 1}`,
          ...this.about(pack),
          ...measured,
          beside: of(beside, together),
        });
      }
    }
  }

  private async row(part: RecallPart, row: string, draw: Draw, own: Own = usual): Promise<void> {
    const { facts, others } = this.drawn(draw);
    const name = `${part}-${row}`.replaceAll(/[^\w-]+/g, "-");
    const taught = await this.teach(`${name}-seed-${draw.seed}`, facts, draw.seed, own);
    this.tell({ part, row, ...this.about(taught), ...(await this.measure(taught, others)) });
  }

  private drawn({ seed, count, from = this.plan.pool.single }: Draw) {
    return drawFacts(from, seed, count, this.plan.asked.others);
  }

  private about({ facts, seed, parameters }: Taught) {
    return { facts: facts.length, bits: bitsOf(facts), seed, parameters };
  }

  private tell(cell: RecallCell): void {
    this.cells.push(cell);
    this.watch.onCell?.(cell);
  }

  private async teach(name: string, facts: readonly Fact[], seed: number, own: Own = usual): Promise<Taught> {
    const { training, teaching, pool, own: texts } = this.plan;
    const base = training(own.size);
    const folder = join(base.out, "adapters", name);
    const config = { ...base, ...own.config, out: folder, settings: { ...base.settings, seed } };
    const questions = { facts, wordings: pool.taught, made: [], skipped: {} };
    const taskData = taughtTaskData(name, questions, texts, { ...teaching, ...own.teaching, seed });
    const { adapter: hash } = await pretrainedCell(this.laboratory, name, config, taskData);
    return { name, folder, facts, seed, hash, parameters: parametersOf(config) };
  }

  private async measure(taught: Taught, others: readonly Fact[]): Promise<RecallMeasured> {
    const { pool, asked } = this.plan;
    const { name } = taught;
    const some = taught.facts.slice(0, asked.facts);
    const known = await this.ask(`${name}.taught`, [taught], some, pool.taught);
    const heldOut = await this.ask(`${name}.held-out`, [taught], some, pool.heldOut);
    const neighbours = await this.ask(`${name}.neighbours`, [taught], others, pool.heldOut);
    return {
      taught: of(known, name),
      heldOut: of(heldOut, name),
      before: of(heldOut, "none"),
      neighboursKept: of(neighbours, name).kept,
      text: await this.text(taught),
    };
  }

  private async ask(
    name: string,
    taught: readonly Taught[],
    facts: readonly Fact[],
    wordings: Wordings,
  ): Promise<RecallScoresBySet> {
    const questions = facts.map(({ subject, relation, object, aliases }) => [subject, relation, object, ...aliases]);
    const identity = { adapters: taught.map(({ hash }) => hash), questions, wordings: [...wordings].flat(2) };
    const { scores } = await this.laboratory.cells.get(name, identity, () =>
      this.withModel(taught, async (model, maxLength, how) => {
        const { scores } = await probeRecall(model, { facts, wordings }, maxLength, how);
        return { scores: scores };
      }),
    );
    return scores;
  }

  private async text(taught: Taught): Promise<KeptScores> {
    const { text } = this.plan.asked;
    const identity = { adapter: taught.hash, text: hashJson([...text]) };
    const { scores } = await this.laboratory.cells.get(`${taught.name}.text`, identity, () =>
      this.withModel([taught], async (model, maxLength, how) => {
        const scores = await probeText(model, text, maxLength, how);
        return { scores: scores };
      }),
    );
    return of(scores, taught.name);
  }

  private async withModel<T>(
    taught: readonly Taught[],
    use: (
      model: ClozeModel,
      maxLength: number,
      how: { readonly batchSize: number; readonly signal?: AbortSignal },
    ) => Promise<T>,
  ): Promise<T> {
    const { backbone, maxLength } = this.plan.training();
    const { executor } = this.laboratory;
    const adapters = Object.fromEntries(taught.map(({ name, folder }) => [name, folder]));
    await using model = await ClozeModel.open(executor, { backbone: backbone.folder, adapters });
    const { signal } = this.watch;
    return await use(model, maxLength, { batchSize: 64, ...(signal ? { signal } : {}) });
  }
}

/** The scores of one set of adapters. */
function of<T>(scores: Readonly<Record<string, T>>, name: string): T {
  const found = scores[name];
  if (found === undefined) throw new Error(`${name} was not asked`);
  return found;
}

/** Sum over facts of log₂ of the number of objects of their relation. */
function bitsOf(facts: readonly Fact[]): number {
  const objects = new Map<string, Set<string>>();
  for (const { relation, object } of facts) {
    objects.set(relation, (objects.get(relation) ?? new Set<string>()).add(object));
  }
  return facts.reduce((sum, { relation }) => sum + Math.log2(objects.get(relation)?.size ?? 1), 0);
}

const distinct = (counts: readonly number[]) => [...new Set(counts)].filter((count) => count > 0);

/** Parameters of an adapter, and of what joins it to the model. */
function parametersOf({ architecture, backbone, freezeAdapter }: TrainingConfig): number {
  const { hiddenSize } = backbone.config;
  const { parameters } = new AdapterSet(ParamScope.root(), [{ name: null, config: architecture }], hiddenSize);
  return (freezeAdapter ? 0 : totalElements(parameters)) + hiddenSize ** 2;
}
