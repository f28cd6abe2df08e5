import { createHash, randomBytes } from "node:crypto";
import { copyFile, type FileHandle, open, rename, rm, statfs, symlink } from "node:fs/promises";
import { join, relative } from "node:path";
import { downloadFile, HubApiError, type ListFileEntry, listFiles, modelInfo } from "@huggingface/hub";
import { codeOf, UserError, userError } from "../errors.js";
import { fileError, makeFolder, writeFileAtomically } from "../files/atomic.js";
import { isCommit, type ModelId, refFile, repoFolder, snapshotFolder } from "./hub-cache.js";
import { exists, type HubContent, shardsOf } from "./hub-content.js";
import { quoted } from "./strict-json.js";

/** How the hub is reached. */
export interface HubAccess {
  readonly hubUrl?: string;
  readonly accessToken?: string;
  readonly fetch?: typeof fetch;
  readonly onProgress?: (file: string, done: number, total: number) => void;
}

/** Turns a failure of the hub or of the network into one line. */
function hubError(id: string, what: string, error: unknown): Error {
  if (error instanceof UserError) return error;
  const where = `${what} ${quoted(id)}`;
  if (error instanceof HubApiError) {
    const denied = [401, 403, 404].includes(error.statusCode);
    return userError({
      where,
      what: denied
        ? `there is no such folder here, and the hub has no such ${what} or revision, or does not allow it`
        : `there is no such folder here, and the hub said ${error.statusCode}`,
      fix: denied ? "check the name; for what is private or gated set HF_TOKEN" : "check the name, or try again later",
    });
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined;
  const reason = cause ?? (error instanceof Error ? error.message : String(error));
  return userError({
    where,
    what: `there is no such folder here, and the hub cannot be reached or answers oddly (${reason})`,
    fix: `check the name; for what the hub has, the network and HF_ENDPOINT`,
  });
}

interface Expected {
  /** The name of the file's content in the cache, as Python's library has it. */
  readonly etag: string;
  readonly size: number;
}

/** Files in LFS are named by the SHA-256 of their content, the others by git's SHA-1. Both are checked. */
function expectedOf(entry: ListFileEntry): Expected {
  const etag = entry.lfs?.oid ?? entry.oid ?? "";
  const size = entry.lfs?.size ?? entry.size;
  const wellFormed = (entry.lfs === undefined ? /^[0-9a-f]{40}$/ : /^[0-9a-f]{64}$/).test(etag);
  // The etag becomes a file name: nothing but a hash may.
  if (!wellFormed || !Number.isSafeInteger(size) || size < 0) throw new Error(`a bad entry for ${quoted(entry.path)}`);
  return { etag, size };
}

function hasherOf({ etag, size }: Expected) {
  return etag.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);
}

async function write(path: string, file: FileHandle, chunk: Uint8Array): Promise<void> {
  try {
    await file.writeFile(chunk); // on a handle it goes on from where the last one ended
  } catch (error) {
    throw fileError(path, "write the file", error);
  }
}

/** Files of a repository; those of models have some dozens. */
const mostFiles = 100_000;

/** Refuses what does not fit on the disk before it fills it. */
async function requireRoom(folder: string, { path, size }: { readonly path: string; readonly size: number }) {
  const free = await statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => Number.POSITIVE_INFINITY,
  );
  if (size <= free) return;
  throw userError({
    where: folder,
    what: `${quoted(path)} takes ${size} bytes, and ${free} are free`,
    fix: "make room, or set HF_HOME to another place",
  });
}

class Download {
  private readonly repo: string;
  private readonly snapshot: string;

  constructor(
    cache: string,
    private readonly id: string,
    private readonly commit: string,
    private readonly content: HubContent,
    private readonly access: HubAccess,
  ) {
    this.repo = repoFolder(cache, id);
    this.snapshot = snapshotFolder(this.repo, commit);
  }

