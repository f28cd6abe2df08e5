/**
 * The content of one file of the hub: it is whole and has its hash, or it is not there. What a broken or killed download
 * has brought is kept under another name, and the next one goes on from there.
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open, rename, rm, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HubApiError, type ListFileEntry } from "@huggingface/hub";
import { UserError, userError } from "../errors.js";
import { fileError } from "../files/atomic.js";
import { adoptLeftoverOf, temporaryBeside } from "../files/leftovers.js";
import type { HubAccess } from "./hub-fetch.js";
import { waitBefore } from "./hub-patience.js";
import { quoted } from "./strict-json.js";

/** What the hub lists of a file. */
interface Expected {
  /** The name of the file's content in the cache, as Python's library has it. */
  readonly etag: string;
  readonly size: number;
}

/** A file of the hub. */
interface HubFile extends Expected {
  readonly path: string;
  readonly url: string;
  /** The repository, for messages. */
  readonly where: string;
}

/** Files in LFS are named by the SHA-256 of their content, the others by git's SHA-1. Both are checked. */
export function expectedOf(entry: ListFileEntry): Expected {
  const etag = entry.lfs?.oid ?? entry.oid ?? "";
  const size = entry.lfs?.size ?? entry.size;
  const wellFormed = (entry.lfs === undefined ? /^[0-9a-f]{40}$/ : /^[0-9a-f]{64}$/).test(etag);
  // The etag becomes a file name: nothing but a hash may.
  if (!wellFormed || !Number.isSafeInteger(size) || size < 0) throw new Error(`a bad entry for ${quoted(entry.path)}`);
  return { etag, size };
}

/** Of what {@link expectedOf} tells. */
export const hasherOf = ({ etag, size }: Expected): Hash =>
  etag.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);

/** Where what a broken download has brought waits for the next one. */
const keptPart = (blob: string): string => `${blob}.part`;

/** Downloads a file's content to `blob`. */
export async function fetchBlob(blob: string, file: HubFile, access: HubAccess): Promise<void> {
  const part = temporaryBeside(blob);
  if (!(await adoptLeftoverOf(blob, part))) await rename(keptPart(blob), part).catch(() => undefined);
  try {
    await fill(part, file, access);
    await rename(part, blob);
  } catch (error) {
    // What is wrong, or fills the disk, is in the way of the next try; what the network broke off is not.
    if (error instanceof UserError) await rm(part, { force: true });
    else await rename(part, keptPart(blob)).catch(() => undefined);
    throw error;
  }
}

async function fill(part: string, file: HubFile, access: HubAccess): Promise<void> {
  // The second time without what was there before, which may have been wrong.
  for (const again of [false, true]) {
    const handle = await open(part, again ? "w+" : "a+").catch((error: unknown) => {
      throw fileError(part, "write the file", error);
    });
    try {
      const arriving = await Arriving.in(handle, part, file);
      const before = arriving.done;
      await requireRoom(dirname(part), file.path, file.size - before);
      const right = await arriving.fetchRest(access);
      await handle.sync();
      if (right) return;
      if (before === 0) break;
    } finally {
      await handle.close();
    }
  }
  throw badFile(file, "does not have the hash that the hub lists");
}

const badFile = ({ where, path }: HubFile, what: string): UserError =>
  userError({ where, what: `${path} ${what}`, fix: "try again; the download was damaged" });

/** Refuses what does not fit on the disk before it fills it. */
async function requireRoom(folder: string, path: string, bytes: number): Promise<void> {
  const free = await statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => Number.POSITIVE_INFINITY,
  );
  if (bytes <= free) return;
  throw userError({
    where: folder,
    what: `${quoted(path)} takes ${bytes} bytes, and ${free} are free`,
    fix: "make room, or set HF_HOME to another place",
  });
}

/** How often a download goes on without having brought anything. */
const mostVain = 3;

/** A file as far as it is there. */
class Arriving {
  private hasher: Hash;
  private have = 0;

  private constructor(
    private readonly handle: FileHandle,
    private readonly part: string,
    private readonly file: HubFile,
  ) {
    this.hasher = hasherOf(file);
  }

  /** With what the file holds already. */
  static async in(handle: FileHandle, part: string, file: HubFile): Promise<Arriving> {
    const arriving = new Arriving(handle, part, file);
    if ((await handle.stat()).size > file.size) await handle.truncate(0);
    const stream = handle.createReadStream({ start: 0, autoClose: false });
    for await (const chunk of stream) arriving.count(chunk as Uint8Array);
    return arriving;
  }

  get done(): number {
    return this.have;
  }

  /** Downloads what is missing, in several tries where the network breaks; whether all of it has the hash then. */
  async fetchRest(access: HubAccess): Promise<boolean> {
    for (let vain = 0; this.have < this.file.size; vain++) {
      const before = this.have;
      try {
        await this.fetchSome(access);
      } catch (error) {
        if (error instanceof UserError || error instanceof HubApiError || vain === mostVain) throw error;
      }
      if (this.have > before) vain = 0;
      if (this.have === this.file.size) break;
      if (vain === mostVain) throw new Error(`${this.file.path} ended after ${this.have} of ${this.file.size} bytes`);
      await sleep(1000 * waitBefore(vain));
    }
    return this.hasher.digest("hex") === this.file.etag;
  }

  private async fetchSome(access: HubAccess): Promise<void> {
    const { url, size, path } = this.file;
    const headers = {
      // A part of what is packed on the way could not be gone on with.
      "accept-encoding": "identity",
      ...(access.accessToken !== undefined && { authorization: `Bearer ${access.accessToken}` }),
      ...(this.have > 0 && { range: `bytes=${this.have}-` }),
    };
    const response = await access.fetch(url, { headers });
    if (!response.ok) throw new HubApiError(url, response.status);
    // A server may send the whole all the same.
    if (this.have > 0 && response.status !== 206) await this.restart();
    if (response.body === null) return;
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      if (this.have + chunk.length > size) {
        throw badFile(this.file, `is longer than the ${size} bytes that the hub lists`);
      }
      await this.handle.appendFile(chunk).catch((error: unknown) => {
        throw fileError(this.part, "write the file", error);
      });
      this.count(chunk);
      access.onProgress?.(path, this.have, size);
    }
  }

  private async restart(): Promise<void> {
    await this.handle.truncate(0);
    this.hasher = hasherOf(this.file);
    this.have = 0;
  }

  private count(chunk: Uint8Array): void {
    this.hasher.update(chunk);
    this.have += chunk.length;
  }
}
