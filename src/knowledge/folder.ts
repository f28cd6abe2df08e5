/**
 * Reading a folder of knowledge.
 * @module
 */

import { type JsonRecord, readJsonLines, readLines } from "../data/records.js";
import { fileError } from "../files/atomic.js";
import { stat } from "../host/files.js";
import { join } from "../host/paths.js";
import type { Entity, KnowledgeSource, Triple, TripleObject } from "./knowledge.js";
import { damaged, type KnowledgeManifest, knowledgeFiles, manifestFile, readManifest } from "./manifest.js";

/** Whether a folder holds knowledge; a manifest alone may be another's. */
export const holdsKnowledge = (folder: string): Promise<boolean> =>
  stat(join(folder, knowledgeFiles.entities)).then(
    (info) => info.isFile(),
    () => false,
  );

/** A folder of knowledge, opened. */
export interface KnowledgeFolder extends KnowledgeSource {
  readonly manifest: KnowledgeManifest;
}

/**
 * Opens a folder that `facts import` has written. One record at a time is held; entities come in the order of their ids,
 * triples in that of subject, relation and object.
 *
 * @throws UserError where it is none, or damaged, also later while it is read
 */
export async function openKnowledge(folder: string): Promise<KnowledgeFolder> {
  const manifest = await readManifest(folder);
  for (const [name, { bytes }] of Object.entries(manifest.files)) {
    const path = join(folder, knowledgeFiles[name as keyof typeof knowledgeFiles]);
    const { size } = await stat(path).catch((error: unknown) => {
      throw fileError(path, "read the file", error);
    });
    if (size !== bytes) throw damaged(path, `the file has ${size} bytes, and ${bytes} by the folder's ${manifestFile}`);
  }
  return {
    where: folder,
    manifest,
    relations: await readRelationLabels(join(folder, knowledgeFiles.relations), manifest.counts.relations),
    entities: () => entities(join(folder, knowledgeFiles.entities), manifest.counts.entities),
    triples: () => triples(join(folder, knowledgeFiles.triples), manifest.counts.triples),
  };
}

async function readRelationLabels(path: string, count: number): Promise<ReadonlyMap<string, string>> {
  const labels = new Map<string, string>();
  for await (const { text, line } of readLines(path)) {
    if (line === 1) continue;
    const [id = "", label] = text.split("\t");
    if (label === undefined) throw damaged(`${path}:${line}`, "the line has no label");
    labels.set(id, label);
  }
  checkCount(path, labels.size, count, "relations");
  return labels;
}

function checkCount(path: string, found: number, count: number, what: string): void {
  if (found !== count) throw damaged(path, `${found} ${what}, and ${count} by the folder's ${manifestFile}`);
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string");

async function* entities(path: string, count: number): AsyncGenerator<Entity> {
  let found = 0;
  for await (const record of readJsonLines(path)) {
    yield checkedEntity(record);
    found++;
  }
  checkCount(path, found, count, "entities");
}

function checkedEntity({ value, where }: JsonRecord): Entity {
  const { id, names, types } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof id === "string" && isTexts(names) && names.length > 0 && isTexts(types)) return { id, names, types };
  throw damaged(where, "the record has no id, names and types");
}

const valueKinds: ReadonlySet<string> = new Set(["date", "number", "text"]);

async function* triples(path: string, count: number): AsyncGenerator<Triple> {
  let found = 0;
  for await (const { text, line } of readLines(path)) {
    if (line === 1) continue;
    const [subject, relation, kind, object] = text.split("\t");
    if (object === undefined) throw damaged(`${path}:${line}`, "the line has no four cells");
    yield { subject: subject!, relation: relation!, object: objectOf(kind!, object, `${path}:${line}`) };
    found++;
  }
  checkCount(path, found, count, "triples");
}

function objectOf(kind: string, object: string, where: string): TripleObject {
  if (kind === "entity") return { kind, id: object };
  if (valueKinds.has(kind)) return { kind: kind as "text", value: object };
  throw damaged(where, `${JSON.stringify(kind)} is no kind of object`);
}
