import type { OpenedAdapter } from "../adapters/opened-adapter.js";
import type { TokenBlock } from "../data/text.js";
import type { TrainEvent } from "../engine/events.js";
import type { Executor } from "../engine/executor.js";
import type { BackboneHandle } from "../features/backbone-handle.js";
import { inferenceBatches } from "../features/batches.js";
import { roomFor } from "../features/cache-room.js";
import { FeatureCache } from "../features/feature-cache.js";
import { backboneName, joinVectors, PositionFeatures } from "../features/position-features.js";
import { bytesOf, concatenated, float32Tensor, viewAs } from "../tensor.js";
import { hashLists } from "../weights/hash.js";
import { type EncodedMasked, MaskedLm, type MaskedLmOptions, maskedLmSettings } from "./masked-lm.js";
import { encodeBlocks } from "./text-blocks.js";

export interface MaskedTextsOptions {
  readonly backbone: BackboneHandle;
  /** All adapters that some head reads. */
  readonly adapters: readonly OpenedAdapter[];
  readonly maxLength: number;
  readonly masking: Partial<Pick<MaskedLmOptions, "masking" | "rate" | "seed">>;
  /** Number of ways in which a text is masked: a new one in each epoch, then the first again. */
  readonly draws: number;
  /** Folder of caches; null computes every batch anew. */
  readonly cache: string | null;
  /** Most bytes of all caches in the folder together, see {@link roomFor}. */
  readonly cacheLimit: number;
  /** Stops the filling of a cache with an AbortError; what is complete of it stays. */
  readonly signal?: AbortSignal;
}

/** Texts for training and for evaluation. */
export interface LmHeadData {
  readonly train: readonly TokenBlock[];
  readonly dev: readonly TokenBlock[];
}

/** A text as it was masked once. */
export interface DrawnText {
  readonly text: EncodedMasked;
  /** Its place among all of them. */
  readonly record: number;
}

/**
 * Masked texts that several heads are trained on. What stands in front of the heads does not change, so it runs once
 * for each text and mask, whatever the number of heads, seeds and epochs, and is kept on disk.
 */
export class MaskedTexts {
  private source: PositionFeatures | null = null;
  private cache: FeatureCache | null = null;
  private filled: Promise<void> | null = null;

  private constructor(
    private readonly executor: Executor,
    readonly options: MaskedTextsOptions,
    readonly task: MaskedLm,
    /** Masked as they are in the first epoch. */
    readonly train: readonly EncodedMasked[],
    readonly dev: readonly EncodedMasked[],
    private readonly places: ReadonlyMap<EncodedMasked, number>,
  ) {}

  /** @param onEvent told what is left out, and where the vectors will be kept */
  static async open(
    executor: Executor,
    options: MaskedTextsOptions,
    data: LmHeadData,
    onEvent: (event: TrainEvent) => Promise<void> | void = () => undefined,
  ): Promise<MaskedTexts> {
    const { backbone, maxLength, masking } = options;
    const settings = maskedLmSettings(backbone.tokenizer, backbone.config.vocabSize, masking);
    const task = new MaskedLm(settings, { maxLength });
    const encode = (set: "train" | "dev") => encodeBlocks(task, data[set], backbone.tokenizer, `${set} text`, onEvent);
    const train = (await encode("train")).map((text, i) => task.redraw(text, 0, i));
    const dev = await encode("dev");
    const places = new Map(train.map((text, i) => [text, i]));
    const texts = new MaskedTexts(executor, options, task, train, dev, places);
    const { cache: root, cacheLimit } = options;
    const cache = root === null ? null : texts.planned(root);
    if (cache && root !== null && (await roomFor("hidden words", root, cache, cacheLimit, onEvent)))
      texts.cache = cache;
    return texts;
  }

  /** Whether vectors come from a cache: their last bits then differ from those of a batch that is computed anew. */
  get cached(): boolean {
    return this.cache !== null;
  }

  /** A training text as it is masked in an epoch, counted from 0. */
  drawn(text: EncodedMasked, epoch: number): DrawnText {
    const index = this.places.get(text);
    if (index === undefined) throw new Error("the text is not one of these");
    return this.draw(epoch % this.options.draws, index);
  }

  private draw(draw: number, index: number): DrawnText {
    const first = this.train[index] as EncodedMasked;
    const text = draw === 0 ? first : this.task.redraw(first, draw, index);
    return { text, record: draw * this.train.length + index };
  }

  /** A text for evaluation, which is always masked in the same way. */
  held(index: number): DrawnText {
    return { text: this.dev[index] as EncodedMasked, record: this.options.draws * this.train.length + index };
  }

  /** All of them, by {@link DrawnText.record}. */
  private at(record: number): DrawnText {
    const [all, { length }] = [this.options.draws * this.train.length, this.train];
    return record < all ? this.draw(Math.floor(record / length), record % length) : this.held(record - all);
  }

