/**
 * Many models beside few backbones, asked by many at a time. What a server does, whatever protocol it speaks.
 * @module
 */
import type { Executor } from "../engine/executor.js";
import { fill } from "../probing/fill.js";
import { Admission } from "./admission.js";
import { type BackboneLease, Backbones } from "./backbones.js";
import { MadeOnDemand } from "./made-on-demand.js";
import { ServingMetrics } from "./metrics.js";
import type { Pin } from "./pins.js";
import { metered, prepareAll, prepared, refusing } from "./preparing.js";
import { requireSize } from "./question-size.js";
import { RecentRequests } from "./recent-times.js";
import { type RegisteredModel, Registry } from "./registry.js";
import type { AskedHow, Prepared } from "./served-model.js";
import { ServingError } from "./serving-error.js";
import type { Pooling } from "./text-vectors.js";

export interface ServiceOptions {
  /** Padded tokens of one batch. */
  readonly batchTokens: number;
  /** Tokens of all requests that are under way together. */
  readonly queueTokens: number;
  /** Models that are loaded at a time. */
  readonly mostModels: number;
  /** The backbone that is asked where no model is named: a folder or a Hugging Face id. */
  readonly backbone?: string | undefined;
}

/** The answers of each model, in the order of the inputs, and the version that gave them. */
export interface Predictions {
  readonly answers: Readonly<Record<string, readonly unknown[]>>;
  readonly versions: Readonly<Record<string, string>>;
}

export class Service {
  readonly admission: Admission;
  readonly registry: Registry;
  readonly metrics: ServingMetrics;
  /** Times of the requests that were answered, from their admission on. */
  readonly recent = new RecentRequests();
  private readonly backbones: Backbones;
  private readonly made: MadeOnDemand;
  private readonly kept: BackboneLease[] = [];

  constructor(
    executor: Executor,
    private readonly options: ServiceOptions,
  ) {
    this.admission = new Admission(options.queueTokens);
    this.metrics = new ServingMetrics({
      tokens: () => this.admission.tokens,
      waiting: () => this.waiting(),
      models: () => this.registry.models.length,
    });
    this.backbones = new Backbones(executor, { budget: options.batchTokens, onBatch: this.metrics.onBatch });
    this.made = new MadeOnDemand(executor, this.backbones);
    const onDrop = (model: RegisteredModel) => this.made.forget(model);
    this.registry = new Registry(executor, this.backbones, { most: options.mostModels, onDrop });
  }

  /** Keeps a backbone open as long as this is, whoever reads it. */
  async keepBackbone(name: string): Promise<void> {
    this.kept.push(await this.backbones.acquire(await this.backbones.open(name)));
  }

  /**
   * Loads a folder under a name, see {@link Registry.load}.
   *
   * @throws ServingError; UserError where whoever runs the server named the folder
   */
  async load(name: string, folder: string, trusted = false): Promise<RegisteredModel> {
    this.admission.requireOpen();
    const load = () => this.registry.load(name, folder, trusted);
    return trusted ? load() : refusing(load);
  }

  /** See {@link Registry.unload}. */
  async unload(name: string): Promise<void> {
    this.admission.requireOpen();
    await this.registry.unload(name);
  }

  /**
   * Asks each model each question, all or none: what is wrong with one refuses the request before anything is computed.
   *
   * @param version that a single model must have
   * @throws ServingError
   */
  async predict(
    names: readonly string[],
    inputs: readonly unknown[],
    how: AskedHow & { readonly signal?: AbortSignal | undefined; readonly version?: string | undefined },
  ): Promise<Predictions> {
    const pins = this.pinAll([...new Set(names)], how.version);
    const models = pins.map(({ value }) => value);
    try {
      const answers = await metered(models, inputs.length, async () => {
        const asked: Prepared[] = [];
        for (const model of models) asked.push(...(await prepareAll(model, inputs, how)));
        return this.answerAll(asked, how.signal);
      });
      const of = (model: number) => answers.slice(model * inputs.length, (model + 1) * inputs.length);
      return {
        answers: Object.fromEntries(pins.map(({ value }, i) => [value.name, of(i)])),
        versions: Object.fromEntries(pins.map(({ value: { name, version } }) => [name, version])),
      };
    } finally {
      for (const pin of pins) pin.release();
    }
  }

