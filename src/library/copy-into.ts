import { createReadStream } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { downstreamFiles } from "../adapters/downstream-folder.js";
import { adapterFiles } from "../adapters/folder.js";
import { setting, userError } from "../errors.js";
import { removeMark, writeAtomically } from "../files/atomic.js";
import { lockFile } from "../files/leftovers.js";

/** What is copied into a folder. */
interface Copy {
  readonly folder: string;
  /** Names of files, that of the configuration last. */
  readonly names: readonly string[];
  /** All names that a model's folder may hold. */
  readonly all: readonly string[];
  readonly overwrite: boolean;
}

/**
 * Copies a model's files: an older configuration goes first and the new one comes last, so a folder that has one is
 * complete.
 *
 * @throws UserError where the folder holds anything and nothing may be replaced
 */
export async function copyInto(out: string, { folder, names, all, overwrite }: Copy): Promise<void> {
  const [first] = (await readdir(out)).filter((name) => name !== lockFile).sort();
  if (first !== undefined && !overwrite) {
    throw userError({
      where: out,
      what: `the folder is not empty: it holds ${JSON.stringify(first)}`,
      fix: `choose another ${setting("out")}, or replace what is there with ${setting("overwrite", true)}`,
    });
  }
  for (const mark of [adapterFiles.config, downstreamFiles.config]) await removeMark(join(out, mark));
  for (const name of all) if (!names.includes(name)) await rm(join(out, name), { force: true });
  for (const name of names) {
    await writeAtomically(join(out, name), async (file) => {
      // On a handle each goes on from where the last one ended.
      for await (const part of createReadStream(join(folder, name))) await file.writeFile(part as Buffer);
    });
  }
}
