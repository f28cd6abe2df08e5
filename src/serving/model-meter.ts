/** How often something was done, and how long it took altogether. */
export interface Timed {
  readonly count: number;
  readonly seconds: number;
}

/** Counts what took time. */
class Stopwatch implements Timed {
  count = 0;
  seconds = 0;

  add(seconds: number, count = 1): void {
    this.count += count;
    this.seconds += seconds;
  }
}

/** Different sizes of batches that are told apart; the largest stands for all above it. */
const mostSizes = 1024;

/** What one model was asked and how long that took, since it was loaded. */
export class ModelMeter {
  /** Requests that were answered, and those that were refused or failed. */
  readonly success = new Stopwatch();
  readonly fail = new Stopwatch();
  /** Making tokens of questions; waiting for a batch; batches, the backbone's pass included. */
  readonly prepare = new Stopwatch();
  readonly queue = new Stopwatch();
  readonly compute = new Stopwatch();
  /** Batches by how many of the model's items they held. */
  readonly batches = new Map<number, Stopwatch>();
  /** Questions that were answered. */
  inferences = 0;
  /** Milliseconds since 1970 of the last request; 0 before there is one. */
  lastRequest = 0;

  /** A request for so many answers has ended. */
  onRequest(questions: number, answered: boolean, seconds: number): void {
    this.lastRequest = Date.now();
    (answered ? this.success : this.fail).add(seconds);
    if (answered) this.inferences += questions;
  }

  /** A batch was computed that held items of the model. @param waited seconds of each of them */
  onBatch(waited: readonly number[], seconds: number): void {
    for (const one of waited) this.queue.add(one);
    this.compute.add(seconds);
    const size = Math.min(waited.length, mostSizes);
    const batches = this.batches.get(size) ?? new Stopwatch();
    this.batches.set(size, batches);
    batches.add(seconds);
  }
}
