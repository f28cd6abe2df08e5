/**
 * LAMA (Petroni et al. 2019, https://github.com/facebookresearch/LAMA): facts to be asked by cloze sentences,
 * their templates, ParaRel's paraphrases (Elazar et al. 2021) and vocabularies of answers.
 * @module
 */

import { z } from "zod";
import { setting, userError } from "../errors.js";
import { fileError } from "../files/atomic.js";
import { listOf } from "../files/lists.js";
import { readdir, stat } from "../host/files.js";
import { basename, join } from "../host/paths.js";
import { checkRecord, readLines, readRecords } from "./records.js";
import type { OnSkip } from "./skips.js";

/** The mask in LAMA's sentences, whatever a model calls its own. */
export const lamaMask = "[MASK]";

/** A fact that is asked for its object. */
export interface LamaFact {
  readonly relation: string;
  readonly subject: string;
  readonly object: string;
  /** Wikidata's, where the file has it. */
  readonly subjectId?: string;
  /** A sentence with one {@link lamaMask} in the object's place, where the file has one. */
  readonly sentence?: string;
  /** `file:line` */
  readonly where: string;
}

/** The facts of a relation and how they are asked. */
export interface LamaRelation {
  /** `P19`, `place_of_birth`, `HasPrerequisite`, `squad`. */
  readonly name: string;
  /** `[X] was born in [Y] .`; null where each fact brings its own sentence. */
  readonly template: string | null;
  /** ParaRel's templates, the same relation in other words; none where they are not given. */
  readonly patterns: readonly string[];
  readonly facts: readonly LamaFact[];
}

export const lamaSets = ["trex", "google-re", "conceptnet", "squad"] as const;
export type LamaSet = (typeof lamaSets)[number];

/** Folders of LAMA's distribution; of several, the first that is there. */
const folders: Readonly<Record<LamaSet, readonly string[]>> = {
  trex: ["TREx_template", "TREx"],
  "google-re": ["Google_RE"],
  conceptnet: ["ConceptNet"],
  squad: ["Squad"],
};

/** Google-RE's relations have no entry in relations.jsonl; their templates stand in LAMA's `scripts/run_experiments.py`. */
const googleTemplates: ReadonlyMap<string, string> = new Map([
  ["place_of_birth", "[X] was born in [Y] ."],
  ["date_of_birth", "[X] (born [Y])."],
  ["place_of_death", "[X] died in [Y] ."],
]);

const label = z.string().min(1).max(4096);
const sentence = z.string().max(1_000_000);
/** What the files of all four sets have in common, as far as it is read. */
const factRecord = z.object({
  sub_label: label.nullish(),
  sub: label.nullish(),
  obj_label: label,
  sub_uri: z.string().nullish(),
  sub_w: z.string().nullish(),
  predicate_id: label.nullish(),
  pred: label.nullish(),
  uuid: z.string().nullish(),
  id: z.string().nullish(),
  masked_sentences: listOf(sentence).nullish(),
  evidences: listOf(z.object({ masked_sentence: sentence.nullish() })).nullish(),
});
type FactRecord = z.infer<typeof factRecord>;

/** Why a record is left out. */
export type LamaSkip = "one-mask-needed" | "repeated";

export interface ReadLamaOptions {
  /** Told of every record that is left out. */
  readonly onSkip: OnSkip<LamaSkip>;
  /** Names of the relations that are wanted; all where it is left out. */
  readonly relations?: readonly string[] | undefined;
}

/** The facts of one of LAMA's files (JSON Lines, gzipped or not), one at a time. */
export async function* readLamaFacts(path: string): AsyncGenerator<LamaFact & { readonly key: string }> {
  for await (const { value, where } of readRecords(path)) {
    const record = checkRecord(factRecord, value, where, "LAMA");
    const subject = record.sub_label ?? record.sub ?? "";
    const masked = maskedSentence(record);
    const subjectId = record.sub_uri ?? record.sub_w ?? undefined;
    const relation = relationOf(record, path);
    yield {
      relation,
      subject,
      object: record.obj_label,
      ...(subjectId === undefined ? {} : { subjectId }),
      ...(masked === undefined ? {} : { sentence: masked }),
      where,
      key: record.uuid ?? record.id ?? JSON.stringify([relation, subject, record.obj_label, masked]),
    };
  }
}

/** ConceptNet's and Google-RE's own sentences, or T-REx' first evidence. */
function maskedSentence({ masked_sentences, evidences }: FactRecord): string | undefined {
  const all = [...(masked_sentences ?? []), ...(evidences ?? []).map(({ masked_sentence }) => masked_sentence ?? "")];
  return all.find((text) => text.split(lamaMask).length === 2);
}

/** The record's own relation, else its file's: T-REx' templates are files named by a property, SQuAD has no relations. */
function relationOf({ predicate_id, pred, sub_label }: FactRecord, path: string): string {
  const own = predicate_id ?? pred?.split("/").at(-1);
  if (own) return own;
  return sub_label === "Squad" ? "squad" : stem(path);
}

const stem = (path: string) => basename(path).replace(/\.jsonl(\.gz)?$/, "");

const templateRecord = z.object({ relation: label, template: label });

/** Templates by relation: LAMA's `relations.jsonl`. */
async function readLamaTemplates(path: string): Promise<ReadonlyMap<string, string>> {
  const templates = new Map<string, string>();
  for await (const { value, where } of readRecords(path)) {
    const { relation, template } = checkRecord(templateRecord, value, where, "relations.jsonl");
    templates.set(relation, checkTemplate(template, where));
  }
  return templates;
}

