import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Tensors } from "../engine/executor.js";
import { codeOf, setting } from "../errors.js";
import { fileError, makeFolder, renameDurably, temporaryBeside, writeFileAtomically } from "../files/atomic.js";
import { parseWith, readJson } from "../files/json.js";
import { readSafetensors } from "../weights/safetensors.js";
import { writeSafetensors } from "../weights/safetensors-writer.js";

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
  if (path === undefined) return null;
  const file = join(path, progressFile);
  const fix = `delete ${path}, or start anew with ${setting("overwrite", true)}`;
  const about = { what: "the checkpoint", expected: "a whole checkpoint", fix };
  return { path, progress: parseWith(progressSchema, await readJson(file, about), file, about) };
}

/** The tensors of a checkpoint. */
export function readCheckpoint(checkpoint: Checkpoint): Promise<Tensors> {
  return readSafetensors(join(checkpoint.path, stateFile));
}

/** Writes a checkpoint beside the older ones, gives it its name when it is whole, then removes the older ones. */
export async function writeCheckpoint(root: string, progress: TrainingProgress, tensors: Tensors): Promise<string> {
  const path = join(root, folderName(progress.step));
  const temporary = temporaryBeside(path);
  try {
    await makeFolder(temporary);
    await writeSafetensors(join(temporary, stateFile), Object.entries(tensors));
    await writeFileAtomically(join(temporary, progressFile), JSON.stringify(progress));
    await rm(path, { recursive: true, force: true });
    await renameDurably(temporary, path);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw fileError(path, "write the checkpoint", error);
  }
  await removeOthers(root, folderName(progress.step));
  return path;
}

/** Older checkpoints, and what killed runs left half-written. */
async function removeOthers(root: string, keep: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (name !== keep && name.startsWith("step-")) await rm(join(root, name), { recursive: true, force: true });
  }
}
