/**
 * Writing to the hub: everything of a model in one commit, which is there whole or not at all.
 * @module
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { commit, createRepo, HubApiError, type ListFileEntry } from "@huggingface/hub";
import { userError } from "../errors.js";
import { fileError } from "../files/atomic.js";
import { expectedOf, hasherOf } from "./hub-blob.js";
import { isCommit, type ModelId } from "./hub-cache.js";
import { commitOf, filesOf } from "./hub-download.js";
import { type HubRequest, hubError } from "./hub-error.js";
import type { HubAccess } from "./hub-fetch.js";
import { quoted } from "./strict-json.js";

/** What is to stand in a repository. */
export interface Upload {
  /** What it is, for messages. */
  readonly what: string;
  /** Files on the disk, or texts, by the names that they get. */
  readonly files: ReadonlyMap<string, { readonly path: string } | { readonly text: string }>;
  /** Names that such a repository may have; what an older commit has of them and this one lacks goes. */
  readonly ours: readonly string[];
  /** The commit's first line. */
  readonly title: string;
  /** Whether nobody else may see a repository that is made. */
  readonly isPrivate: boolean;
}

/** What became of an {@link Upload}. */
export interface Uploaded {
  readonly commit: string;
  /** Names of files that are new, others, or gone; none where all was there already. */
  readonly changed: readonly string[];
  /** Whether the repository was made. */
  readonly created: boolean;
}

/**
 * Puts files into a repository of the hub, which is made where there is none: large ones first, to where nobody sees them,
 * then one commit that shows all. What is there already is not sent again.
 *
 * @throws UserError for whatever the hub or the network refuses; nothing of it is visible then
 */
export async function upload({ id, revision }: ModelId, wanted: Upload, access: HubAccess): Promise<Uploaded> {
  const request: HubRequest = {
    where: `${wanted.what} ${quoted(id)}`,
    before: "",
    denied: {
      what: "the hub does not allow it, or has no such branch",
      fix: "check the name, and that the token in HF_TOKEN, or of your login, may write there",
    },
  };
  try {
    const created = await madeRepository(id, wanted.isPrivate, access);
    const tip = await commitOf(access, { id, revision });
    const there = await filesOf(access, id, tip);
    const { changed, operations } = await changesFrom(there, wanted);
    if (operations.length === 0) return { commit: tip, changed, created };
    const made = await commit({
      ...access,
      repo: { type: "model", name: id },
      ...{ title: wanted.title, operations, branch: revision, parentCommit: tip, useXet: false },
    });
    const oid = made?.commit.oid;
    if (oid === undefined || !isCommit(oid)) throw new Error("no commit");
    return { commit: oid, changed, created };
  } catch (error) {
    throw hubError(request, error);
  }
}

/** Makes a repository where there is none; whether it did. */
async function madeRepository(id: string, isPrivate: boolean, access: HubAccess): Promise<boolean> {
  const { accessToken = "" } = access;
  try {
    await commitOf(access, { id, revision: "HEAD" });
    return false;
  } catch (error) {
    // The hub does not tell strangers whether something is there.
    if (!(error instanceof HubApiError) || ![401, 404].includes(error.statusCode)) throw error;
  }
  try {
    const visibility = isPrivate ? "private" : "public";
    await createRepo({ ...access, accessToken, repo: { type: "model", name: id }, visibility });
    return true;
  } catch (error) {
    if (error instanceof HubApiError && error.statusCode === 409) return false; // made meanwhile
    throw error;
  }
}

type Operation = Parameters<typeof commit>[0]["operations"][number];

/** What a commit has to do so that the repository holds what is wanted. */
async function changesFrom(there: ReadonlyMap<string, ListFileEntry>, { files, ours }: Upload) {
  const operations: Operation[] = [];
  for (const [path, source] of files) {
    const entry = there.get(path);
    if (entry !== undefined && (await isSame(entry, source))) continue;
    const content = "text" in source ? new Blob([source.text]) : pathToFileURL(source.path);
    operations.push({ operation: "addOrUpdate", path, content });
  }
  for (const path of ours) {
    if (there.has(path) && !files.has(path)) operations.push({ operation: "delete", path });
  }
  return { operations, changed: operations.map(({ path }) => path) };
}

async function isSame(entry: ListFileEntry, source: { readonly path: string } | { readonly text: string }) {
  const expected = expectedOf(entry);
  const hasher = hasherOf(expected);
  if ("text" in source) {
    return (
      Buffer.byteLength(source.text) === expected.size && hasher.update(source.text).digest("hex") === expected.etag
    );
  }
  try {
    if ((await stat(source.path)).size !== expected.size) return false;
    for await (const chunk of createReadStream(source.path)) hasher.update(chunk as Buffer);
  } catch (error) {
    throw fileError(source.path, "read the file", error);
  }
  return hasher.digest("hex") === expected.etag;
}

/** @throws UserError where there is no token: nobody may write without one */
export function requireToken(access: HubAccess): void {
  if (access.accessToken !== undefined) return;
  throw userError({
    where: "HF_TOKEN",
    what: "there is no token for the hub, which lets nobody write without one",
    fix: "set HF_TOKEN to a token that may write, or log in with Hugging Face's own program (over https)",
  });
}
