/**
 * The folder that a training writes into.
 * @module
 */

import { downstreamFiles } from "../adapters/downstream-folder.js";
import { adapterFiles } from "../adapters/folder.js";
import { setting, userError } from "../errors.js";
import { fileError, makeFolder } from "../files/atomic.js";
import { lockFile, removeLeftovers } from "../files/leftovers.js";
import { lockFolder } from "../files/lock.js";
import { access, constants, readdir, rmdir } from "../host/files.js";
import { basename, dirname, join, resolve } from "../host/paths.js";
import { counted } from "../phrases.js";
import { alone, barrier, type Ranks } from "../ranks/index.js";
import { checkpointFolder, removeEarlierRun } from "../training/run.js";

/** How a run begins where its folder holds something. */
export interface Beginning {
  readonly out: string;
  /** Go on from the last checkpoint in the folder, or begin where there is none. */
  readonly resume: boolean;
  /** Replace what the folder holds. */
  readonly overwrite: boolean;
  /** The processes that train together: the first of them makes the folder. This one is alone if it is left out. */
  readonly ranks?: Ranks;
}

/**
 * Refuses to mix two runs in one folder, or a run with somebody's own files.
 *
 * @throws UserError where the folder holds anything, and the run neither goes on nor replaces it
 */
async function refuseUsed({ out, resume, overwrite }: Beginning): Promise<void> {
  if (resume || overwrite) return;
  const names = (await entriesOf(out)).map(({ name }) => name).filter((name) => name !== lockFile);
  names.sort();
  const [first] = names;
  if (first === undefined) return;
  const marks: readonly string[] = [adapterFiles.config, downstreamFiles.config, basename(checkpointFolder(out))];
  const others = names.length > 1 ? ` and ${counted(names.length - 1, "other")}` : "";
  throw userError({
    where: out,
    what: names.some((name) => marks.includes(name))
      ? "the folder holds an adapter or a run"
      : `the folder is not empty: it holds ${JSON.stringify(first)}${others}`,
    fix: `choose another ${setting("out")}, go on with ${setting("resume", true)}, or replace it with ${setting("overwrite", true)}`,
  });
}

/**
 * Makes a run's folder and trains into it. The folder is made first, so that a place that cannot be written is noticed
 * before hours are spent; if the training fails, folders that were made and are still empty are removed.
 */
export async function inOutputFolder<T>(beginning: Beginning, train: () => Promise<T>): Promise<T> {
  const { out, overwrite, ranks = alone() } = beginning;
  const begin = async () => {
    await barrier(ranks, { patient: true });
    return train();
  };
  if (ranks.rank > 0) return begin();
  return withOutputFolder(out, async () => {
    await refuseUsed(beginning);
    if (overwrite) await removeEarlierRun(out);
    return begin();
  });
}

/**
 * Makes a folder and runs what fills it; no other process writes into it meanwhile. If that fails, folders that were made
 * and are still empty are removed.
 */
export async function withOutputFolder<T>(folder: string, fill: () => Promise<T>): Promise<T> {
  const first = await makeFolder(folder);
  await access(folder, constants.W_OK).catch((error: unknown) => {
    throw fileError(folder, "write into the folder", error);
  });
  try {
    return await locked(folder, fill);
  } catch (error) {
    if (first !== null) await removeEmpty(resolve(folder), resolve(first));
    throw error;
  }
}

async function locked<T>(folder: string, fill: () => Promise<T>): Promise<T> {
  const lock = await lockFolder(folder);
  let filled = false;
  try {
    await removeAllLeftovers(folder);
    const result = await fill();
    filled = true;
    return result;
  } finally {
    await lock.close().catch((error: unknown) => {
      // What went wrong before says more, and has the same cause.
      if (filled) throw error;
    });
  }
}

/** What killed runs left half-written in a folder and in those right below it: checkpoints, results, adapters. */
async function removeAllLeftovers(folder: string): Promise<void> {
  await removeLeftovers(folder, true);
  for (const below of await entriesOf(folder)) {
    if (below.isDirectory()) await removeLeftovers(join(folder, below.name), true);
  }
}

const entriesOf = (folder: string) =>
  readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw fileError(folder, "read the folder", error);
  });

/** Removes empty folders from `folder` up to `first`, the one that was made first. */
async function removeEmpty(folder: string, first: string): Promise<void> {
  const removed = await rmdir(folder).then(
    () => true,
    () => false,
  );
  if (removed && folder !== first) await removeEmpty(dirname(folder), first);
}
