/**
 * Lines in order, more of them than memory holds.
 * @module
 */
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { readBytes } from "../data/bytes.js";
import { fileError } from "../files/atomic.js";

/** How many characters are held before they are written to a file. */
const usualMost = 1 << 26;
/** What a line takes beside its characters. */
const overhead = 24;
/** Files that are read side by side; more are first joined into one. */
const mostRuns = 64;
const linesAtOnce = 4096;

/**
 * Lines that come in any order and are read in that of their UTF-16 units, each once. About 200 MB are held at most: what
 * is more stands in sorted files of the given folder, which are merged.
 */
export class SortedLines {
  #lines: string[] = [];
  #size = 0;
  #runs: string[] = [];
  #made = 0;

  /**
   * @param folder for files; it is there, and whoever made it removes it
   * @param name tells the files from those of others in the folder
   */
  constructor(
    private readonly folder: string,
    private readonly name: string,
    private readonly most = usualMost,
  ) {}

  /** Takes a line made of these parts, with tabs between them; none of them holds a tab or a line feed. */
  add(...parts: readonly string[]): void {
    // `join` copies: a text that was cut out of a long one would keep that in memory.
    const line = parts.join("\t");
    this.#lines.push(line);
    this.#size += line.length + overhead;
  }

  /** Whether {@link spill} is wanted. */
  get isFull(): boolean {
    return this.#size >= this.most;
  }

  /** Writes what is held into a file. */
  async spill(): Promise<void> {
    const lines = this.#take();
    this.#runs.push(await this.#write(inBatches(lines)));
    if (this.#runs.length < mostRuns) return;
    const runs = this.#runs;
    this.#runs = [await this.#write(merged(runs.map(batchesOf)))];
    await Promise.all(runs.map((run) => rm(run)));
  }

  /** All lines in order, in batches; no line may be added any more. It can be read once. */
  async *batches(): AsyncGenerator<readonly string[]> {
    const held = inBatches(this.#take());
    yield* merged([...this.#runs.map(batchesOf), held]);
    await Promise.all(this.#runs.map((run) => rm(run)));
    this.#runs = [];
  }

  #take(): readonly string[] {
    const lines = this.#lines.sort();
    this.#lines = [];
    this.#size = 0;
    return lines;
  }

  async #write(batches: AsyncIterable<readonly string[]>): Promise<string> {
    const path = join(this.folder, `${this.name}-${this.#made++}`);
    try {
      // Nobody reads it after a crash, so it need not be on the disk for good.
      const file = await open(path, "wx");
      try {
        for await (const batch of batches) await file.appendFile(`${batch.join("\n")}\n`);
      } finally {
        await file.close();
      }
    } catch (error) {
      throw fileError(path, "write the file", error);
    }
    return path;
  }
}

async function* inBatches(lines: readonly string[]): AsyncGenerator<readonly string[]> {
  for (let at = 0; at < lines.length; at += linesAtOnce) yield lines.slice(at, at + linesAtOnce);
}

/** The lines of a file that {@link SortedLines} wrote. */
async function* batchesOf(path: string): AsyncGenerator<readonly string[]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of readBytes(path)) {
    const end = chunk.lastIndexOf(0x0a);
    if (end < 0) {
      rest = Buffer.concat([rest, chunk]);
      continue;
    }
    const lines = Buffer.concat([rest, chunk.subarray(0, end)])
      .toString("utf8")
      .split("\n");
    rest = chunk.subarray(end + 1);
    yield lines;
  }
}

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
async function* merged(sources: readonly AsyncIterable<readonly string[]>[]): AsyncGenerator<readonly string[]> {
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
