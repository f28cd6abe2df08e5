/**
 * Knowledge as facts in words, to be taught.
 * @module
 */
import { checkCount, type Fact, factNames } from "../data/fact.js";
import type { ReadFactsOptions } from "../data/facts.js";
import { openKnowledge } from "./folder.js";
import type { KnowledgeSource, Triple, TripleObject } from "./knowledge.js";

/**
 * The triples of a folder of knowledge by their labels; an object's other names are right answers, too. All of them are
 * held in memory. What is said of a subject whose label is another's, too, is left out: nobody could tell which is asked.
 */
export async function* knowledgeFacts(folder: string, { onSkip }: ReadFactsOptions): AsyncGenerator<Fact> {
  const source = await openKnowledge(folder);
  const triples: Triple[] = [];
  for await (const triple of source.triples()) {
    triples.push(triple);
    checkCount(triples.length, "facts", folder);
  }
  const { names, ambiguous } = await namesOf(source, triples);
  for (const { subject, relation, object } of triples) {
    const [label = ""] = names.get(subject) ?? [];
    const [answer = "", ...aliases] = answersOf(object, names);
    if (ambiguous.has(label)) {
      onSkip("ambiguous-name", `${folder}: ${subject}`);
      continue;
    }
    const fact = factNames.safeParse({
      subject: label,
      relation: source.relations.get(relation) ?? relation,
      object: answer,
    });
    if (fact.success) yield { ...fact.data, aliases, where: folder };
    else onSkip("unusable-name", `${folder}: ${subject}`);
  }
}

const answersOf = (object: TripleObject, names: ReadonlyMap<string, readonly string[]>): readonly string[] =>
  object.kind === "entity" ? (names.get(object.id) ?? []) : [object.value];

/** Names of the entities in triples by id, and labels that several entities have. */
async function namesOf(source: KnowledgeSource, triples: readonly Triple[]) {
  const wanted = new Set<string>();
  for (const { subject, object } of triples) {
    wanted.add(subject);
    if (object.kind === "entity") wanted.add(object.id);
  }
  const names = new Map<string, readonly string[]>();
  const labels = new Set<string>();
  const ambiguous = new Set<string>();
  for await (const entity of source.entities()) {
    if (!wanted.has(entity.id)) continue;
    const [label = ""] = entity.names;
    if (labels.has(label)) ambiguous.add(label);
    labels.add(label);
    names.set(entity.id, entity.names);
  }
  return { names, ambiguous };
}
