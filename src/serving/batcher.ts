import type { Item, Job } from "./job.js";
import type { ModelMeter } from "./model-meter.js";
import { nextBatch, type Waiting, waitingFor } from "./next-batch.js";
import type { BatchFacts, SharedBackbone } from "./shared-backbone.js";

interface Queued extends Waiting, Job {
  /** When it came, by `performance.now()`. */
  readonly since: number;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

export interface BatcherOptions {
  /** Padded tokens of a batch: its longest text times its number of texts. */
  readonly budget: number;
  /** Told of each batch that was computed. */
  readonly onBatch?: (facts: BatchFacts) => void;
}

/** Asks a shared backbone, one batch after another; what waits meanwhile makes the next batch. */
export class Batcher {
  private queue: Queued[] = [];
  private running: Promise<void> | null = null;

  constructor(
    readonly backbone: Pick<SharedBackbone, "run">,
    private readonly options: BatcherOptions,
  ) {}

  /** Items that wait. */
  get waiting(): number {
    return this.queue.length;
  }

  /** The result of a job. @throws AbortError where whoever asked has left before it was computed */
  ask<I extends Item, Result>(job: Job<I, Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const waiting = waitingFor(job.item, job.padding);
      // The reader that takes the item is the job's own.
      const since = performance.now();
      this.queue.push({ ...waiting, ...(job as unknown as Job), since, resolve: resolve as Queued["resolve"], reject });
      this.running ??= this.run();
    });
  }

  private async run(): Promise<void> {
    // Whoever asks for several things asks for all of them before the first batch is chosen.
    await new Promise((resolve) => setImmediate(resolve));
    for (;;) {
      this.dropThoseWhoLeft();
      const chosen = new Set(nextBatch(this.queue, this.options.budget));
      if (chosen.size === 0) break;
      const batch = this.queue.filter((_, i) => chosen.has(i));
      this.queue = this.queue.filter((_, i) => !chosen.has(i));
      await this.answer(batch);
    }
    this.running = null;
  }

  private dropThoseWhoLeft(): void {
    this.queue = this.queue.filter(({ signal, reject }) => {
      if (!signal?.aborted) return true;
      reject(signal.reason);
      return false;
    });
  }

  /** Where a batch fails, each job is tried alone, so that only the one that cannot be computed fails. */
  private async answer(batch: readonly Queued[]): Promise<void> {
    try {
      const started = performance.now();
      const { results, facts } = await this.backbone.run(batch);
      this.options.onBatch?.(facts);
      tellMeters(batch, started, facts.seconds);
      batch.forEach(({ resolve }, i) => {
        resolve(results[i]);
      });
    } catch (error) {
      if (batch.length === 1) batch[0]?.reject(error);
      else for (const one of batch) await this.answer([one]);
    }
  }
}

/** Tells each model of a batch what became of its items. */
function tellMeters(batch: readonly Queued[], started: number, seconds: number): void {
  const waited = new Map<ModelMeter, number[]>();
  for (const { meter, since } of batch) {
    if (meter) waited.set(meter, [...(waited.get(meter) ?? []), (started - since) / 1000]);
  }
  for (const [meter, own] of waited) meter.onBatch(own, seconds);
}
