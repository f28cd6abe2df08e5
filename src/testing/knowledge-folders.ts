/**
 * Knowledge for tests: files that are written, imported and opened.
 * @module
 */
import { mkdtempSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openKnowledge } from "../knowledge/folder.js";
import { type Imported, type ImportOptions, importKnowledge } from "../knowledge/import.js";
import type { Entity, Triple } from "../knowledge/knowledge.js";

type Given = Partial<Omit<ImportOptions, "files" | "out">>;

/** What a folder of knowledge holds. */
export interface Known extends Imported {
  readonly entities: readonly Entity[];
  /** `Austria capital Vienna`, `Austria area number:83871`. */
  readonly triples: readonly string[];
  readonly relations: Readonly<Record<string, string>>;
}

const shortTriple = ({ subject, relation, object }: Triple) =>
  `${subject} ${relation} ${object.kind === "entity" ? object.id : `${object.kind}:${object.value}`}`;

/** A folder for files and for knowledge. Its methods are bound. */
export class KnowledgeFolders {
  readonly #root = mkdtempSync(join(tmpdir(), "kadapter-knowledge-"));
  #made = 0;

  /** A new path in it. */
  readonly at = (name: string): string => join(this.#root, `${name}-${this.#made++}`);

  readonly file = async (content: string | Uint8Array): Promise<string> => {
    const path = this.at("file");
    await writeFile(path, content);
    return path;
  };

  /** Imports files into a new folder. Nothing may be wrong with them unless that is given. */
  readonly importInto = async (
    files: readonly string[],
    given: Given = {},
  ): Promise<Imported & { readonly out: string }> => {
    const out = this.at("kb");
    await mkdir(out);
    return { ...(await importKnowledge({ language: "en", mostBad: 0, ...given, files, out })), out };
  };

  /** Imports files, and reads what was written. */
  readonly known = async (files: readonly string[], given: Given = {}): Promise<Known> => {
    const { out, ...imported } = await this.importInto(files, given);
    const source = await openKnowledge(out);
    const [entities, triples]: [Entity[], string[]] = [[], []];
    for await (const entity of source.entities()) entities.push(entity);
    for await (const triple of source.triples()) triples.push(shortTriple(triple));
    return { ...imported, entities, triples, relations: Object.fromEntries(source.relations) };
  };

  readonly knownOf = async (content: string | Uint8Array, given: Given = {}): Promise<Known> =>
    this.known([await this.file(content)], given);

  /** The line with which a file is refused. */
  readonly refused = async (content: string | Uint8Array, given: Given = {}): Promise<string> =>
    this.knownOf(content, given).then(
      () => "nothing was refused",
      (error: Error) => (error.name === "UserError" ? error.message : `a defect: ${error.stack}`),
    );

  readonly remove = (): Promise<void> => rm(this.#root, { recursive: true, force: true });
}
