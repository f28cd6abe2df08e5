import { z } from "zod";
import type { Tensors } from "../engine/executor.js";
import { codeOf, setting, userError } from "../errors.js";
import { fileError, makeFolder, renameDurably, writeFileAtomically } from "../files/atomic.js";
import { parseWith, readJsonIfThere } from "../files/json.js";
import { temporaryBeside } from "../files/leftovers.js";
import { readdir, rename, rm } from "../host/files.js";
import { join } from "../host/paths.js";
import { readCheckedTensors, writeCheckedTensors } from "../weights/checked-tensors.js";
import { hashJson, type JsonValue } from "../weights/hash.js";
import { asStored } from "./training-record.js";

/** Where a training stands, besides its tensors. */
const progressSchema = z.object({
  /** Optimiser steps done. */
  step: z.number().int().nonnegative(),
  /** Best value of the watched metric so far, the step that reached it, and evaluations since then. */
  best: z.number().nullable(),
  bestStep: z.number().int().nonnegative(),
  evaluationsSinceBest: z.number().int().nonnegative(),
  /** What the run must have in common with the one that continues it, see `identity.ts`. */
  settings: z.record(z.string(), z.json()),
  /** Version of what `settings` holds, see `identity.ts`. */
  version: z.number().int().default(1),
});
export type TrainingProgress = z.infer<typeof progressSchema>;

export interface Checkpoint {
  readonly path: string;
  readonly progress: TrainingProgress;
}

const stateFile = "state.safetensors";
const progressFile = "progress.json";
/** The best parameters so far, beside the checkpoints: they outlive them. */
const bestFile = "best.safetensors";
const folderPattern = /^step-(\d+)$/;

/** Complete checkpoints of a run, newest last. A checkpoint gets its name only when it is whole. */
async function checkpointFolders(root: string): Promise<readonly string[]> {
  const names = await readdir(root).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return [];
    throw fileError(root, "read the folder", error);
  });
  const steps = names.flatMap((name) => folderPattern.exec(name)?.[1] ?? []).map(Number);
  return steps.sort((a, b) => a - b).map((step) => join(root, folderName(step)));
}

const folderName = (step: number) => `step-${String(step).padStart(8, "0")}`;

/** The newest checkpoint of a run, or null when there is none. */
export async function latestCheckpoint(root: string): Promise<Checkpoint | null> {
  const path = (await checkpointFolders(root)).at(-1);
  return path === undefined ? null : openCheckpoint(path);
}

/** A checkpoint by its folder. */
export async function openCheckpoint(path: string): Promise<Checkpoint> {
  const file = join(path, progressFile);
  const about = { what: "the checkpoint", expected: "a whole checkpoint", fix: fixOf(path) };
  const json = await readJsonIfThere(file, about);
  if (json === undefined) throw userError({ ...about, where: file, what: "the file is missing" });
  const progress = parseWith(progressSchema, json, file, about);
  const { sum, ...rest } = json as { readonly [name: string]: JsonValue };
  // Earlier versions wrote none.
  if (sum === undefined || sum === hashJson(rest)) return { path, progress };
  throw userError({ ...about, where: file, what: "the file is damaged: it is not what was written" });
}

const fixOf = (path: string) => `delete ${path}, or start anew with ${setting("overwrite", true)}`;

/**
 * The tensors of a checkpoint.
 *
 * @throws UserError where they are not those that were written
 */
export async function readCheckpoint({ path }: Checkpoint): Promise<Tensors> {
  const tensors = await readCheckedTensors(join(path, stateFile), { fix: fixOf(path), unchecked: true });
  return Object.fromEntries(tensors);
}

/** Keeps parameters as the best so far. */
export function writeBest(root: string, parameters: Tensors): Promise<void> {
  return writeCheckedTensors(join(root, bestFile), Object.entries(parameters));
}

/**
 * The best parameters so far.
 *
 * @throws UserError where they are not those that were written
 */
export async function readBest(root: string): Promise<Tensors> {
  const fix = `delete ${root}, or start anew with ${setting("overwrite", true)}`;
  return Object.fromEntries(await readCheckedTensors(join(root, bestFile), { fix, unchecked: true }));
}

/** Writes a checkpoint beside the older ones, gives it its name when it is whole, then removes the older ones. */
export async function writeCheckpoint(root: string, progress: TrainingProgress, tensors: Tensors): Promise<string> {
  const path = join(root, folderName(progress.step));
  const temporary = temporaryBeside(path);
  try {
    await makeFolder(temporary);
    await writeCheckedTensors(join(temporary, stateFile), Object.entries(tensors));
    const noted = asStored<{ readonly [name: string]: JsonValue }>(progress);
    await writeFileAtomically(join(temporary, progressFile), JSON.stringify({ ...noted, sum: hashJson(noted) }));
    await rm(path, { recursive: true, force: true });
    await renameDurably(temporary, path);
    await removeOthers(root, folderName(progress.step));
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw fileError(path, "write the checkpoint", error);
  }
  return path;
}

/** Removes a run's checkpoints, all at once: what a kill leaves of them is no checkpoint. */
export async function removeCheckpoints(root: string): Promise<void> {
  const aside = temporaryBeside(root);
  try {
    await rename(root, aside);
    await rm(aside, { recursive: true, force: true });
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw fileError(root, "remove the checkpoints", error);
  }
}

/** Older checkpoints, and what killed runs left half-written. */
async function removeOthers(root: string, keep: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (name !== keep && name.startsWith("step-")) await rm(join(root, name), { recursive: true, force: true });
  }
}
