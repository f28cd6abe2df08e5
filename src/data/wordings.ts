/**
 * Wordings: sentences in which a relation's facts are said and asked, `[X]` standing for the subject and `[Y]` for the
 * object.
 * @module
 */

import { z } from "zod";
import { userError } from "../errors.js";
import { fileBytes } from "../files/bounds.js";
import { isFolder } from "../files/folder.js";
import { listOf } from "../files/lists.js";
import { readText } from "../files/text.js";
import { parseYamlMap } from "../files/yaml-map.js";
import { basename } from "../host/paths.js";
import { mostPatternCharacters } from "./fact.js";
import { checkTemplate, jsonlFiles } from "./lama.js";
import { beginning, checkRecord, readJsonLines } from "./records.js";

/** The wordings of each relation, in the order of the file, none of them twice. */
export type Wordings = ReadonlyMap<string, readonly string[]>;

const pattern = z.string().trim().min(1).max(mostPatternCharacters);
const record = z.object({ relation: z.string().trim().min(1).max(1024), pattern });
const mostWordings = 1_000_000;

/** Relations with their wordings as they come, each of them once. */
class WordingMap {
  readonly found = new Map<string, string[]>();
  private count = 0;

  add(relation: string, given: string, where: string): void {
    const own = this.found.get(relation) ?? [];
    this.found.set(relation, own);
    if (own.includes(checkTemplate(given, where))) return;
    own.push(given);
    if (++this.count > mostWordings) {
      throw userError({ where, what: "there are too many wordings", expected: `at most ${mostWordings}` });
    }
  }
}

/**
 * Reads wordings: JSON Lines `{"relation": "capital of", "pattern": "[X] is the capital of [Y]."}` (LAMA's
 * `relations.jsonl` with its `template`, too), a YAML map from relation to a list of patterns, or ParaRel's folder with
 * a file for each relation (`patterns/P19.jsonl`). Which of these, the content tells.
 *
 * @throws UserError where a pattern has not one `[X]` and one `[Y]`, or a record is broken: file and line are named
 */
export async function readWordings(path: string): Promise<Wordings> {
  const map = new WordingMap();
  if (await isFolder(path)) await readParaRel(path, map);
  else if ((await beginning(path)).startsWith("{")) await readJson(path, map);
  else await readYaml(path, map);
  if (map.found.size > 0) return map.found;
  throw userError({ where: path, what: "there are no wordings", expected: "patterns such as [X] was born in [Y]." });
}

async function readJson(path: string, map: WordingMap): Promise<void> {
  for await (const { value, where } of readJsonLines(path)) {
    const { relation, pattern: given } = checkRecord(record, withPattern(value), where, "wording");
    map.add(relation, given, where);
  }
}

/** LAMA's files call a pattern `template`. */
const withPattern = (value: unknown): unknown =>
  typeof value === "object" && value !== null && "template" in value ? { pattern: value.template, ...value } : value;

async function readParaRel(folder: string, map: WordingMap): Promise<void> {
  for (const file of await jsonlFiles(folder)) {
    const relation = basename(file).replace(/\.jsonl(\.gz)?$/, "");
    for await (const { value, where } of readJsonLines(file)) {
      map.add(relation, checkRecord(record.pick({ pattern: true }), value, where, "ParaRel").pattern, where);
    }
  }
}

async function readYaml(path: string, map: WordingMap): Promise<void> {
  const text = await readText(path, { what: "the file of wordings", mostBytes: fileBytes.names });
  const yaml = parseYamlMap(path, text, "relations with their patterns");
  for (const [relation, given] of yaml.entries) {
    const where = yaml.where(relation);
    const patterns = listOf(pattern, { least: 1 }).safeParse([given].flat());
    if (typeof relation === "string" && relation.trim() !== "" && patterns.success) {
      for (const one of patterns.data) map.add(relation.trim(), one, where);
      continue;
    }
    throw userError({
      where,
      what: `${JSON.stringify(relation)} has no list of patterns`,
      expected: 'lines such as `capital of: ["[X] is the capital of [Y]."]`',
    });
  }
}

/** Wordings as JSON Lines, as {@link readWordings} reads them. */
export const wordingLines = (wordings: Wordings): readonly string[] =>
  [...wordings].flatMap(([relation, patterns]) => patterns.map((one) => JSON.stringify({ relation, pattern: one })));
