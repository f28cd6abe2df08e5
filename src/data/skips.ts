/** Told of everything that a reader leaves out: why, and where it stands. */
export type OnSkip<Reason extends string = string> = (reason: Reason, where: string) => void;

/** Counts by reason what readers leave out. */
export class SkipCounter {
  readonly counts: Record<string, number>;

  /** @param before what was left out already */
  constructor(before: Readonly<Record<string, number>> = {}) {
    this.counts = { ...before };
  }

  /** Bound: it is handed to readers as it is. */
  readonly onSkip: OnSkip = (reason) => {
    this.counts[reason] = (this.counts[reason] ?? 0) + 1;
  };

  /** What was counted since this was called last. */
  take(): Readonly<Record<string, number>> {
    const taken = { ...this.counts };
    for (const reason of Object.keys(taken)) delete this.counts[reason];
    return taken;
  }
}
