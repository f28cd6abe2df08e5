import type { Executor, LoadedGraph, PlanInput, PlanStep, Tensors } from "../engine/executor.js";
import { openedInScope } from "../engine/scopes.js";
import type { BackboneHandle } from "../features/backbone-handle.js";
import type { FeatureDType } from "../features/feature-cache.js";
import { loadBackboneGraph } from "../features/frozen-backbone.js";
import { padBatch, tokenFeeds } from "../features/token-batch.js";
import { loadOwnHead } from "../features/word-embeddings.js";
import { cast } from "../graph/index.js";
import { hiddenStateName } from "../models/hidden-states.js";
import type { EncodedText } from "../tasks/task.js";
import type { HostTensor } from "../tensor.js";
import { type Item, type Job, keyOf, lengthOf, type Reader } from "./job.js";

/** A hidden state as the shared graph gives it. */
const stateName = (layer: number, dtype: FeatureDType): string =>
  dtype === "float32" ? hiddenStateName(layer) : `${hiddenStateName(layer)}.${dtype}`;

/** What a batch was. */
export interface BatchFacts {
  /** Different texts. */
  readonly texts: number;
  /** Tokens of these, and with the padding. */
  readonly tokens: number;
  readonly padded: number;
  /** Graphs that read the hidden states. */
  readonly readers: number;
  readonly seconds: number;
}

/** A result for each job of a batch, and what the batch was. */
export interface BatchResults {
  readonly results: readonly unknown[];
  readonly facts: BatchFacts;
}

/**
 * A frozen backbone that several models read. It runs once for a batch, however many read it; each model gets the rows of
 * its own texts, and no hidden state leaves the place where graphs run unless it is asked for itself.
 */
export class SharedBackbone {
  private constructor(
    private readonly executor: Executor,
    readonly folder: BackboneHandle,
    private readonly graph: LoadedGraph,
  ) {}

  static open(executor: Executor, folder: BackboneHandle): Promise<SharedBackbone> {
    return openedInScope(executor, async (scope) => {
      const upTo = folder.config.layers;
      const layers = Array.from({ length: upTo + 1 }, (_, layer) => layer);
      const graph = await loadBackboneGraph(
        scope,
        folder,
        (g, state) =>
          Object.fromEntries(
            (["float32", "float16"] as const).flatMap((dtype) =>
              layers.map((layer) => [stateName(layer, dtype), cast(g, state(layer), dtype)]),
            ),
          ),
        { upTo },
      );
      return new SharedBackbone(scope, folder, graph);
    });
  }

  /** Computes a batch of jobs whose padding has one form. */
  async run(jobs: readonly Job[]): Promise<BatchResults> {
    const started = performance.now();
    const plan = new Plan(this.folder, this.graph, jobs);
    const results = plan.resultsFrom(await this.executor.runPlan(plan.steps));
    return { results, facts: { ...plan.facts, seconds: (performance.now() - started) / 1000 } };
  }

  private own: Promise<LoadedGraph | null> | null = null;

  /** Its own language-model head, whose output matrix all that fill masks share; null where its weights hold none. */
  ownHead(): Promise<LoadedGraph | null> {
    const own = this.own ?? loadOwnHead(this.executor, this.folder);
    this.own = own;
    own.catch(() => {
      this.own = null;
    });
    return own;
  }

  /** Frees its memory. */
  close(): Promise<void> {
    return this.executor.close();
  }
}

/** The jobs of one reader in a batch. */
interface Share {
  readonly reader: Reader;
  /** Indices of its jobs. */
  readonly jobs: readonly number[];
  readonly items: readonly Item[];
  /** The batch's row of each of its texts. */
  readonly rows: readonly number[];
  /** Index of the step whose output it gets. */
  readonly step: number;
}

class Plan {
  readonly steps: readonly PlanStep[];
  readonly facts: Omit<BatchFacts, "seconds">;
  private readonly shares: readonly Share[];
  private readonly width: number;

  constructor(
    private readonly folder: BackboneHandle,
    backbone: LoadedGraph,
    private readonly jobs: readonly Job[],
  ) {
    this.width = Math.max(...jobs.map(({ item, padding }) => padding.width ?? lengthOf(item)));
    const texts = new Map<string, EncodedText>();
    for (const { item } of jobs) for (const text of item.texts) texts.set(keyOf(text), text);
    const places = new Map([...texts.keys()].map((key, row) => [key, row]));
    const readers = [...new Set(jobs.map(({ reader }) => reader))];
    const needsStates = readers.some(({ layers }) => layers.length > 0);
    let step = needsStates ? 1 : 0;
    this.shares = readers.map((reader) => {
      const own = [...jobs.keys()].filter((i) => jobs[i]?.reader === reader);
      const items = own.map((i) => (jobs[i] as Job).item);
      const rows = items.flatMap((item) => item.texts.map((text) => places.get(keyOf(text)) as number));
      return { reader, jobs: own, items, rows, step: reader.graph ? step++ : 0 };
    });
    const fetch = readers.filter(({ graph }) => graph === null).map(({ output }) => output);
    const first = { graph: backbone, feeds: this.tokens([...texts.values()]), fetch: [...new Set(fetch)] };
    const others = this.shares.flatMap((share) => this.stepOf(share, texts.size));
    this.steps = [...(needsStates ? [first] : []), ...others];
    const tokens = [...texts.values()].reduce((sum, { inputIds }) => sum + inputIds.length, 0);
    this.facts = { texts: texts.size, tokens, padded: texts.size * this.width, readers: readers.length };
  }

  /** A result for each job. */
  resultsFrom(fetched: readonly Tensors[]): readonly unknown[] {
    const results = new Array<unknown>(this.jobs.length);
    for (const { reader, jobs, items, rows, step } of this.shares) {
      const output = fetched[step]?.[reader.output] as HostTensor;
      const own = reader.results(reader.graph ? output : rowsOf(output, rows), items, this.width);
      jobs.forEach((job, i) => {
        results[job] = own[i];
      });
    }
    return results;
  }

  private tokens(texts: readonly EncodedText[]): Tensors {
    const ids = texts.map(({ inputIds }) => inputIds);
    return tokenFeeds(this.folder, padBatch(ids, this.width, this.folder.config.padTokenId));
  }

  private stepOf({ reader, items, rows }: Share, count: number): readonly PlanStep[] {
    const { graph, layers, dtype, inputs, output } = reader;
    if (!graph) return [];
    const all = rows.length === count && rows.every((row, i) => row === i);
    const from = Object.fromEntries(
      layers
        .filter((layer) => inputs.has(hiddenStateName(layer)))
        .map((layer): [string, PlanInput] => [
          hiddenStateName(layer),
          { step: 0, output: stateName(layer, dtype), ...(all ? {} : { rows }) },
        ]),
    );
    const own = { ...this.tokens(items.flatMap(({ texts }) => texts)), ...reader.feeds(items, this.width) };
    const feeds = Object.fromEntries(Object.entries(own).filter(([name]) => inputs.has(name)));
    return [{ graph, feeds, from, fetch: [output] }];
  }
}

/** Rows of a float32 tensor's first axis. */
function rowsOf({ shape, data }: HostTensor, rows: readonly number[]): HostTensor<"float32"> {
  const size = data.length / (shape[0] as number);
  const picked = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    picked.set((data as Float32Array).subarray(row * size, (row + 1) * size), i * size);
  });
  return { dtype: "float32", shape: [rows.length, ...shape.slice(1)], data: picked };
}
