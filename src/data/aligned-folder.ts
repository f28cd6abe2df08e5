/**
 * Folders of sentences that were aligned with knowledge: parts in OpenNRE's form, and a manifest that lists them.
 * @module
 */

import { z } from "zod";
import { setting, userError } from "../errors.js";
import { fileBytes } from "../files/bounds.js";
import { parseWith, readJson, readJsonIfThere } from "../files/json.js";
import { listOf } from "../files/lists.js";
import { stat } from "../host/files.js";
import { createHash } from "../host/hashing.js";
import { join } from "../host/paths.js";
import { streamOf } from "../host/streams.js";
import { type PackedFile, readBytes } from "./bytes.js";

export const manifestFile = "manifest.json";
/** It lists all parts, and holds what an unfinished run has counted. */
export const manifestKind = { what: "the manifest", mostBytes: fileBytes.records };

/** What a manifest says that it is of. */
export const alignedFormat = "kadapter-aligned/1";

const count = z.int().min(0);

/** A part of the sentences. Its name is no path: it stays in its folder. */
export const partFile = z.object({
  file: z.string().regex(/^part-\d{5,9}\.jsonl\.gz$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: count,
  records: count,
});
export type PartFile = z.output<typeof partFile>;

/** What all manifests of aligned sentences have; other fields are of those who wrote them. */
export const alignedManifest = z.object({
  format: z.literal(alignedFormat),
  /** Whether all texts were read. */
  finished: z.boolean(),
  parts: listOf(partFile),
});
export type AlignedManifest = z.output<typeof alignedManifest>;

/** Whether a folder holds aligned sentences, finished or not. */
export async function isAlignedFolder(folder: string): Promise<boolean> {
  const path = join(folder, manifestFile);
  if ((await stat(path).catch(() => null)) === null) return false;
  const found = await readJsonIfThere(path, manifestKind);
  return z.object({ format: z.literal(alignedFormat) }).safeParse(found).success;
}

/**
 * The parts of aligned sentences, in their order. Each is compared with its hash as it is read.
 *
 * @throws UserError where the alignment is not finished; and, as a part is read, where it is not what was written
 */
export async function alignedParts(folder: string): Promise<readonly PackedFile[]> {
  const path = join(folder, manifestFile);
  const { finished, parts } = parseWith(alignedManifest, await readJson(path, manifestKind), path);
  if (finished) return parts.map((part) => checkedPart(folder, part));
  throw userError({
    where: folder,
    what: "the alignment is not finished",
    fix: `go on with the command that began it, and ${setting("resume", true)}`,
  });
}

/** A part that is compared with its hash when it was read to its end. */
export function checkedPart(folder: string, { file, sha256 }: PartFile): PackedFile {
  const path = join(folder, file);
  return {
    name: path,
    open: async () => streamOf(checked(path, sha256)),
  };
}

async function* checked(path: string, sha256: string): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  yield* readBytes(path, (chunk) => hash.update(chunk));
  if (hash.digest("hex") === sha256) return;
  throw userError({
    where: path,
    what: "it is not what was written, by its hash in the manifest",
    fix: "copy the folder again, or align the texts again",
  });
}
