/**
 * From files of knowledge to a folder of it.
 * @module
 */
import { mkdir, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { type DataFile, fileName } from "../data/bytes.js";
import { beginning } from "../data/records.js";
import { isZip } from "../data/zip.js";
import { zipMembers } from "../data/zip-members.js";
import { setting, userError } from "../errors.js";
import { fileError, renameDurably, writeFileAtomically } from "../files/atomic.js";
import { isFolder } from "../files/folder.js";
import { temporaryBeside } from "../files/leftovers.js";
import { tally } from "../phrases.js";
import { hashFile } from "../weights/hash.js";
import { Findings } from "./findings.js";
import type { KnowledgeFormat } from "./formats.js";
import { type KnowledgeManifest, knowledgeFiles, knowledgeManifest, manifestFile } from "./manifest.js";
import { readNames } from "./read/name-files.js";
import { readKnowledge } from "./read/read.js";
import type { ReadKnowledgeOptions, Statements } from "./statement.js";
import { KnowledgeStore } from "./store.js";

/** What is imported, and how. */
export interface ImportOptions {
  /** Files of facts, gzipped or not, zip archives of such, or folders that `teach` reads. */
  readonly files: readonly string[];
  /** Files that name entities by their ids. */
  readonly names?: readonly string[] | undefined;
  /** Files that label relations by their ids. */
  readonly relations?: readonly string[] | undefined;
  /** The folder to be written; it is there, and nobody else writes into it. */
  readonly out: string;
  /** Of names and texts, such as `en`. */
  readonly language: string;
  /** By content if it is left out. */
  readonly format?: KnowledgeFormat | undefined;
  /** Share of a file's records that may be wrong. */
  readonly mostBad: number;
  /** Aborted: nothing is written. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ImportProgress) => void;
  /** How much is held before it goes to the disk; for tests. */
  readonly heldCharacters?: number;
}

/** How far an import has come. */
export type ImportProgress =
  | { readonly doing: "reading"; readonly file: string; readonly records: number }
  | { readonly doing: "writing"; readonly lines: number };

/** What was imported. */
export interface Imported {
  readonly manifest: KnowledgeManifest;
  /** The first places of each reason for which something was left out. */
  readonly places: Readonly<Record<string, readonly string[]>>;
}

type Source = KnowledgeManifest["sources"][number];

/**
 * Reads facts and names, and writes them as a folder that {@link openKnowledge} opens. The same files give the same
 * bytes. The folder's files are replaced when all of them are written.
 *
 * @throws UserError where a file cannot be read, or no triple is left
 */
export async function importKnowledge(options: ImportOptions): Promise<Imported> {
  const { out } = options;
  const staging = temporaryBeside(join(out, "knowledge"));
  await mkdir(staging).catch((error: unknown) => {
    throw fileError(staging, "make the folder", error);
  });
  try {
    const imported = await new Import(options, staging).run();
    await publish(staging, out, imported.manifest);
    return imported;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Gives the files their names; meanwhile the folder has no manifest, so that nobody reads half of it. */
async function publish(staging: string, out: string, manifest: KnowledgeManifest): Promise<void> {
  await rm(join(out, manifestFile), { force: true });
  for (const name of Object.values(knowledgeFiles)) await renameDurably(join(staging, name), join(out, name));
  await writeFileAtomically(join(out, manifestFile), `${JSON.stringify(manifest, null, 2)}\n`);
}

class Import {
  readonly #findings = new Findings();
  readonly #store: KnowledgeStore;
  readonly #reading: ReadKnowledgeOptions;

  constructor(
    private readonly options: ImportOptions,
    staging: string,
  ) {
    this.#store = new KnowledgeStore(staging, options.heldCharacters);
    const { onRecords, onFault, onLeftOut } = this.#findings;
    this.#reading = { language: options.language, onRecords, onFault, onLeftOut };
  }

  async run(): Promise<Imported> {
    const { files, names = [], relations = [], format, language } = this.options;
    const sources: Source[] = [];
    for (const path of files) sources.push(...(await this.#source(path, (file) => this.#facts(file, format))));
    for (const path of names) sources.push(...(await this.#source(path, (file) => this.#names(file, "entities"))));
    for (const path of relations) sources.push(...(await this.#source(path, (file) => this.#names(file, "relations"))));
    let lines = 0;
    const {
      counts,
      files: written,
      skipped,
    } = await this.#store.write(() => {
      this.options.signal?.throwIfAborted();
      this.options.onProgress?.({ doing: "writing", lines: ++lines * 4096 });
    });
    const { faults, leftOut, places } = this.#findings;
    const all = { ...leftOut, ...skipped };
    if (counts.triples === 0) throw this.#nothingLeft(all);
    const manifest = { language, sources, counts, skipped: all, faults, files: written };
    return { manifest: knowledgeManifest(manifest), places };
  }

  #nothingLeft(skipped: Readonly<Record<string, number>>): Error {
    return userError({
      where: this.options.files.join(" "),
      what: `no triple is left${Object.keys(skipped).length > 0 ? ` (${tally(skipped)})` : ""}`,
      fix: `where names are missing, give them with ${setting("names")}, or choose another ${setting("language")}`,
    });
  }

  /** Reads a file, or each file of an archive; gives what the manifest says of it. */
  async #source(path: string, read: (file: DataFile) => Promise<string>): Promise<readonly Source[]> {
    if (await isFolder(path))
      return [{ file: basename(path), bytes: 0, sha256: "", ...(await this.#whole(path, read)) }];
    const facts = { file: basename(path), bytes: (await stat(path)).size, sha256: await hashFile(path) };
    if (!isZip(await beginning(path))) return [{ ...facts, ...(await this.#whole(path, read)) }];
    const sources: Source[] = [];
    for await (const member of zipMembers(path)) {
      const file = `${facts.file}${member.name.slice(path.length)}`;
      sources.push({ ...facts, file, ...(await this.#whole(member, read)) });
    }
    return sources;
  }

  async #whole(file: DataFile, read: (file: DataFile) => Promise<string>) {
    const format = await read(file);
    return { format, records: this.#findings.endFile(fileName(file), this.options.mostBad) };
  }

  async #facts(file: DataFile, asked: KnowledgeFormat | undefined): Promise<string> {
    const { format, statements } = await readKnowledge(file, asked, this.#reading);
    await this.#take(statements, fileName(file));
    return format;
  }

  async #names(file: DataFile, named: "entities" | "relations"): Promise<string> {
    await this.#take(readNames(file, named, this.#reading), fileName(file));
    return named === "entities" ? "names" : "relations";
  }

  async #take(batches: AsyncIterable<Statements>, where: string): Promise<void> {
    const { signal, onProgress } = this.options;
    for await (const batch of batches) {
      signal?.throwIfAborted();
      for (const statement of batch) this.#store.add(statement, where);
      await this.#store.settle();
      onProgress?.({ doing: "reading", file: where, records: this.#findings.records });
    }
  }
}
