import { userError } from "../errors.js";
import { writeAtomically } from "../files/atomic.js";
import { writeGzipped } from "../files/gzip-file.js";
import { type LamaFact, readLamaSubjects } from "./lama.js";
import { inProbedFifth, SubjectIndex } from "./lama-filters.js";
import { beginning, readJsonLines, readJsonRecords, readLines } from "./records.js";

export interface FilterCounts {
  readonly kept: number;
  /** Sentences about one of the subjects. */
  readonly dropped: number;
}

/** The subjects of LAMA's data that `fifth` asks about, see {@link inProbedFifth}. */
export async function probedSubjects(root: string): Promise<SubjectIndex> {
  const probed: LamaFact[] = [];
  for await (const fact of readLamaSubjects(root)) if (inProbedFifth(fact.subject)) probed.push(fact);
  return new SubjectIndex(probed);
}

/** A record as it is written back, and what decides about it. */
interface Piece {
  readonly key: string | undefined;
  readonly raw: string;
  readonly text: string;
  readonly ids: readonly string[];
}

/**
 * Copies training data without the sentences that name one of the subjects or carry its Wikidata id: plain text line by
 * line, relation data (a JSON array, an object of arrays, JSON Lines) record by record. One record at a time is held;
 * the copy is gzipped where its name ends with `.gz`.
 */
export async function filterSubjects(path: string, out: string, subjects: SubjectIndex): Promise<FilterCounts> {
  const head = await beginning(path);
  if (head === "") throw userError({ where: path, what: "the file is empty", expected: "text or relation data" });
  const counts = { kept: 0, dropped: 0 };
  const fill = async (write: (text: string) => Promise<void>) => {
    for await (const text of copied(path, head, subjects, counts)) await write(text);
  };
  await (out.endsWith(".gz")
    ? writeGzipped(out, fill)
    : writeAtomically(out, (file) => fill((text) => file.appendFile(text))));
  return counts;
}

async function* copied(
  path: string,
  head: string,
  subjects: SubjectIndex,
  counts: { kept: number; dropped: number },
): AsyncGenerator<string> {
  const isArray = head.startsWith("[");
  const isObject = /^\{\s*"(?:[^"\\]|\\.)*"\s*:\s*\[\s*[{\]]/.test(head);
  let previous: string | undefined;
  let first = true;
  for await (const { key, raw, text, ids } of pieces(path, head, isArray || isObject)) {
    if (ids.some((id) => subjects.hasId(id)) || subjects.isNamedIn(text)) {
      counts.dropped++;
      continue;
    }
    counts.kept++;
    if (isObject) {
      const opens = first ? "{" : key === previous ? ",\n" : "],\n";
      yield `${opens}${first || key !== previous ? `${JSON.stringify(key)}: [` : ""}${raw}`;
    } else if (isArray) yield `${first ? "[" : ",\n"}${raw}`;
    else yield `${raw}\n`;
    first = false;
    previous = key;
  }
  if (isObject) yield first ? "{}\n" : "]}\n";
  if (isArray) yield first ? "[]\n" : "]\n";
}

async function* pieces(path: string, head: string, records: boolean): AsyncGenerator<Piece> {
  if (!records && !head.startsWith("{")) {
    for await (const { text } of readLines(path)) yield { key: undefined, raw: text, text, ids: [] };
    return;
  }
  for await (const { key, value } of records ? readJsonRecords(path) : readJsonLines(path)) {
    const strings: string[] = [];
    collectStrings(value, strings);
    const ids = strings.filter((text) => /^Q\d+$/.test(text));
    yield { key, raw: JSON.stringify(value), text: strings.join(" "), ids };
  }
}

/** All texts in a record, words of a sentence one after the other. */
function collectStrings(value: unknown, strings: string[]): void {
  if (typeof value === "string") strings.push(value);
  else if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) collectStrings(inner, strings);
  }
}
