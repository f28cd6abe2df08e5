import type { TrainEvent } from "../engine/events.js";
import { setting } from "../errors.js";
import { fileError, makeFolder } from "../files/atomic.js";
import { mayBeInUse } from "../files/leftovers.js";
import { access, constants, readdir, rm, stat } from "../host/files.js";
import { environment, homedir } from "../host/machine.js";
import { join } from "../host/paths.js";

/** A file that is written at every use of a cache: its time tells the last use. */
export const cacheMark = "identity.json";

interface KeptCache {
  readonly folder: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly used: number;
}

export interface CacheRoom {
  /** Whether the new cache fits beside what is left. */
  readonly fits: boolean;
  /** Folders that were removed. */
  readonly removed: readonly string[];
  /** Bytes of the other caches that are left. */
  readonly others: number;
}

/**
 * Makes room for a cache of so many bytes: while all caches in the folder together would exceed the limit, the one that
 * was used longest ago is removed; one that another process may use is left alone. Nothing is removed for a cache that
 * would not fit even then.
 *
 * @param root folder of caches
 * @param own folder of the cache that is wanted, whether it is there already or not
 * @param now milliseconds since 1970
 */
export async function makeRoom(
  root: string,
  own: string,
  bytes: number,
  limit: number,
  now: number = Date.now(),
): Promise<CacheRoom> {
  const others = (await keptCaches(root)).filter(({ folder }) => folder !== own);
  const idle = others.filter(({ used }) => !mayBeInUse(used, now)).sort((a, b) => a.used - b.used);
  const sum = (caches: readonly KeptCache[]) => caches.reduce((total, cache) => total + cache.bytes, 0);
  let left = sum(others);
  if (left - sum(idle) + bytes > limit) return { fits: false, removed: [], others: left };
  const removed: string[] = [];
  for (const cache of idle) {
    if (left + bytes <= limit) break;
    await rm(cache.folder, { recursive: true, force: true }).catch((error: unknown) => {
      throw fileError(cache.folder, "remove the cache", error);
    });
    removed.push(cache.folder);
    left -= cache.bytes;
  }
  return { fits: true, removed, others: left };
}

/** The caches in a folder: those sub-folders that hold the mark. */
async function keptCaches(root: string): Promise<KeptCache[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const caches: KeptCache[] = [];
  for (const entry of entries) {
    const folder = join(root, entry.name);
    const mark = entry.isDirectory() ? await stat(join(folder, cacheMark)).catch(() => null) : null;
    if (mark) caches.push({ folder, bytes: await sizeOf(folder), used: mark.mtimeMs });
  }
  return caches;
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  // Another process may remove files meanwhile.
  for (const name of await readdir(folder).catch(() => [])) {
    bytes += (await stat(join(folder, name)).catch(() => null))?.size ?? 0;
  }
  return bytes;
}

/** Where a cache is kept unless the user says otherwise. */
export function defaultCacheFolder(env: NodeJS.ProcessEnv = environment()): string {
  return join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "kadapter", "features");
}

/** Whether a folder is there, or can be made, and may be written into. */
const takesFiles = (folder: string): Promise<boolean> =>
  makeFolder(folder)
    .then(() => access(folder, constants.W_OK))
    .then(
      () => true,
      () => false,
    );

/** A size in words. */
const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

/**
 * Makes room for a planned cache ({@link makeRoom}) before anything is computed, and says how much it will take, which
 * caches were removed for it, or that it is too large. Where nobody named a folder and the usual one takes no files, it says
 * so, and nothing is kept.
 *
 * @param what whose hidden states they are
 * @returns whether it may be filled
 */
export async function roomFor(
  what: string,
  root: string,
  { folder, bytes }: { readonly folder: string; readonly bytes: number },
  limit: number,
  onEvent: (event: TrainEvent) => Promise<void> | void,
): Promise<boolean> {
  const note = (text: string) => onEvent({ kind: "note", text: `${what}: ${text}` });
  if (root === defaultCacheFolder() && !(await takesFiles(root))) {
    await note(
      `the usual folder for hidden states, ${root}, cannot be written: computing them in every epoch; ${setting("cache")} names another`,
    );
    return false;
  }
  const size = mebibytes(bytes);
  const { fits, removed, others } = await makeRoom(root, folder, bytes, limit);
  if (!fits) {
    const beside = others > 0 ? ` beside ${mebibytes(others)} of other caches` : "";
    await note(
      `a cache of hidden states would take ${size}${beside}, more than allowed: computing them in every epoch`,
    );
    return false;
  }
  for (const one of removed) await note(`removed the cache ${one}, unused the longest, to make room`);
  await note(`hidden states are cached in ${folder} (${size})`);
  return true;
}