  /** Downloads what is needed; the snapshot's folder. */
  async run(): Promise<string> {
    const entries = new Map<string, ListFileEntry>();
    const repo = { type: "model", name: this.id } as const;
    for await (const entry of listFiles({ repo, revision: this.commit, ...this.access })) {
      if (entry.type === "file") entries.set(entry.path, entry);
      if (entries.size > mostFiles) throw new Error(`more than ${mostFiles} files are listed`);
    }
    const { what, expected } = this.content;
    const chosen = this.content.choose(new Set(entries.keys()));
    if ("lack" in chosen) {
      throw userError({
        where: `${what} ${quoted(this.id)}`,
        what: `its repository has no ${chosen.lack}`,
        expected,
      });
    }
    for (const name of chosen) await this.fetch(entries.get(name)!);
    for (const shard of await shardsOf(this.snapshot, chosen)) {
      const entry = entries.get(shard);
      if (entry !== undefined) await this.fetch(entry);
      else throw userError({ where: this.snapshot, what: `the repository lacks the shard ${quoted(shard)}` });
    }
    return this.snapshot;
  }

  /** One file of the repository's root: its content into blobs/, a link to it into the snapshot. */
  private async fetch(entry: ListFileEntry): Promise<void> {
    // The path comes from the hub, but only names that we chose, or shard names that were checked, get here.
    const target = join(this.snapshot, entry.path);
    if (await exists(target)) return;
    const expected = expectedOf(entry);
    const blobs = join(this.repo, "blobs");
    const blob = join(blobs, expected.etag);
    try {
      await makeFolder(blobs);
      await makeFolder(this.snapshot);
    } catch (error) {
      throw fileError(this.repo, "make the cache's folders", error);
    }
    if (!(await exists(blob))) {
      await requireRoom(blobs, { path: entry.path, size: expected.size });
      await this.fetchBlob(entry.path, blob, expected);
    }
    await link(blob, target, this.snapshot);
  }

  private async fetchBlob(path: string, blob: string, expected: Expected): Promise<void> {
    const part = `${blob}.${process.pid}.${randomBytes(4).toString("hex")}.incomplete`;
    try {
      const file = await open(part, "wx").catch((error: unknown) => {
        throw fileError(part, "write the file", error);
      });
      try {
        await this.stream(path, part, file, expected);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(part, blob);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  }

  private async stream(path: string, part: string, file: FileHandle, expected: Expected): Promise<void> {
    const hasher = hasherOf(expected);
    const bad = (what: string) =>
      userError({
        where: `${this.content.what} ${quoted(this.id)}`,
        what: `${path} ${what}`,
        fix: "try again; the download was damaged",
      });
    let done = 0;
    // An empty body never ends in the hub library's stream.
    if (expected.size > 0) {
      const repo = { type: "model", name: this.id } as const;
      const body = await downloadFile({ repo, path, revision: this.commit, ...this.access });
      if (body === null) throw bad("is listed, but not there");
      for await (const chunk of body.stream() as unknown as AsyncIterable<Uint8Array>) {
        done += chunk.length;
        if (done > expected.size) throw bad(`is longer than the ${expected.size} bytes that the hub lists`);
        hasher.update(chunk);
        await write(part, file, chunk);
        this.access.onProgress?.(path, done, expected.size);
      }
    }
    if (done !== expected.size) throw bad(`ended after ${done} of ${expected.size} bytes`);
    if (hasher.digest("hex") !== expected.etag) throw bad("does not have the hash that the hub lists");
  }
}

/** Links a snapshot's file to its blob, relatively as Python's library does; copies where links are not allowed. */
async function link(blob: string, target: string, snapshot: string): Promise<void> {
  try {
    await symlink(relative(snapshot, blob), target);
  } catch (error) {
    if (codeOf(error) === "EEXIST") return; // another process was faster
    await copyFile(blob, target).catch((failure: unknown) => {
      throw fileError(target, "write the file", failure);
    });
  }
}

/**
 * Downloads what is wanted of a repository into the cache, in the layout that every Hugging Face
 * library shares: blobs/ by hash, snapshots/commit/ of links, and refs/revision once all is there. The hub library's
 * own downloadFileToCacheDir is not used: it checks no hash and prints to the standard output. Throws a UserError for
 * whatever the hub, the network or the disk refuses.
 */
export async function downloadRepository(
  cache: string,
  { id, revision }: ModelId,
  content: HubContent,
  access: HubAccess,
): Promise<{ folder: string; commit: string }> {
  try {
    const { sha: commit } = await modelInfo({ name: id, revision, additionalFields: ["sha"], ...access });
    if (typeof commit !== "string" || !isCommit(commit)) throw new Error("no commit");
    const folder = await new Download(cache, id, commit, content, access).run();
    if (commit !== revision) await writeFileAtomically(refFile(repoFolder(cache, id), revision), commit);
    return { folder, commit };
  } catch (error) {
    throw hubError(id, content.what, error);
  }
}
