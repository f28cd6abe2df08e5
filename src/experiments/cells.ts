import { join } from "node:path";
import { z } from "zod";
import { setting, userError } from "../errors.js";
import { writeFileAtomically } from "../files/atomic.js";
import { fileBytes } from "../files/bounds.js";
import { parseWith, readJsonIfThere } from "../files/json.js";
import type { JsonObject } from "../tasks/task.js";
import { hashJson } from "../weights/hash.js";

/** What the file of a result is, for the error lines. */
export const resultFile = {
  what: "the result",
  mostBytes: fileBytes.records,
  expected: "a result of an experiment",
  fix: "remove the file: it is computed again",
};

const cellSchema = z.object({ identity: z.string(), value: z.json() });

/**
 * Results of an experiment as small files, one each: what is there is not computed again, so an experiment that was
 * stopped goes on where it was.
 */
export class Cells {
  /** @param folder where they lie */
  constructor(private readonly folder: string) {}

  /**
   * A result: from its file, or computed and kept.
   *
   * @param name the file's name without its ending
   * @param identity all that decides the result
   * @throws UserError where the file holds a result of other settings
   */
  async get<T extends JsonObject>(name: string, identity: JsonObject, compute: () => Promise<T>): Promise<T> {
    const path = this.pathOf(name);
    const hash = hashJson(identity);
    const kept = await readJsonIfThere(path, resultFile);
    if (kept !== undefined) return this.checked(path, kept, hash) as T;
    const value = await compute();
    await writeFileAtomically(path, `${JSON.stringify({ identity: hash, value }, null, 1)}\n`);
    return value;
  }

  /** A result's file. */
  pathOf(name: string): string {
    return join(this.folder, `${name}.json`);
  }

  private checked(path: string, kept: unknown, hash: string): unknown {
    const cell = parseWith(cellSchema, kept, path, resultFile);
    if (cell.identity === hash) return cell.value;
    throw userError({
      where: path,
      what: "the result was made with other settings or data",
      fix: `choose another folder with ${setting("out")}, or remove the file`,
    });
  }
}
