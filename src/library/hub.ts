/**
 * Finished models to the hub, and from it into a folder.
 * @module
 */
import { realpath } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { downstreamCard } from "../adapters/downstream-card.js";
import { downstreamFiles } from "../adapters/downstream-folder.js";
import { adapterFiles, hashOfTensors, requireRecordedTensors } from "../adapters/folder.js";
import { type FoundModel, findModel } from "../adapters/found-model.js";
import { resolveWithCard } from "../adapters/hub-adapter.js";
import { setting, userError } from "../errors.js";
import { isFolder } from "../files/folder.js";
import { shown } from "../phrases.js";
import { type PullSettings, type PushSettings, pullSettings, pushSettings } from "../settings/hub.js";
import { resolveSettings } from "../settings/setting.js";
import { type HubOptions, hubAccess } from "../weights/hub.js";
import { isCommit, type ModelId, parseModelId, pinnedName } from "../weights/hub-cache.js";
import { exists } from "../weights/hub-content.js";
import { requireToken, upload } from "../weights/hub-upload.js";
import { copyInto } from "./copy-into.js";
import { withOutputFolder } from "./output-folder.js";

/** How a model is pushed; see `kadapter push --help`. */
export interface PushOptions extends Partial<Omit<PushSettings, "dir" | "repository">>, HubOptions {}

/** What was pushed. */
export interface PushResult {
  /** Its name at the commit: `hf:USER/NAME@COMMIT`, which says the same for good. */
  readonly name: string;
  /** Its 40 hex digits. */
  readonly commit: string;
  /** Files that are new, others, or gone; none where all was there already. */
  readonly changed: readonly string[];
  /** Whether the repository was made. */
  readonly created: boolean;
  /** SHA-256 of its tensors, by file. */
  readonly tensors: Readonly<Record<string, string>>;
  /** What should be known before others see it. */
  readonly notes: readonly string[];
}

/**
 * Puts an adapter or a fine-tuned model into a repository of the hub, with its card, in one commit: others see all of it or
 * nothing. The repository is made where there is none.
 *
 * @param dir the model's folder
 * @param repository `USER/NAME` or `USER/NAME@BRANCH`
 * @throws UserError where the folder holds no finished model or its tensors are not those that were recorded; where there
 * is no token, or the hub refuses
 * @example
 * const { name } = await push("runs/country", "me/country");
 */
export async function push(dir: string, repository: string, options: PushOptions = {}): Promise<PushResult> {
  const { message, private: isPrivate, ...how } = options;
  const settings = resolveSettings(pushSettings, { dir, repository, message, private: isPrivate });
  const target = targetOf(repository);
  if (!(await isFolder(dir))) throw userError({ where: dir, what: "this is a file", expected: "a model's folder" });
  const found = await findModel(dir);
  const files = await filesOf(found);
  const tensors = await checkedTensors(found);
  const access = await hubAccess(how);
  requireToken(access);
  const wanted = {
    what: "repository",
    files,
    ours: namesOf(found),
    title: settings.message,
    isPrivate: settings.private,
  };
  const { commit, changed, created } = await upload(target, wanted, access);
  return { name: pinnedName(target.id, commit), commit, changed, created, tensors, notes: notesOf(found) };
}

/** Where a model goes: a repository's own name, and a branch. */
function targetOf(repository: string): ModelId {
  const target = parseModelId(repository);
  if (target?.id.includes("/") && !isCommit(target.revision)) return target;
  throw userError({
    where: setting("repository"),
    what: `${shown(repository)} is no repository that can be written to`,
    expected: "USER/NAME or USER/NAME@BRANCH",
  });
}

/** What a folder of this kind may hold, its configuration last. */
const namesOf = ({ what }: FoundModel): readonly string[] =>
  what === "model"
    ? [downstreamFiles.model, adapterFiles.card, downstreamFiles.config]
    : [...Object.values(adapterFiles).filter((name) => name !== adapterFiles.config), adapterFiles.config];

const tensorFiles = ({ what }: FoundModel): readonly string[] =>
  what === "model" ? [downstreamFiles.model] : [adapterFiles.adapter, adapterFiles.head];