/** A relation's templates in ParaRel's `patterns/P*.jsonl`. */
async function readParaRelPatterns(path: string): Promise<readonly string[]> {
  const patterns: string[] = [];
  for await (const { value, where } of readRecords(path)) {
    const { pattern } = checkRecord(z.object({ pattern: label }), value, where, "ParaRel");
    patterns.push(checkTemplate(pattern, where));
  }
  return patterns;
}

/** @throws UserError where it has not one `[X]` and one `[Y]` */
export function checkTemplate(template: string, where: string): string {
  if (template.split("[X]").length === 2 && template.split("[Y]").length === 2) return template;
  throw userError({ where, what: `${JSON.stringify(template)} is no template`, expected: "one [X] and one [Y]" });
}

/** A vocabulary of answers, one a line. */
export async function readVocabulary(path: string): Promise<readonly string[]> {
  const words = new Set<string>();
  for await (const { text } of readLines(path)) if (text.trim() !== "") words.add(text.trim());
  if (words.size > 0) return [...words];
  throw userError({ where: path, what: "the vocabulary is empty", expected: "one answer a line" });
}

/** The sentence that asks for a fact's object: the template, or the fact's own. */
export function lamaQuery(template: string | null, { subject, sentence }: LamaFact): string | null {
  // A function as replacement: names hold `$`.
  if (template === null) return sentence ?? null;
  return template.replace("[Y]", lamaMask).replace("[X]", () => subject);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

/** The JSON Lines files of a folder, gzipped or not, in alphabetical order. */
export async function jsonlFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw fileError(folder, "read the folder", error);
  });
  return names
    .filter((name) => /\.jsonl(\.gz)?$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** Which of LAMA's sets a folder holds. */
export async function lamaSetsIn(folder: string): Promise<readonly LamaSet[]> {
  const found: LamaSet[] = [];
  for (const set of lamaSets) if ((await folderOf(folder, set)) !== null) found.push(set);
  return found;
}

async function folderOf(root: string, set: LamaSet): Promise<string | null> {
  for (const name of folders[set]) if (await exists(join(root, name))) return join(root, name);
  return null;
}

/**
 * Reads a set of LAMA: its relations in alphabetical order, with templates and paraphrases where the folder has them.
 *
 * @param root the folder that LAMA's `data.zip` unpacks to
 */
export async function readLama(root: string, set: LamaSet, options: ReadLamaOptions): Promise<readonly LamaRelation[]> {
  const folder = await folderOf(root, set);
  if (folder === null) {
    throw userError({
      where: root,
      what: `the folder holds no ${set}`,
      expected: `a folder ${folders[set].join(" or ")} in it`,
      fix: `give the folder of LAMA's data, or other names with ${setting("from")} (it holds ${(await lamaSetsIn(root)).join(", ") || "none"})`,
    });
  }
  const templatesFile = join(root, "relations.jsonl");
  const templates = (await exists(templatesFile)) ? await readLamaTemplates(templatesFile) : new Map<string, string>();
  const facts = await factsByRelation(await jsonlFiles(folder), options);
  if (facts.size === 0 && !options.relations)
    throw userError({ where: folder, what: "the folder holds no facts", expected: "*.jsonl files" });
  const relations: LamaRelation[] = [];
  for (const name of [...facts.keys()].sort()) {
    const patterns = join(root, "pararel_patterns", `${name}.jsonl`);
    const template = templates.get(name) ?? googleTemplates.get(name) ?? null;
    relations.push({
      name,
      template,
      patterns: (await exists(patterns)) ? await readParaRelPatterns(patterns) : [],
      facts: answerable(facts.get(name) ?? [], template, options),
    });
  }
  return relations;
}

async function factsByRelation(
  files: readonly string[],
  { onSkip, relations }: ReadLamaOptions,
): Promise<ReadonlyMap<string, LamaFact[]>> {
  const facts = new Map<string, LamaFact[]>();
  const seen = new Set<string>();
  for (const file of files) {
    for await (const { key, ...fact } of readLamaFacts(file)) {
      if (relations && !relations.includes(fact.relation)) continue;
      if (seen.has(key)) {
        onSkip("repeated", fact.where);
        continue;
      }
      seen.add(key);
      const list = facts.get(fact.relation) ?? [];
      list.push(fact);
      facts.set(fact.relation, list);
    }
  }
  return facts;
}

function answerable(facts: readonly LamaFact[], template: string | null, { onSkip }: ReadLamaOptions): LamaFact[] {
  return facts.filter((fact) => {
    if (template !== null || fact.sentence !== undefined) return true;
    onSkip("one-mask-needed", fact.where);
    return false;
  });
}

/** Folders of facts about named subjects; T-REx' own files have Wikidata's ids, its templates more relations. */
const subjectFolders = ["TREx", "TREx_template", "TREx_big_samples", "Google_RE"];

/** All facts about named subjects in a LAMA folder, in whatever form they are there; many come several times. */
export async function* readLamaSubjects(root: string): AsyncGenerator<LamaFact> {
  let any = false;
  for (const folder of subjectFolders) {
    const path = join(root, folder);
    if (!(await exists(path))) continue;
    for (const file of await jsonlFiles(path)) {
      for await (const fact of readLamaFacts(file)) {
        any = true;
        yield fact;
      }
    }
  }
  if (!any) throw userError({ where: root, what: "the folder holds no facts", expected: subjectFolders.join(" or ") });
}
