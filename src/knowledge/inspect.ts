/**
 * What a folder of knowledge holds.
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashFile } from "../weights/hash.js";
import { type KnowledgeFolder, openKnowledge } from "./folder.js";
import type { Triple } from "./knowledge.js";
import { damaged, type KnowledgeManifest, knowledgeFiles } from "./manifest.js";
import { SortedLines } from "./sorted-lines.js";

/** A relation and its triples. */
export interface InspectedRelation {
  readonly id: string;
  readonly label: string;
  readonly triples: number;
  /** Means. */
  readonly objectsPerSubject: number;
  readonly subjectsPerObject: number;
  /** `1:n`: subjects have several objects, objects one subject; by means above 1.5, as Bordes et al. 2013 (TransE) count. */
  readonly kind: "1:1" | "1:n" | "n:1" | "n:n";
  /** Labels of a subject and of its object. */
  readonly example: readonly [subject: string, object: string];
}

/** A name that several entities have. */
export interface AmbiguousName {
  readonly name: string;
  readonly entities: number;
  /** Ids of a few of them. */
  readonly such: readonly string[];
}

/** What a folder of knowledge holds. */
export interface KnowledgeSummary
  extends Pick<KnowledgeManifest, "language" | "sources" | "counts" | "skipped" | "faults"> {
  /** Those with the most triples first. */
  readonly relations: readonly InspectedRelation[];
  readonly ambiguous: {
    readonly names: number;
    /** Those of the most entities first. */
    readonly worst: readonly AmbiguousName[];
  };
}

const mostWorst = 10;
const mostSuch = 3;
const severalFrom = 1.5;

/**
 * Reads a folder of knowledge whole, checks its files' hashes, and counts. About 200 MB are held at most; what is more
 * stands in files for temporary use meanwhile.
 *
 * @throws UserError where it is no such folder, or damaged
 */
export async function inspectKnowledge(
  folder: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<KnowledgeSummary> {
  const source = await openKnowledge(folder);
  await checkHashes(folder, source.manifest);
  const scratch = await mkdtemp(join(tmpdir(), "kadapter-facts-"));
  try {
    const relations = await inspectRelations(source, scratch, signal);
    const ambiguous = await ambiguousNames(source, scratch, signal);
    const { language, sources, counts, skipped, faults } = source.manifest;
    return { language, sources, counts, skipped, faults, relations, ambiguous };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function checkHashes(folder: string, { files }: KnowledgeManifest): Promise<void> {
  for (const [name, { sha256 }] of Object.entries(files)) {
    const path = join(folder, knowledgeFiles[name as keyof typeof knowledgeFiles]);
    if ((await hashFile(path)) !== sha256) throw damaged(path, "the file is not the one that was written");
  }
}

/** Counts of a relation. */
class Counts {
  triples = 0;
  subjects = 0;
  objects = 0;
  lastSubject: string | undefined;

  constructor(readonly first: Triple) {}
}

const objectText = ({ object }: Triple): string => (object.kind === "entity" ? object.id : object.value);

async function inspectRelations(
  source: KnowledgeFolder,
  scratch: string,
  signal: AbortSignal | undefined,
): Promise<readonly InspectedRelation[]> {
  const counts = new Map<string, Counts>();
  const objects = new SortedLines(scratch, "objects");
  for await (const triple of source.triples()) {
    const { subject, relation, object } = triple;
    const known = counts.get(relation) ?? new Counts(triple);
    counts.set(relation, known);
    known.triples++;
    // Triples come in the order of their subjects.
    if (known.lastSubject !== subject) known.subjects++;
    known.lastSubject = subject;
    objects.add(relation, object.kind, objectText(triple));
    if (!objects.isFull) continue;
    signal?.throwIfAborted();
    await objects.spill();
  }
  for await (const batch of objects.batches()) {
    for (const line of batch) counts.get(line.slice(0, line.indexOf("\t")))!.objects++;
  }
  const labels = await labelsOf(
    source,
    [...counts.values()].map(({ first }) => first),
  );
  const relations = [...counts].map(([id, one]) => inspected(id, source.relations.get(id) ?? id, one, labels));
  return relations.sort((a, b) => b.triples - a.triples || (a.id < b.id ? -1 : 1));
}

function inspected(id: string, label: string, counts: Counts, labels: ReadonlyMap<string, string>): InspectedRelation {
  const { first, triples, subjects, objects } = counts;
  const [objectsPerSubject, subjectsPerObject] = [triples / subjects, triples / objects];
  const side = (mean: number) => (mean > severalFrom ? "n" : "1");
  const kind = `${side(subjectsPerObject)}:${side(objectsPerSubject)}` as const;
  const object = objectText(first);
  const example = [labels.get(first.subject) ?? first.subject, labels.get(object) ?? object] as const;
  return { id, label, triples, objectsPerSubject, subjectsPerObject, kind, example };
}

/** Labels of the entities in a few triples. */
async function labelsOf(source: KnowledgeFolder, triples: readonly Triple[]): Promise<ReadonlyMap<string, string>> {
  const entities = triples.flatMap(({ subject, object }) => [
    subject,
    ...(object.kind === "entity" ? [object.id] : []),
  ]);
  const wanted = new Set(entities);
  const labels = new Map<string, string>();
  for await (const { id, names } of source.entities()) if (wanted.has(id)) labels.set(id, names[0] ?? id);
  return labels;
}

async function ambiguousNames(source: KnowledgeFolder, scratch: string, signal: AbortSignal | undefined) {
  const lines = new SortedLines(scratch, "names");
  for await (const { id, names } of source.entities()) {
    for (const name of names) lines.add(name, id);
    if (!lines.isFull) continue;
    signal?.throwIfAborted();
    await lines.spill();
  }
  let names = 0;
  let worst: AmbiguousName[] = [];
  for await (const name of groups(lines.batches())) {
    if (name.entities < 2) continue;
    names++;
    worst.push(name);
    if (worst.length > 100 * mostWorst) worst = worstOf(worst);
  }
  return { names, worst: worstOf(worst) };
}

const worstOf = (names: readonly AmbiguousName[]): AmbiguousName[] =>
  [...names].sort((a, b) => b.entities - a.entities || (a.name < b.name ? -1 : 1)).slice(0, mostWorst);

/** Names with the entities that have them. */
async function* groups(batches: AsyncIterable<readonly string[]>): AsyncGenerator<AmbiguousName> {
  let last: { name: string; entities: number; such: string[] } | undefined;
  for await (const batch of batches) {
    for (const line of batch) {
      const [name = "", id = ""] = line.split("\t");
      if (last?.name !== name) {
        if (last) yield last;
        last = { name, entities: 0, such: [] };
      }
      last.entities++;
      if (last.such.length < mostSuch) last.such.push(id);
    }
  }
  if (last) yield last;
}
