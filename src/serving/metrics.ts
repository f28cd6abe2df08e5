import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { BatchFacts } from "./shared-backbone.js";

/** What a server counts, for Prometheus. */
export class ServingMetrics {
  readonly registry = new Registry();
  private readonly batchTexts = this.histogram("batch_texts", "Different texts of a batch", powers(1, 10));
  private readonly batchReaders = this.histogram("batch_models", "Models that read a batch", powers(1, 6));
  private readonly batchSeconds = this.histogram("batch_seconds", "Time of a batch", seconds);
  private readonly tokens = this.counter("tokens_total", "Tokens of different texts that were computed");
  private readonly padded = this.counter("padded_tokens_total", "The same with padding");
  private readonly requestSeconds = new Histogram({
    ...{ name: "kadapter_request_seconds", help: "Time of a request by route", labelNames: ["route", "status"] },
    ...{ buckets: seconds, registers: [this.registry] },
  });

  /** @param now what is under way when it is asked for */
  constructor(now: {
    readonly tokens: () => number;
    readonly waiting: () => Promise<number>;
    readonly models: () => number;
  }) {
    this.gauge("admitted_tokens", "Tokens of requests under way", now.tokens);
    this.gauge("queued_items", "Items that wait for a batch", now.waiting);
    this.gauge("models", "Models that are loaded", now.models);
  }

  /** Batches since the start, their different texts, and the seconds that they took. */
  readonly batches = { count: 0, texts: 0, seconds: 0 };

  readonly onBatch = ({ texts, tokens, padded, readers, seconds: taken }: BatchFacts): void => {
    this.batches.count++;
    this.batches.texts += texts;
    this.batches.seconds += taken;
    this.batchTexts.observe(texts);
    this.batchReaders.observe(readers);
    this.batchSeconds.observe(taken);
    this.tokens.inc(tokens);
    this.padded.inc(padded);
  };

  /** @param route its pattern, never what was asked */
  onRequest(route: string, status: number, taken: number): void {
    this.requestSeconds.observe({ route, status: String(status) }, taken);
  }

  private histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ name: `kadapter_${name}`, help, buckets, registers: [this.registry] });
  }

  private counter(name: string, help: string): Counter {
    return new Counter({ name: `kadapter_${name}`, help, registers: [this.registry] });
  }

  private gauge(name: string, help: string, value: () => number | Promise<number>): void {
    const collect = async function (this: Gauge) {
      this.set(await value());
    };
    new Gauge({ name: `kadapter_${name}`, help, registers: [this.registry], collect });
  }
}

const seconds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

function powers(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first * 2 ** i);
}
