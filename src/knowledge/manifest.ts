/**
 * What a folder of knowledge says of itself.
 * @module
 */

import { z } from "zod";
import { userError } from "../errors.js";
import { fileBytes } from "../files/bounds.js";
import { parseWith, readJson } from "../files/json.js";
import { listOf, mapOf } from "../files/lists.js";
import { join } from "../host/paths.js";

/** The files of a folder of knowledge. */
export const knowledgeFiles = {
  entities: "entities.jsonl.gz",
  triples: "triples.tsv.gz",
  relations: "relations.tsv",
} as const;

export const manifestFile = "manifest.json";
const format = "kadapter-knowledge/1";

const count = z.number().int().min(0);
const counts = mapOf(count);
const file = z.object({ bytes: count, sha256: z.string().regex(/^[0-9a-f]{64}$/) });

const schema = z.object({
  format: z.literal(format),
  /** Of names and texts. */
  language: z.string().max(64),
  sources: listOf(
    z.object({
      /** Its name without folders. */
      file: z.string().max(4096),
      format: z.string().max(64),
      bytes: count,
      sha256: z.string().max(64),
      records: count,
    }),
  ),
  counts: z.object({
    entities: count,
    names: count,
    relations: count,
    triples: count,
    /** Of triples, by the kind of their object. */
    objects: z.object({ entity: count, date: count, number: count, text: count }),
    /** Entities of the sources' triples that no source names. */
    unnamed: count,
  }),
  /** What was left out by rule, by reason. */
  skipped: counts,
  /** Records that were wrong, by reason. */
  faults: counts,
  files: z.object({ entities: file, triples: file, relations: file }),
});

/** What a folder of knowledge says of itself. */
export type KnowledgeManifest = z.output<typeof schema>;

export const knowledgeManifest = (about: Omit<KnowledgeManifest, "format">): KnowledgeManifest => ({
  format,
  ...about,
});

const about = {
  expected: "a folder that `facts import` has written",
  fix: "import the facts again",
};

/**
 * Reads the manifest of a folder of knowledge.
 *
 * @throws UserError where there is none, or it is damaged
 */
export async function readManifest(folder: string): Promise<KnowledgeManifest> {
  const path = join(folder, manifestFile);
  return parseWith(
    schema,
    await readJson(path, { what: "the manifest", mostBytes: fileBytes.records, ...about }),
    path,
    about,
  );
}

/** The error for a folder that is not what its manifest says. */
export const damaged = (where: string, what: string): Error => userError({ where, what, fix: about.fix });
