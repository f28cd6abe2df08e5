/** Formats of knowledge; `triples` are three ids a line, `facts` whatever `teach` reads as facts besides. */
export const knowledgeFormats = [
  "csv",
  "tsv",
  "jsonl",
  "triples",
  "ntriples",
  "turtle",
  "wikidata",
  "neo4j",
  "facts",
] as const;
export type KnowledgeFormat = (typeof knowledgeFormats)[number];
