import { ServingError } from "./serving-error.js";

/** Seconds that are named where nothing was measured yet, at least and at most. */
const [leastWait, mostWait] = [1, 60];

/**
 * Decides which requests are taken, by their tokens: a whole request or nothing. Whatever a request holds (one text or
 * many, one model or several) the rule is the same.
 */
export class Admission {
  private held = 0;
  private requests = 0;
  private stopped = false;
  private whenEmpty: (() => void)[] = [];
  /** Tokens a second, of requests that were answered. */
  private rate: number | null = null;

  /** @param most tokens of all requests that are under way together */
  constructor(readonly most: number) {}

  /** Tokens that are under way. */
  get tokens(): number {
    return this.held;
  }

  /** Whether new requests are refused for good. */
  get draining(): boolean {
    return this.stopped;
  }

  /**
   * Does what was asked for, if there is room.
   *
   * @throws ServingError draining; invalid where it could never be taken; overloaded
   */
  async with<Result>(tokens: number, work: () => Promise<Result>): Promise<Result> {
    this.admit(tokens);
    const started = performance.now();
    try {
      const result = await work();
      this.measure(tokens, (performance.now() - started) / 1000);
      return result;
    } finally {
      this.held -= tokens;
      this.requests--;
      if (this.requests === 0) for (const tell of this.whenEmpty.splice(0)) tell();
    }
  }

  /** Refuses all that is new, and waits for what is under way. */
  async drain(): Promise<void> {
    this.stopped = true;
    if (this.requests > 0) await new Promise<void>((resolve) => this.whenEmpty.push(resolve));
  }

  /** @throws ServingError draining */
  requireOpen(): void {
    if (this.stopped) throw new ServingError("draining", "the server is stopping");
  }

  private admit(tokens: number): void {
    this.requireOpen();
    if (tokens > this.most) {
      throw new ServingError("invalid", `the request has ${tokens} tokens; at most ${this.most} are taken together`);
    }
    if (this.held + tokens > this.most) {
      throw new ServingError("overloaded", "too much is waiting already; ask again later", this.waitFor(tokens));
    }
    this.held += tokens;
    this.requests++;
  }

  /** Requests that wait together take their time together, so the rate is that of all tokens under way. */
  private measure(tokens: number, seconds: number): void {
    const now = Math.max(tokens, this.held) / Math.max(seconds, 1e-3);
    this.rate = this.rate === null ? now : 0.9 * this.rate + 0.1 * now;
  }

  private waitFor(tokens: number): number {
    const seconds = this.rate === null ? leastWait : (this.held + tokens - this.most) / this.rate;
    return Math.min(mostWait, Math.max(leastWait, Math.ceil(seconds)));
  }
}
