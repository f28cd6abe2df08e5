/**
 * Lines in order, more of them than memory holds.
 * @module
 */
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { readBytes } from "../data/bytes.js";
import { fileError } from "../files/atomic.js";
import { linesAtOnce, merged } from "./merged-lines.js";

/** How many characters are held before they are written to a file. */
const usualMost = 1 << 26;
/** What a line takes beside its characters. */
const overhead = 24;
/** Files that are read side by side; more are first joined into one. */
const mostRuns = 64;

/**
 * Lines that come in any order and are read in that of their UTF-16 units, each once. About 200 MB are held at most: what
 * is more stands in sorted files of the given folder, which are merged.
 */
export class SortedLines {
  #lines: string[] = [];
  #size = 0;
  /** Files by how often their lines were merged, so that no line is written more than a few times. */
  readonly #runs: string[][] = [];
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
    await this.#keep(await this.#write(inBatches(lines)), 0);
  }

  async #keep(run: string, level: number): Promise<void> {
    this.#runs[level] ??= [];
    const runs = this.#runs[level];
    runs.push(run);
    if (runs.length < mostRuns) return;
    const joined = await this.#write(merged(runs.map(batchesOf)));
    await Promise.all(runs.map((one) => rm(one)));
    this.#runs[level] = [];
    await this.#keep(joined, level + 1);
  }

  /** All lines in order, in batches; no line may be added any more. It can be read once. */
  async *batches(): AsyncGenerator<readonly string[]> {
    const held = inBatches(this.#take());
    const runs = this.#runs.flat();
    yield* merged([...runs.map(batchesOf), held]);
    await Promise.all(runs.map((run) => rm(run)));
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
