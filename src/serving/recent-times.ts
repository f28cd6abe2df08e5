/** How long requests took lately. */
export interface RecentTimes {
  readonly requests: number;
  /** Seconds in which half of them, and 95 of 100, were answered; null where there were none. */
  readonly median: number | null;
  readonly p95: number | null;
}

/** Milliseconds that count as lately. */
const lately = 60_000;

/** Requests that are remembered. */
const mostKept = 1024;

/** Remembers the times of the last requests. */
export class RecentRequests {
  private readonly times: { readonly at: number; readonly seconds: number }[] = [];
  private next = 0;

  /** @param now milliseconds of any clock that only goes on */
  add(seconds: number, now = performance.now()): void {
    this.times[this.next] = { at: now, seconds };
    this.next = (this.next + 1) % mostKept;
  }

  /** Of the last minute, and of the last 1024 requests at most. */
  lastMinute(now = performance.now()): RecentTimes {
    const taken = this.times.filter(({ at }) => now - at <= lately).map(({ seconds }) => seconds);
    taken.sort((a, b) => a - b);
    const share = (part: number) => taken[Math.ceil(part * taken.length) - 1] ?? null;
    return { requests: taken.length, median: share(0.5), p95: share(0.95) };
  }
}
