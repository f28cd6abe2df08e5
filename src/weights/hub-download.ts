import { copyFile, symlink } from "node:fs/promises";
import { join, relative } from "node:path";
import { type ListFileEntry, listFiles, modelInfo } from "@huggingface/hub";
import { codeOf, userError } from "../errors.js";
import { fileError, makeFolder, writeFileAtomically } from "../files/atomic.js";
import { hubBounds } from "../files/bounds.js";
import { expectedOf, fetchBlob } from "./hub-blob.js";
import { isCommit, type ModelId, refFile, repoFolder, snapshotFolder } from "./hub-cache.js";
import { exists, type HubContent, shardsOf } from "./hub-content.js";
import { downloadRequest, hubError } from "./hub-error.js";
import type { HubAccess } from "./hub-fetch.js";
import { quoted } from "./strict-json.js";

/** The commit that a branch, tag or commit of a repository means. */
export async function commitOf(access: HubAccess, { id, revision }: ModelId): Promise<string> {
  const { sha } = await modelInfo({ name: id, revision, additionalFields: ["sha"], ...access });
  if (typeof sha !== "string" || !isCommit(sha)) throw new Error("no commit");
  return sha;
}

/** The files of a commit, by path. */
export async function filesOf(
  access: HubAccess,
  id: string,
  commit: string,
): Promise<ReadonlyMap<string, ListFileEntry>> {
  const entries = new Map<string, ListFileEntry>();
  const repo = { type: "model", name: id } as const;
  for await (const entry of listFiles({ repo, revision: commit, ...access })) {
    if (entry.type === "file") entries.set(entry.path, entry);
    if (entries.size > hubBounds.files) throw new Error(`more than ${hubBounds.files} files are listed`);
  }
  return entries;
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
    const entries = await filesOf(this.access, this.id, this.commit);
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
      const where = `${this.content.what} ${quoted(this.id)}`;
      await fetchBlob(blob, { ...expected, path: entry.path, where, url: this.urlOf(entry.path) }, this.access);
    }
    await link(blob, target, this.snapshot);
  }

  private urlOf(path: string): string {
    return `${this.access.hubUrl}/${this.id}/resolve/${this.commit}/${path.split("/").map(encodeURIComponent).join("/")}`;
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
 * own downloadFileToCacheDir is not used: it checks no hash, cannot go on where it broke off, and prints to the standard
 * output. Throws a UserError for whatever the hub, the network or the disk refuses.
 *
 * @param alsoFolder whether the name could have been a folder's, for messages
 */
export async function downloadRepository(
  cache: string,
  { id, revision }: ModelId,
  content: HubContent,
  access: HubAccess,
  alsoFolder = true,
): Promise<{ folder: string; commit: string }> {
  try {
    const commit = await commitOf(access, { id, revision });
    const folder = await new Download(cache, id, commit, content, access).run();
    if (commit !== revision) await writeFileAtomically(refFile(repoFolder(cache, id), revision), commit);
    return { folder, commit };
  } catch (error) {
    throw hubError(downloadRequest(id, content.what, alsoFolder), error);
  }
}
