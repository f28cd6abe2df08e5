/**
 * Tensors that must come back as they were written: the file holds their hash, so that a bit that flipped on the disk is
 * noticed.
 * @module
 */
import { UserError, userError } from "../errors.js";
import type { HostTensor } from "../tensor.js";
import { hashWeights } from "./hash.js";
import { openSafetensors } from "./safetensors.js";
import { writeSafetensors } from "./safetensors-writer.js";

/** The name in the file's metadata under which the hash of its tensors stands. */
const checksum = "sha256";

const hashTensors = (tensors: ReadonlyMap<string, HostTensor>): Promise<string> =>
  hashWeights({ keys: () => tensors.keys(), read: async (name) => tensors.get(name) as HostTensor });

/** Writes tensors as a safetensors file with their hash, atomically. */
export async function writeCheckedTensors(
  path: string,
  tensors: Iterable<readonly [name: string, tensor: HostTensor]>,
): Promise<void> {
  const byName = new Map(tensors);
  await writeSafetensors(path, byName, { [checksum]: await hashTensors(byName) });
}

/** How a file of {@link writeCheckedTensors} is read. */
export interface CheckedRead {
  /** What can be done about a file that is missing or damaged, for the error line. */
  readonly fix: string;
  /** Whether a file without a hash is taken, as an earlier version wrote it. */
  readonly unchecked?: boolean;
}

/** @throws UserError where the file is missing, cut, or its tensors are not those that were written */
export async function readCheckedTensors(
  path: string,
  { fix, unchecked = false }: CheckedRead,
): Promise<ReadonlyMap<string, HostTensor>> {
  const tensors = new Map<string, HostTensor>();
  const recorded = await readInto(tensors, path).catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    // The reader's own advice, to fetch the file again, does not fit a file that was made here.
    const [line = ""] = error.line.replace(`${path}: `, "").split("; ");
    throw userError({ where: path, what: `the file is missing or damaged (${line})`, fix });
  });
  if (unchecked && recorded === undefined) return tensors;
  if (recorded === (await hashTensors(tensors))) return tensors;
  throw userError({ where: path, what: "the file is damaged: its tensors are not the ones that were written", fix });
}

/** Reads a file's tensors; gives the hash that it records. */
async function readInto(tensors: Map<string, HostTensor>, path: string): Promise<string | undefined> {
  const source = await openSafetensors(path);
  try {
    for (const name of source.keys()) tensors.set(name, await source.read(name));
    return source.metadata.get(checksum);
  } finally {
    await source.close();
  }
}
