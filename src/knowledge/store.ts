/**
 * Statements on their way into a folder of knowledge.
 * @module
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { userError } from "../errors.js";
import { writeAtomically } from "../files/atomic.js";
import { knowledgeBounds } from "../files/bounds.js";
import { type WrittenFile, writeGzipped } from "../files/gzip-file.js";
import { hashFile } from "../weights/hash.js";
import { entitiesOf, type GatheredEntity } from "./gathered-entities.js";
import { IdSet } from "./id-set.js";
import type { TripleObject } from "./knowledge.js";
import { type KnowledgeManifest, knowledgeFiles } from "./manifest.js";
import { owned } from "./owned.js";
import { SortedLines } from "./sorted-lines.js";
import type { NameRank, Statement } from "./statement.js";

/** Of names and types that were said last, to pass over what is said again and again. */
const mostRecent = 1 << 16;

/** What became of the statements. */
export interface Stored extends Pick<KnowledgeManifest, "counts" | "files"> {
  /** What was left out, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
}

/**
 * Takes statements in any order, and writes a folder in which each entity stands once with all its names, and each triple
 * once. Held are about 400 MB of lines to be sorted, relations, and the ids of all entities (see {@link IdSet}).
 */
export class KnowledgeStore {
  readonly #names: SortedLines;
  readonly #triples: SortedLines;
  /** Labels by id; null where none was given. */
  readonly #relations = new Map<string, string | null>();
  #recent = new Set<string>();
  #said = 0;

  /** @param folder where all is written; it is there */
  constructor(
    private readonly folder: string,
    heldCharacters?: number,
  ) {
    this.#names = new SortedLines(folder, "names", heldCharacters);
    this.#triples = new SortedLines(folder, "triples", heldCharacters);
  }

  /** @param where for the error line */
  add(statement: Statement, where: string): void {
    switch (statement.kind) {
      case "name":
        this.#name(statement.entity, statement.name, statement.rank);
        break;
      case "type":
        this.#type(statement.entity, statement.type);
        break;
      case "relation":
        this.#relation(statement.id, statement.label, where);
        break;
      case "triple":
        this.#relation(statement.relation, null, where);
        this.#triple(statement.subject, statement.relation, statement.object);
    }
  }

  /** To be called again and again: makes room where much is held. */
  async settle(): Promise<void> {
    if (this.#names.isFull) await this.#names.spill();
    if (this.#triples.isFull) await this.#triples.spill();
  }

  #name(entity: string, name: string, rank: NameRank): void {
    // Of names of a rank, what was said first comes first.
    if (this.#isNew(entity, name))
      this.#names.add(entity, String(rank), (this.#said++).toString(36).padStart(8, "0"), name);
  }

  #type(entity: string, type: string): void {
    if (this.#isNew(entity, "", type)) this.#names.add(entity, "t", type);
  }

  #isNew(...parts: readonly string[]): boolean {
    const key = parts.join("\t");
    if (this.#recent.has(key)) return false;
    if (this.#recent.size >= mostRecent) this.#recent = new Set();
    this.#recent.add(key);
    return true;
  }

  #relation(id: string, label: string | null, where: string): void {
    const known = this.#relations.get(id);
    if (typeof known === "string" || (known === null && label === null)) return;
    this.#relations.set(owned(id), label === null ? null : owned(label));
    if (this.#relations.size <= knowledgeBounds.relations) return;
    throw userError({
      where,
      what: `there are more than ${knowledgeBounds.relations} relations`,
      expected: "subject, relation and object",
      fix: "check which column holds the relation",
    });
  }

  #triple(subject: string, relation: string, object: TripleObject): void {
    this.#triples.add(subject, relation, object.kind, object.kind === "entity" ? object.id : object.value);
  }

  /** Writes the folder's files but for its manifest. Nothing may be added any more. */
  async write(onProgress: () => void = () => undefined): Promise<Stored> {
    const skipped: Record<string, number> = {};
    const named = new IdSet();
    const entities = await this.#writeEntities(named, skipped, onProgress);
    const { file, relations, unnamed, ...triples } = await this.#writeTriples(named, skipped, onProgress);
    await this.#writeRelations(relations);
    return {
      counts: { entities: named.size, names: entities.names, relations: relations.size, ...triples, unnamed },
      files: {
        entities: entities.file,
        triples: file,
        relations: await fileFacts(join(this.folder, knowledgeFiles.relations)),
      },
      skipped,
    };
  }

  /** @returns the file, and how many names there are */
  async #writeEntities(
    named: IdSet,
    skipped: Record<string, number>,
    onProgress: () => void,
  ): Promise<{ readonly file: WrittenFile; readonly names: number }> {
    let names = 0;
    const file = await writeGzipped(join(this.folder, knowledgeFiles.entities), async (write) => {
      for await (const entities of entitiesOf(this.#names.batches(), skipped)) {
        onProgress();
        const lines = entities.flatMap((entity) => {
          if (this.#isRelation(entity)) return [];
          named.add(entity.id);
          names += entity.names.length;
          return [`${JSON.stringify(entity)}\n`];
        });
        await write(lines.join(""));
      }
    });
    return { file, names };
  }

  /** RDF names its relations as it names all else. */
  #isRelation({ id, names: [label] }: GatheredEntity): boolean {
    if (!id.includes("://") || !this.#relations.has(id)) return false;
    this.#relations.set(id, this.#relations.get(id) ?? owned(label ?? ""));
    return true;
  }

  async #writeTriples(named: IdSet, skipped: Record<string, number>, onProgress: () => void) {
    const objects = { entity: 0, date: 0, number: 0, text: 0 };
    const relations = new Set<string>();
    const unnamed = new IdSet();
    const skip = (reason: string, id: string) => {
      unnamed.add(id);
      skipped[reason] = (skipped[reason] ?? 0) + 1;
    };
    let triples = 0;
    const file = await writeGzipped(join(this.folder, knowledgeFiles.triples), async (write) => {
      await write("subject\trelation\tkind\tobject\n");
      for await (const batch of this.#triples.batches()) {
        onProgress();
        const kept = batch.filter((line) => {
          const [subject, relation, kind, object] = line.split("\t") as [string, string, TripleObject["kind"], string];
          if (!named.has(subject)) skip("subject-without-name", subject);
          else if (kind === "entity" && !named.has(object)) skip("object-without-name", object);
          else {
            objects[kind]++;
            relations.add(relation);
            return true;
          }
          return false;
        });
        triples += kept.length;
        if (kept.length > 0) await write(`${kept.join("\n")}\n`);
      }
    });
    return { file, triples, objects, relations, unnamed: unnamed.size };
  }

  async #writeRelations(used: ReadonlySet<string>): Promise<void> {
    const lines = [...used].sort().map((id) => `${id}\t${this.#relations.get(id) ?? lastPart(id)}\n`);
    await writeAtomically(join(this.folder, knowledgeFiles.relations), async (file) => {
      await file.appendFile(`id\tlabel\n${lines.join("")}`);
    });
  }
}

/** `birthPlace` of an IRI, which stands for a label where there is none. */
const lastPart = (id: string): string => (id.includes("://") ? (/[^/#]+$/.exec(id)?.[0] ?? id) : id);

async function fileFacts(path: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
  return { bytes: (await stat(path)).size, sha256: await hashFile(path) };
}
