/** Why a request is not answered; whoever speaks a protocol turns it into a status. */
export const refusals = {
  "bad-request": 400,
  unauthorized: 401,
  forbidden: 403,
  "not-found": 404,
  conflict: 409,
  "too-large": 413,
  invalid: 422,
  overloaded: 429,
  internal: 500,
  draining: 503,
} as const;
export type Refusal = keyof typeof refusals;

/** A request that is refused. */
export class ServingError extends Error {
  override readonly name = "ServingError";

  constructor(
    readonly code: Refusal,
    message: string,
    /** Seconds after which it may be asked again, where it may be. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }

  /** Its status in HTTP. */
  get status(): number {
    return refusals[this.code];
  }
}
