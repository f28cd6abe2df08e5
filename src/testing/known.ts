import type { AlignedDocument, SourceDocument } from "../knowledge/align/document.js";
import type { Entity, KnowledgeSource, Triple, TripleObject } from "../knowledge/knowledge.js";

/** What is known, of a few lists: `["Q1", ["Vienna"], ["LOC"]]` and `["Q1", "capital of", "Q2"]`. */
export function known(
  entities: readonly (readonly [id: string, names: readonly string[], types?: readonly string[]])[],
  triples: readonly (readonly [subject: string, relation: string, object: string | TripleObject])[] = [],
): KnowledgeSource {
  return {
    where: "test",
    relations: new Map(triples.map(([, relation]) => [relation, relation])),
    async *entities() {
      for (const [id, names, types = []] of entities) yield { id, names, types } satisfies Entity;
    },
    async *triples() {
      for (const [subject, relation, object] of triples) {
        const node = typeof object === "string" ? ({ kind: "entity", id: object } as const) : object;
        yield { subject, relation, object: node } satisfies Triple;
      }
    },
  };
}

/** A document of a text. */
export const documentOf = (text: string, more: Partial<SourceDocument> = {}): SourceDocument => ({
  id: "1",
  title: null,
  text,
  where: "test:1",
  ...more,
});

/** What was found: `Vienna=Q1`, sentence after sentence. */
export const mentionsIn = ({ sentences }: AlignedDocument): readonly string[] =>
  sentences.flatMap(({ text, mentions }) => mentions.map(({ start, end, id }) => `${text.slice(start, end)}=${id}`));

/** Pairs as `Q1 capital of Q2`, sentence after sentence. */
export const pairsIn = ({ sentences }: AlignedDocument): readonly string[] =>
  sentences.flatMap(({ mentions, pairs }) =>
    pairs.map(({ subject, object, relation }) => `${mentions[subject]!.id} ${relation} ${mentions[object]!.id}`),
  );
