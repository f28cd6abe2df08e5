/**
 * The folder of a run: its parts, and the manifest that says how far it is.
 * @module
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  alignedFormat,
  alignedManifest,
  manifestFile,
  manifestKind,
  type PartFile,
  partFile,
} from "../../data/aligned-folder.js";
import { writeFileAtomically } from "../../files/atomic.js";
import { parseWith, readJsonIfThere } from "../../files/json.js";
import { listOf } from "../../files/lists.js";
import { type PartName, type PartShares, partNames } from "./record.js";
import { partsWithShare, type SavedCounts, savedCounts } from "./run-counts.js";
import { type RunIdentity, refuseOtherRun, runIdentity } from "./run-identity.js";

const runManifest = alignedManifest.extend({
  ...runIdentity.shape,
  dev: listOf(partFile),
  test: listOf(partFile),
  /** What was counted so far; null when it is finished, and stands in the report. */
  counts: savedCounts.nullable(),
});

/** How far a run is. */
export interface RunProgress {
  /** Written parts of each kind. */
  readonly files: Record<PartName, readonly PartFile[]>;
  /** Null for a run that begins. */
  readonly counts: SavedCounts | null;
  readonly finished: boolean;
}

/** Where a part of the split lies: training data in the folder itself, the others in folders of their own. */
export const partFolder = (out: string, part: PartName): string => (part === "train" ? out : join(out, part));

/** What a part of a shard is called. */
export const partName = (shard: number): string => `part-${String(shard).padStart(5, "0")}.jsonl.gz`;

/**
 * How far a run came; null where there is none.
 *
 * @throws UserError where it was another one
 */
export async function readProgress(out: string, identity: RunIdentity): Promise<RunProgress | null> {
  const path = join(out, manifestFile);
  const read = await readJsonIfThere(path, manifestKind);
  if (read === undefined) return null;
  const manifest = parseWith(runManifest, read, path, { expected: "the folder of an alignment" });
  refuseOtherRun(out, { run: "the alignment", source: "knowledge" }, manifest, identity);
  const { parts: train, dev, test, counts, finished } = manifest;
  return { files: { train, dev, test }, counts, finished };
}

/** Writes how far a run is. When it is finished, the other parts of the split get manifests of their own first. */
export async function writeProgress(
  out: string,
  identity: RunIdentity,
  progress: RunProgress,
  shares: PartShares,
): Promise<void> {
  const { files, counts, finished } = progress;
  const about = { format: alignedFormat, finished };
  if (finished) {
    for (const part of partsWithShare(shares).filter((one) => one !== "train")) {
      await writeJson(join(partFolder(out, part), manifestFile), { ...about, parts: files[part] });
    }
  }
  const { train, dev, test } = files;
  await writeJson(join(out, manifestFile), {
    ...about,
    ...identity,
    parts: train,
    dev,
    test,
    counts: finished ? null : counts,
  });
}

export const writeJson = (path: string, value: unknown): Promise<void> =>
  writeFileAtomically(path, `${JSON.stringify(value, null, 1)}\n`);

/** What a run leaves in its folder besides the folders of the split. */
export const reportFiles = { json: "report.json", page: "report.html" };

const ownFiles: readonly string[] = [manifestFile, reportFiles.json, reportFiles.page];

/** Removes parts that no manifest lists, and all files of a run that is replaced; nothing else. */
export async function removeOthers(out: string, { files }: RunProgress): Promise<void> {
  for (const part of partNames) {
    const folder = partFolder(out, part);
    const keep = files[part].map(({ file }) => file);
    for (const name of await readdir(folder).catch(() => [])) {
      const isReplaced = files.train.length === 0 && ownFiles.includes(name);
      const isUnlisted = /^part-\d+\.jsonl\.gz$/.test(name) && !keep.includes(name);
      if (isReplaced || isUnlisted) await rm(join(folder, name), { force: true });
    }
  }
}
