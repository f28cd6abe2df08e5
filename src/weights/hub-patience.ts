import { hubBounds } from "../files/bounds.js";
import { sleep } from "../host/machine.js";

/** How often something is tried again. */
const mostRetries = 3;

/** Seconds before each of them, where the hub names none: a short overload passes, and nobody waits for a long one. */
export const waitBefore = (retry: number): number => 0.2 * 2 ** retry;

/** Said by a server, or one in front of it, that cannot answer now; a request that changes something may have been heard. */
const passing = new Set([502, 503, 504]);

/**
 * A `fetch` that asks again where the hub is asked too much (429) or cannot answer for a moment: a few times, after as
 * long as the hub wants it to be.
 */
export function patientFetch(underlying: typeof fetch): typeof fetch {
  return async (input, init) => {
    for (let retry = 0; ; retry++) {
      const response = await underlying(input, init);
      const repeatable = /^(GET|PUT)$/i.test(init?.method ?? "GET");
      if (response.status !== 429 && !(repeatable && passing.has(response.status))) return response;
      const wait = secondsOf(response.headers.get("retry-after")) ?? waitBefore(retry);
      if (retry === mostRetries || wait > hubBounds.wait) return response;
      await response.body?.cancel();
      await sleep(1000 * wait, init?.signal ?? undefined);
    }
  };
}

/** Dates are not read: the hub says seconds. */
const secondsOf = (header: string | null): number | undefined =>
  header !== null && /^\d{1,9}$/.test(header.trim()) ? Number(header) : undefined;
