import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { userError } from "../errors.js";
import { makeFolder } from "../files/atomic.js";
import type { JsonObject } from "../tasks/task.js";
import { hashFile } from "../weights/hash.js";
import type { Laboratory } from "./trainings.js";

/** A data file that an experiment makes of others. */
export interface MadeFile {
  /** Below the experiment's folder `data`. */
  readonly name: string;
  readonly from: readonly string[];
  /** What else decides it. */
  readonly how: JsonObject;
}

/** Makes data files of other files, each once, and says where they are. */
export class DataFiles {
  private readonly hashes = new Map<string, Promise<string>>();

  /** @param out the experiment's folder */
  constructor(
    private readonly laboratory: Laboratory,
    private readonly out: string,
  ) {}

  /**
   * @param make writes the file whole, and counts what it did
   * @throws UserError where the file was made of other data, or was removed
   */
  async made({ name, from, how }: MadeFile, make: (path: string) => Promise<object>): Promise<string> {
    const { cells, watch } = this.laboratory;
    const folder = join(this.out, "data");
    const path = join(folder, name);
    const cell = `data.${name}`;
    const identity = { ...how, from: await Promise.all(from.map((file) => this.hashOf(file))) };
    await cells.get(cell, identity, async () => {
      await makeFolder(folder);
      const counts = await make(path);
      watch.onNote?.(`${basename(path)}: ${JSON.stringify(counts)}`);
      return { ...counts };
    });
    const there = await stat(path).catch(() => null);
    if (there) return path;
    throw userError({
      where: path,
      what: "the file was made and is not there any more",
      fix: `remove ${cells.pathOf(cell)}, too: it is made again`,
    });
  }

  private hashOf(file: string): Promise<string> {
    const hash = this.hashes.get(file) ?? hashFile(file);
    this.hashes.set(file, hash);
    return hash;
  }
}