/** The files that are pushed. A link that leads out of the folder is none of the model's. */
async function filesOf(found: FoundModel) {
  const { folder } = found;
  const root = await realpath(folder);
  const files = new Map<string, { readonly path: string } | { readonly text: string }>();
  for (const name of namesOf(found)) {
    const path = join(folder, name);
    if (!(await exists(path))) continue;
    const way = relative(root, await realpath(path));
    if (way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way)) {
      throw userError({
        where: path,
        what: "it is a link that leads out of the folder",
        fix: "put the file itself there, so that nothing else is made public",
      });
    }
    files.set(name, { path });
  }
  if (found.what === "model" && !files.has(adapterFiles.card)) {
    files.set(adapterFiles.card, { text: downstreamCard(found.manifest) });
  }
  return files;
}

/** The hashes of a model's tensors, which must be those that were recorded. */
async function checkedTensors(found: FoundModel): Promise<Readonly<Record<string, string>>> {
  const recorded = found.what === "model" ? [found.manifest.tensors] : recordedOf(found.manifest.tensors);
  const hashes: Record<string, string> = {};
  for (const [i, name] of tensorFiles(found).entries()) {
    const path = join(found.folder, name);
    const hash = await hashOfTensors(path);
    requireRecordedTensors(path, recorded[i], hash);
    hashes[name] = hash;
  }
  return hashes;
}

const recordedOf = (tensors: { readonly adapter: string; readonly head: string } | undefined) =>
  tensors === undefined ? [] : [tensors.adapter, tensors.head];

/** Folders of this machine that the configuration names, which others then read. */
function notesOf({ manifest }: FoundModel): readonly string[] {
  const paths = new Set<string>();
  JSON.stringify([manifest.backbone, manifest.recipe], (_, value: unknown) => {
    if (typeof value === "string" && isAbsolute(value)) paths.add(value);
    return value;
  });
  return [...paths].map((path) => `its configuration names ${path} of this machine, which others can read`);
}

/** How a model is pulled; see `kadapter pull --help`. */
export interface PullOptions extends Partial<Omit<PullSettings, "repository" | "out">>, HubOptions {
  /** Default: HF_HUB_CACHE, HF_HOME/hub, ~/.cache/huggingface/hub. */
  readonly cacheDir?: string;
}

/** What was pulled. */
export interface PullResult {
  /** The folder that was written. */
  readonly out: string;
  /** Its name at the commit: `hf:USER/NAME@COMMIT`, which says the same for good. */
  readonly name: string;
  /** Its 40 hex digits. */
  readonly commit: string;
  /** Names of the files in it. */
  readonly files: readonly string[];
  /** SHA-256 of its tensors, by file. */
  readonly tensors: Readonly<Record<string, string>>;
}

/**
 * Copies an adapter or a fine-tuned model of the hub into a folder: the newest of a branch, or the commit that is named. Its
 * configuration and the hashes of its tensors are checked first; its backbone is neither opened nor downloaded.
 *
 * @param repository `hf:USER/NAME`, or `hf:USER/NAME@REVISION`
 * @param out the folder that is written, its configuration last
 * @throws UserError where the hub has no such model, or another one than it lists; where the folder holds one and
 * `overwrite` is not set
 * @example
 * await pull("hf:me/country", "runs/country");
 */
export async function pull(repository: string, out: string, options: PullOptions = {}): Promise<PullResult> {
  const { overwrite = false, ...how } = options;
  resolveSettings(pullSettings, { repository, out, overwrite });
  const source = parseModelId(repository);
  if (source === undefined) {
    const expected = "hf:USER/NAME or hf:USER/NAME@REVISION";
    throw userError({ where: setting("repository"), what: `${shown(repository)} is no name of the hub`, expected });
  }
  const { folder, commit = "" } = await resolveWithCard(`hf:${source.id}@${source.revision}`, how);
  const found = await findModel(folder);
  const tensors = await checkedTensors(found);
  const names = await present(folder, namesOf(found));
  await withOutputFolder(out, () => copyInto(out, { folder, names, all: allNames, overwrite }));
  return { out, name: pinnedName(source.id, commit), commit, files: names, tensors };
}

/** What stands in folders of either kind; none of an older model may stay beside a new one. */
const allNames = [...new Set([...Object.values(downstreamFiles), ...Object.values(adapterFiles)])];

async function present(folder: string, names: readonly string[]): Promise<readonly string[]> {
  const there = await Promise.all(names.map((name) => exists(join(folder, name))));
  return names.filter((_, i) => there[i]);
}
