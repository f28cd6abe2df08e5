import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { float32Tensor, floatsOf } from "../tensor.js";
import {
  latestCheckpoint,
  readBest,
  readCheckpoint,
  removeCheckpoints,
  type TrainingProgress,
  writeBest,
  writeCheckpoint,
} from "./checkpoint.js";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "kadapter-checkpoint-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const progress: TrainingProgress = {
  ...{ step: 14, best: 0.5, bestStep: 13, evaluationsSinceBest: 1, settings: { seed: "1" }, version: 2 },
};
const tensors = { w: float32Tensor([2], Float32Array.of(1, 2)) };

async function written(): Promise<string> {
  await writeBest(root, tensors);
  return writeCheckpoint(root, progress, tensors);
}

it("gives back what was written", async () => {
  const path = await written();
  const checkpoint = await latestCheckpoint(root);
  expect(checkpoint).toEqual({ path, progress });
  expect(floatsOf(await readCheckpoint(checkpoint!), "w")).toEqual(tensors.w.data);
  expect(floatsOf(await readBest(root), "w")).toEqual(tensors.w.data);
  expect((await readdir(root)).sort()).toEqual(["best.safetensors", "step-00000014"]);
});

it("refuses a checkpoint of which one sign changed, and says what to delete", async () => {
  const path = await written();
  const file = join(path, "progress.json");
  const text = await readFile(file, "utf8");
  // Another whole number: nothing else would tell.
  await writeFile(file, text.replace('"bestStep":13', '"bestStep":12'));
  await expect(latestCheckpoint(root)).rejects.toThrow(`${file}: the file is damaged`);
  await expect(latestCheckpoint(root)).rejects.toThrow(`; delete ${path}, or start anew with overwrite: true`);
  await writeFile(file, text);
  const state = join(path, "state.safetensors");
  const bytes = await readFile(state);
  bytes[bytes.length - 2] = (bytes.at(-2) as number) ^ 4;
  await writeFile(state, bytes);
  const checkpoint = (await latestCheckpoint(root))!;
  await expect(readCheckpoint(checkpoint)).rejects.toThrow(`${state}: the file is damaged`);
  await expect(readCheckpoint(checkpoint)).rejects.toThrow(`; delete ${path}, or`);
  await rm(file);
  await expect(latestCheckpoint(root)).rejects.toThrow(
    `${file}: the file is missing; expected a whole checkpoint; delete`,
  );
  await truncate(join(root, "best.safetensors"), 50);
  await expect(readBest(root)).rejects.toThrow(`; delete ${root}, or start anew`);
});

it("takes what earlier versions wrote, without sums", async () => {
  const path = await written();
  const { sum: _, ...rest } = JSON.parse(await readFile(join(path, "progress.json"), "utf8")) as { sum: string };
  await writeFile(join(path, "progress.json"), JSON.stringify(rest));
  expect((await latestCheckpoint(root))?.progress).toEqual(progress);
});

it("removes all of a run's checkpoints, and finds none where there is none", async () => {
  await written();
  await removeCheckpoints(root);
  expect(await latestCheckpoint(root)).toBeNull();
  await removeCheckpoints(root);
  await mkdir(root);
});