  /** Words for a text's masks: of the backbone alone, beside each adapter, and beside all of them. */
  async fill(
    text: string,
    names: readonly string[],
    how: AskedHow & { readonly signal?: AbortSignal | undefined },
  ): Promise<Awaited<ReturnType<typeof fill>>> {
    requireSize(text, "text");
    const pins = this.pinAll([...new Set(names)]);
    try {
      const adapters = pins.map(({ value }) => value);
      const backbone = adapters[0]?.served.backbone.name ?? this.defaultBackbone();
      const filling = await refusing(() => this.made.fill(backbone, adapters));
      try {
        const { model } = filling.value;
        return await metered(adapters, 1, () => {
          const { ids } = prepared("text", () => ({ ids: model.tokenizer.encode(text).ids }));
          const cost = Math.max(1, ids.length) * model.names.length;
          return this.admitted(cost, () => refusing(() => fill(model, text, how)));
        });
      } finally {
        filling.release();
      }
    } finally {
      for (const pin of pins) pin.release();
    }
  }

  /** Vectors of texts: of a hidden state of the backbone, or of an adapter. */
  async embed(
    inputs: readonly string[],
    how: {
      readonly adapter?: string | undefined;
      readonly layer?: number | undefined;
      readonly pooling: Pooling;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<readonly unknown[]> {
    inputs.forEach((text, i) => {
      requireSize(text, `inputs.${i}`);
    });
    const pins = this.pinAll(how.adapter === undefined ? [] : [how.adapter]);
    try {
      const adapter = pins[0]?.value ?? null;
      const backbone = adapter?.served.backbone.name ?? this.defaultBackbone();
      const vectors = await refusing(() => this.made.vectors(backbone, adapter));
      try {
        const asked = inputs.map((text, i) => prepared(`inputs.${i}`, () => vectors.value.prepare(text, how)));
        return await this.answerAll(asked, how.signal);
      } finally {
        vectors.release();
      }
    } finally {
      for (const pin of pins) pin.release();
    }
  }

  /** Refuses what is new, and waits for what is under way. */
  drain(): Promise<void> {
    return this.admission.drain();
  }

  /** Frees everything; the executor stays open. */
  async close(): Promise<void> {
    await this.drain();
    await this.made.close();
    await this.registry.close();
    for (const lease of this.kept.splice(0)) await lease.release();
  }

  private async answerAll(asked: readonly Prepared[], signal: AbortSignal | undefined): Promise<readonly unknown[]> {
    const tokens = asked.reduce((sum, one) => sum + one.tokens, 0);
    return this.admitted(tokens, () =>
      refusing(async () => {
        // All of them end before the models are let go of.
        const ended = await Promise.allSettled(asked.map((one) => one.answer(signal)));
        return ended.map((one) => {
          if (one.status === "rejected") throw one.reason;
          return one.value;
        });
      }),
    );
  }

  private async admitted<R>(tokens: number, work: () => Promise<R>): Promise<R> {
    const started = performance.now();
    const result = await this.admission.with(tokens, work);
    this.recent.add((performance.now() - started) / 1000);
    return result;
  }

  private pinAll(names: readonly string[], version?: string): readonly Pin<RegisteredModel>[] {
    const pins: Pin<RegisteredModel>[] = [];
    try {
      for (const name of names) pins.push(this.registry.pin(name, version));
      return pins;
    } catch (error) {
      for (const pin of pins) pin.release();
      throw error;
    }
  }

  /** The one that is asked where no model is named; undefined where there is none. */
  get backbone(): string | undefined {
    return this.options.backbone ?? this.registry.models[0]?.served.backbone.name;
  }

  /** Items that wait for a batch. */
  waiting(): Promise<number> {
    return this.backbones.waiting();
  }

  private defaultBackbone(): string {
    if (this.backbone !== undefined) return this.backbone;
    throw new ServingError("not-found", "no model is loaded, and the server was given no backbone");
  }
}
