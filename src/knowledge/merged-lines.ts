/**
 * Several sources of lines in order, as one.
 * @module
 */

/** How many lines are handed on together. */
export const linesAtOnce = 4096;

/** One of several sources of lines in order. */
class Run {
  #batch: readonly string[] = [];
  #at = 0;

  private constructor(private readonly batches: AsyncIterator<readonly string[]>) {}

  /** Null where there is no line. */
  static async open(source: AsyncIterable<readonly string[]>): Promise<Run | null> {
    const run = new Run(source[Symbol.asyncIterator]());
    return (await run.refill()) ? run : null;
  }

  get line(): string {
    return this.#batch[this.#at] as string;
  }

  /** Goes to the next line; false where {@link refill} must be asked for more. */
  advance(): boolean {
    return ++this.#at < this.#batch.length;
  }

  /** False at the end. */
  async refill(): Promise<boolean> {
    this.#at = 0;
    do {
      const next = await this.batches.next();
      if (next.done === true) return false;
      this.#batch = next.value;
    } while (this.#batch.length === 0);
    return true;
  }
}

/** The lines of several sources in order, each once. */
export async function* merged(sources: readonly AsyncIterable<readonly string[]>[]): AsyncGenerator<readonly string[]> {
  const heap = new Heap((await Promise.all(sources.map((source) => Run.open(source)))).filter((run) => run !== null));
  let batch: string[] = [];
  let last: string | undefined;
  for (let first = heap.first; first; first = heap.first) {
    const { line } = first;
    if (line !== last) batch.push(line);
    last = line;
    if (first.advance() || (await first.refill())) heap.sink();
    else heap.removeFirst();
    if (batch.length < linesAtOnce) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** A binary heap: the run with the least line is the first. */
class Heap {
  constructor(private readonly runs: Run[]) {
    for (let at = runs.length >> 1; at >= 0; at--) this.sink(at);
  }

  get first(): Run | undefined {
    return this.runs[0];
  }

  removeFirst(): void {
    const last = this.runs.pop();
    if (last === undefined || this.runs.length === 0) return;
    this.runs[0] = last;
    this.sink();
  }

  /** Moves the run at a place down to where it belongs. */
  sink(from = 0): void {
    const { runs } = this;
    const run = runs[from];
    if (run === undefined) return;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < runs.length && runs[child + 1]!.line < runs[child]!.line) child++;
      if (child >= runs.length || runs[child]!.line >= run.line) break;
      runs[at] = runs[child]!;
      at = child;
    }
    runs[at] = run;
  }
}
