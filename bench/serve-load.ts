/**
 * Load on a server, and what came of it.
 * @module
 */
import { RandomStream } from "../src/random.js";
import { median } from "./stats.js";

/** What a load found. Times are in seconds. */
export interface Load {
  /** Answers a second. */
  readonly rate: number;
  readonly median: number;
  /** The 99th percentile. */
  readonly high: number;
  /** Requests that were not answered with 200, but for those that were refused. */
  readonly failed: number;
  /** Requests that the server was too busy to take (429), and how soon it said so; an open loop tells them apart. */
  readonly refused?: { readonly count: number; readonly median: number; readonly high: number };
}

/** What of autocannon is used here. */
type Autocannon = (options: object) => Promise<{
  readonly requests: { readonly average: number };
  readonly latency: { readonly p50: number; readonly p99: number };
  readonly non2xx: number;
  readonly errors: number;
}>;

/** So many clients, each of which asks again when it has its answer. */
export async function closedLoop(url: string, body: string, connections: number, duration: number): Promise<Load> {
  // It has no types of its own.
  const name: string = "autocannon";
  const { default: autocannon } = (await import(name)) as { readonly default: Autocannon };
  const headers = { "content-type": "application/json" };
  const { requests, latency, non2xx, errors } = await autocannon({
    url,
    method: "POST",
    headers,
    body,
    connections,
    duration,
    // Seconds; a slow answer is one all the same.
    timeout: 120,
  });
  return { rate: requests.average, median: latency.p50 / 1000, high: latency.p99 / 1000, failed: non2xx + errors };
}

/**
 * Requests at random times, whether those before are answered or not (a Poisson process). A time counts from when the
 * request was due: a server that is behind is seen to be.
 *
 * @param ask the status of one request's answer
 */
export async function openLoop(ask: () => Promise<number>, rate: number, duration: number): Promise<Load> {
  const random = new RandomStream(1, "open loop");
  const times: Record<"answered" | "refused", number[]> = { answered: [], refused: [] };
  const running: Promise<void>[] = [];
  let failed = 0;
  const started = performance.now();
  const since = (due: number) => (performance.now() - started) / 1000 - due;
  for (let due = 0; due < duration; due += -Math.log(1 - random.uniform()) / rate) {
    const wait = started + 1000 * due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const sent = since(0);
    const one = ask().then(
      (status) => {
        if (status === 200) times.answered.push(since(due));
        // From when it was sent: a client that is late is no fault of the server's.
        else if (status === 429) times.refused.push(since(sent));
        else failed++;
      },
      () => {
        failed++;
      },
    );
    running.push(one);
  }
  await Promise.all(running);
  const { answered, refused } = times;
  const [middle, high] = [middleOf(answered), highOf(answered)];
  const told = { count: refused.length, median: middleOf(refused), high: highOf(refused) };
  return { rate: answered.length / since(0), median: middle, high, failed, refused: told };
}

const middleOf = (times: readonly number[]): number => (times.length === 0 ? 0 : median([...times]));

/** The 99th percentile. */
function highOf(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(0.99 * sorted.length))] ?? 0;
}
