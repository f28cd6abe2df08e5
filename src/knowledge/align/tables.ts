/**
 * What is known, in typed arrays that threads share.
 * @module
 */
import { userError } from "../../errors.js";
import type { Entity, KnowledgeSource, Triple, TripleObject } from "../knowledge.js";
import { buildNames, NameList, type NameTable } from "./name-table.js";
import { nameVariants, refuseName } from "./names.js";
import { type NodeTable, NodeTableBuilder } from "./nodes.js";
import { normalNumber } from "./number-text.js";
import { Uint32List } from "./shared-arrays.js";
import { Tokens } from "./tokens.js";
import { buildTriples, mostRelations, type TripleTable } from "./triple-table.js";
import { learnTypes, type TypePairs, TypeSets, type TypeTable } from "./type-table.js";

/** A plain object of typed arrays and small JSON: `postMessage` hands it to a worker without a copy of the arrays. */
export interface AlignTables {
  readonly nodes: NodeTable;
  readonly names: NameTable;
  readonly triples: TripleTable;
  /** Ids of relations by number. */
  readonly relations: readonly string[];
  readonly types: TypeTable;
  readonly counts: TableCounts;
}

/** How much there is of what, and what was left out. */
export interface TableCounts {
  readonly entities: number;
  /** Different names that are looked for. */
  readonly names: number;
  /** Names of several entities. */
  readonly ambiguous: number;
  readonly triples: number;
  readonly skipped: Readonly<Record<string, number>>;
}

export interface TableOptions {
  /** Learn which types each relation's subjects and objects have (`learn`). */
  readonly types?: "learn" | "off";
}

/**
 * Reads what is known into tables.
 *
 * @throws UserError where there is nothing to look for
 */
export async function buildTables(
  source: KnowledgeSource,
  { types = "learn" }: TableOptions = {},
): Promise<AlignTables> {
  const builder = new TablesBuilder();
  for await (const entity of source.entities()) builder.addEntity(entity);
  for await (const triple of source.triples()) builder.addTriple(triple);
  const tables = builder.finish(types === "learn");
  if (tables.counts.names > 0) return tables;
  throw userError({
    where: source.where,
    what: "no entity has a name that can be looked for",
    expected: "names of at least two letters",
  });
}

/** Types of values, for {@link TypeTable}. */
const valueTypes = { date: "(date)", number: "(number)" } as const;

class TablesBuilder {
  readonly #nodes = new NodeTableBuilder();
  readonly #sets = new TypeSets();
  readonly #setOfNode = new Uint32List();
  readonly #names = { exact: new NameList(), atStart: new NameList(), elsewhere: new NameList() };
  readonly #tokens = new Tokens();
  readonly #relations = new Map<string, number>();
  readonly #triples = { subjects: new Uint32List(), relations: new Uint32List(), objects: new Uint32List() };
  readonly #skipped: Record<string, number> = {};

  addEntity({ id, names, types }: Entity): void {
    const node = this.#nodes.add("entity", id);
    // Of an entity that comes twice, names are added up; the first record's types count.
    if (node === this.#setOfNode.length) this.#setOfNode.push(this.#sets.number(types));
    for (const name of new Set(names)) this.addName(name.normalize("NFC"), node);
  }

  private addName(name: string, node: number): void {
    const refused = refuseName(name, this.#tokens.read(name.length > 4000 ? "" : name));
    if (refused !== undefined) {
      this.skip(refused);
      return;
    }
    this.#names.exact.add(this.#tokens, node);
    for (const { name: other, atStart } of nameVariants(name)) {
      this.#names[atStart ? "atStart" : "elsewhere"].add(this.#tokens.read(other), node);
    }
  }

  addTriple(triple: Triple): void {
    const { relation, object } = triple;
    const from = this.#nodes.find("entity", triple.subject);
    const to = this.objectOf(object);
    const refused = refuseTriple(object, from, to);
    if (refused !== undefined) {
      this.skip(refused);
      return;
    }
    this.#triples.subjects.push(from);
    this.#triples.relations.push(this.relation(relation));
    this.#triples.objects.push(to);
  }

  /** The node of an object; −1 where there is none. */
  private objectOf(object: TripleObject): number {
    if (object.kind === "text") return -1;
    return object.kind === "entity" ? this.#nodes.find("entity", object.id) : this.addValue(object.kind, object.value);
  }

  private addValue(kind: "date" | "number", value: string): number {
    const node = this.#nodes.add(kind, (kind === "number" ? normalNumber(value) : null) ?? value);
    if (node === this.#setOfNode.length) this.#setOfNode.push(this.#sets.number([valueTypes[kind]]));
    return node;
  }

  private relation(id: string): number {
    const known = this.#relations.get(id);
    if (known !== undefined) return known;
    if (this.#relations.size === mostRelations) {
      throw userError({ what: `there are more than ${mostRelations} relations`, fix: "leave out rare ones" });
    }
    this.#relations.set(id, this.#relations.size);
    return this.#relations.size - 1;
  }

  private skip(reason: string): void {
    this.#skipped[reason] = (this.#skipped[reason] ?? 0) + 1;
  }

  finish(learn: boolean): AlignTables {
    const nodes = this.#nodes.finish();
    const { subjects, relations: ofTriples, objects } = this.#triples;
    const triples = buildTriples(subjects, ofTriples, objects, nodes.count);
    const { names, ambiguous, leftOut, ...table } = buildNames(this.#names, triples.degrees);
    const relations = [...this.#relations.keys()];
    const types = { names: this.#sets.names, sets: this.#sets.sets, ofNode: this.#setOfNode.shared() };
    const pairs: TypePairs | null = learn ? learnTypes(allTriples(triples), types, relations.length) : null;
    if (leftOut > 0) this.#skipped["entities of names that more than 64 have"] = leftOut;
    const twice = subjects.length - triples.objects.length;
    if (twice > 0) this.#skipped["triples that are there twice"] = twice;
    return {
      nodes,
      names: table,
      triples,
      relations,
      types: { ...types, pairs },
      counts: { entities: nodes.entities, names, ambiguous, triples: triples.objects.length, skipped: this.#skipped },
    };
  }
}

function refuseTriple(object: TripleObject, from: number, to: number): string | undefined {
  if (object.kind === "text") return "triples whose object is a text";
  if (from < 0 || to < 0) return "triples of entities that are not there";
  return from === to ? "triples of an entity with itself" : undefined;
}

function* allTriples({ starts, objects, relations }: TripleTable): Generator<readonly [number, number, number]> {
  for (let subject = 0; subject + 1 < starts.length; subject++) {
    for (let i = starts[subject]!; i < starts[subject + 1]!; i++) yield [subject, relations[i]!, objects[i]!];
  }
}

/** Bytes of a table's arrays. */
export const tableBytes = (table: object): number =>
  Object.values(table).reduce((sum: number, part: unknown) => {
    if (ArrayBuffer.isView(part)) return sum + part.byteLength;
    return sum + (typeof part === "object" && part !== null ? tableBytes(part) : 0);
  }, 0);
