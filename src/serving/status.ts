import type { Loading } from "./loading.js";
import type { RecentTimes } from "./recent-times.js";
import type { RegisteredModel } from "./registry.js";
import type { Service } from "./service.js";

/** What is told of a model. */
export type AboutModel = Pick<RegisteredModel, "name" | "version" | "task" | "backbone">;

export const aboutModel = ({ name, version, task, backbone }: RegisteredModel): AboutModel => ({
  ...{ name, version, task, backbone },
});

/** What a server is doing, as its page shows it. */
export interface ServerStatus {
  /** Whether new requests are taken. */
  readonly ready: boolean;
  /** Whether models may be loaded by those who have the token. */
  readonly loading: boolean;
  /** The language model that is asked where no adapter is named. */
  readonly backbone: string | null;
  readonly models: readonly AboutModel[];
  readonly queue: {
    /** Tokens of requests under way, and how many there may be. */
    readonly tokens: number;
    readonly mostTokens: number;
    /** Texts that wait for a batch. */
    readonly items: number;
  };
  readonly batches: {
    /** Since the start. */
    readonly count: number;
    /** Different texts of all of them, and the seconds that they took. */
    readonly texts: number;
    readonly seconds: number;
  };
  /** Of the last minute. */
  readonly latency: RecentTimes;
}

export async function statusOf(service: Service, loading: Loading | null): Promise<ServerStatus> {
  const { admission, registry, metrics, recent } = service;
  return {
    ready: !admission.draining,
    loading: loading !== null,
    backbone: service.backbone ?? null,
    models: registry.models.map(aboutModel),
    queue: { tokens: admission.tokens, mostTokens: admission.most, items: await service.waiting() },
    batches: metrics.batches,
    latency: recent.lastMinute(),
  };
}
