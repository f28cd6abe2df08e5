import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { setting, userError } from "../errors.js";
import { fileError, writeFileAtomically } from "../files/atomic.js";
import type { JsonObject } from "../tasks/task.js";
import { hashJson } from "../weights/hash.js";

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
    const text = await readFile(path, "utf8").catch((error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
      throw fileError(path, "read the result", error);
    });
    if (text !== null) return this.checked(path, text, hash) as T;
    const value = await compute();
    await writeFileAtomically(path, `${JSON.stringify({ identity: hash, value }, null, 1)}\n`);
    return value;
  }

  /** A result's file. */
  pathOf(name: string): string {
    return join(this.folder, `${name}.json`);
  }

  private checked(path: string, text: string, hash: string): unknown {
    const cell = cellSchema.safeParse(jsonOrNull(text));
    if (!cell.success) {
      throw userError({
        where: path,
        what: "not a result of an experiment",
        fix: "remove the file: it is computed again",
      });
    }
    if (cell.data.identity === hash) return cell.data.value;
    throw userError({
      where: path,
      what: "the result was made with other settings or data",
      fix: `choose another folder with ${setting("out")}, or remove the file`,
    });
  }
}

/** A text as JSON; null where it is none. */
export function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