  /**
   * The vectors at the masked tokens, text after text: `[masked, (1 + adapters) · hidden]`.
   *
   * @param adapters names, in the order in which their vectors follow the backbone's
   */
  async vectors(texts: readonly DrawnText[], adapters: readonly string[]): Promise<Float32Array> {
    const { hiddenSize } = this.options.backbone.config;
    const names = [backboneName, ...adapters];
    const { cache } = this;
    if (!cache) {
      const source = await this.open();
      const positioned = texts.map(({ text }) => text);
      return joinVectors(await source.vectors(positioned, adapters), names, hiddenSize);
    }
    await this.prepare();
    const parts = this.parts;
    const wanted = names.map((name) => parts.indexOf(name));
    const records = await Promise.all(texts.map(async ({ record }) => viewAs("float32", await cache.read(record))));
    return joined(records, wanted, parts.length, hiddenSize);
  }

  async close(): Promise<void> {
    await this.source?.close();
    this.source = null;
    await this.cache?.close();
  }

  /** Whose vectors a record of the cache holds, one after the other. */
  private get parts(): readonly string[] {
    return [backboneName, ...this.options.adapters.map(({ name }) => name)];
  }

  private async open(): Promise<PositionFeatures> {
    const { backbone, adapters } = this.options;
    this.source ??= await PositionFeatures.open(this.executor, backbone, adapters);
    return this.source;
  }

  /**
   * Computes what the cache lacks; done once, for all heads.
   *
   * @param onEvent told how far the vectors are computed
   */
  prepare(onEvent: (event: TrainEvent) => Promise<void> | void = () => undefined): Promise<void> {
    this.filled ??= this.cache ? this.fill(this.cache, onEvent) : Promise.resolve();
    return this.filled;
  }

  private async fill(cache: FeatureCache, onEvent: (event: TrainEvent) => Promise<void> | void): Promise<void> {
    const started = performance.now();
    await cache.fill(
      (records) => this.compute(records),
      (done, total) =>
        void onEvent({ kind: "prepare", what: "text", done, total, seconds: (performance.now() - started) / 1000 }),
    );
    // A filled cache needs no backbone.
    await this.source?.close();
    this.source = null;
  }

  private planned(root: string): FeatureCache {
    const { backbone, adapters, draws } = this.options;
    const all = Array.from({ length: draws * this.train.length + this.dev.length }, (_, i) => this.at(i).text);
    const blocks = [...this.train, ...this.dev].map(({ block }) => block.ids);
    return new FeatureCache({
      root,
      identity: {
        backbone: backbone.hash,
        configuration: backbone.configHash,
        adapters: adapters.map(({ hash }) => hash),
        data: hashLists(blocks),
        masks: { ...this.task.options, draws, train: this.train.length },
      },
      lengths: all.map(({ positions }) => positions.length),
      layers: this.parts.map((_, i) => i),
      hiddenSize: backbone.config.hiddenSize,
      dtype: "float32",
    });
  }

  /** The records of some texts: `[parts, masked, hidden]` each. */
  private async compute(records: Uint32Array): Promise<Uint8Array[]> {
    const source = await this.open();
    const { adapters, backbone, signal } = this.options;
    const { hiddenSize } = backbone.config;
    const texts = Array.from(records, (record) => this.at(record).text);
    const lengths = texts.map(({ inputIds }) => inputIds.length);
    const found = new Array<Uint8Array>(records.length);
    for (const batch of inferenceBatches(lengths)) {
      signal?.throwIfAborted();
      const positioned = batch.map((i) => texts[i] as EncodedMasked);
      const names = adapters.map(({ name }) => name);
      const vectors = await source.vectors(positioned, names);
      let at = 0;
      for (const [row, i] of batch.entries()) {
        const masked = (positioned[row] as EncodedMasked).positions.length;
        const parts = this.parts.map((name) =>
          (vectors.get(name) as Float32Array).subarray(at * hiddenSize, (at + masked) * hiddenSize),
        );
        found[i] = bytesOfAll(parts);
        at += masked;
      }
    }
    return found;
  }
}

function bytesOfAll(parts: readonly Float32Array[]): Uint8Array {
  const whole = concatenated(parts);
  return bytesOf(float32Tensor([whole.length], whole));
}

/** Some parts of records `[parts, masked, size]`, side by side: `[all masked, wanted · size]`. */
function joined(
  records: readonly Float32Array[],
  wanted: readonly number[],
  parts: number,
  size: number,
): Float32Array {
  const rows = records.reduce((sum, { length }) => sum + length / (parts * size), 0);
  const whole = new Float32Array(rows * wanted.length * size);
  let at = 0;
  for (const record of records) {
    const masked = record.length / (parts * size);
    for (let row = 0; row < masked; row++) {
      for (const part of wanted) {
        const from = (part * masked + row) * size;
        whole.set(record.subarray(from, from + size), at);
        at += size;
      }
    }
  }
  return whole;
}
