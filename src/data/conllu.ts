/**
 * CoNLL-U (https://universaldependencies.org/format.html), sentence by sentence.
 * @module
 */
import { userError } from "../errors.js";
import { counted } from "../phrases.js";
import { acceptTree, type DependencySentence, type DependencyWord, type TreeOptions } from "./dependency-sentence.js";
import { type Line, readLines } from "./records.js";
import { isSpaceToken, withoutSpaceTokens, withWholeRows } from "./space-tokens.js";

/** A sentence longer than this is no sentence: blank lines are missing. */
const mostLines = 100_000;

const columns = { id: 0, form: 1, upos: 3, head: 6, relation: 7, misc: 9, count: 10 } as const;

/** Reads a CoNLL-U file, plain or gzipped. Multiword tokens give the spacing of their words; empty nodes and spaCy's tokens of white space are passed over. */
export async function* readConllu(path: string, options: TreeOptions = {}): AsyncGenerator<DependencySentence> {
  let block: Line[] = [];
  for await (const line of withWholeRows(readLines(path))) {
    if (line.text.trim() !== "") {
      if (block.push(line) <= mostLines) continue;
      throw userError({
        where: `${path}:${block[0]?.line}`,
        what: `a sentence of more than ${mostLines} lines`,
        expected: "an empty line after each sentence",
      });
    }
    const sentence = parseBlock(path, block, options);
    if (sentence) yield sentence;
    block = [];
  }
  const sentence = parseBlock(path, block, options);
  if (sentence) yield sentence;
}

/** A line of a word, and where it stands. */
interface Row {
  readonly cells: readonly string[];
  readonly where: string;
}

/** A multiword token: the words `from` to `to`, counted from 1, inclusive. */
interface Range {
  readonly from: number;
  readonly to: number;
  readonly form: string;
  readonly spaceAfter: boolean;
  readonly where: string;
}

/** `# sent_id = ID` */
function sentenceId(comment: string): string | undefined {
  const [key, ...value] = comment.slice(1).split("=");
  return key?.trim() === "sent_id" && value.length > 0 ? value.join("=").trim() : undefined;
}

function parseBlock(path: string, block: readonly Line[], options: TreeOptions): DependencySentence | null {
  const rows: Row[] = [];
  const ranges: Range[] = [];
  let id: string | undefined;
  for (const { text, line } of block) {
    const where = `${path}:${line}`;
    if (text.startsWith("#")) id = sentenceId(text) ?? id;
    else parseLine(text, where, rows, ranges);
  }
  const last = ranges.at(-1);
  if (last && last.to > rows.length) {
    throw broken(last.where, `the multiword token ${last.from}-${last.to} ends after the last word, ${rows.length}`);
  }
  const first = block[0];
  if (rows.length === 0 || !first) return null;
  const all = wordsOf(rows, ranges, options.unlabelled === true);
  const { words, before } = all.some(isSpaceToken) ? withoutSpaceTokens(all) : { words: all, before: null };
  if (words.length === 0) return null;
  const whereOf = (word: number) => (rows[before?.[word - 1] ?? word - 1] as Row).where;
  if (!options.unlabelled && !acceptTree(words, whereOf, options)) return null;
  return {
    words,
    ...(id === undefined ? {} : { id }),
    file: path,
    where: `${path}:${first.line}`,
    // Lines of white space would be counted as words.
    ...(options.keepLines && before === null ? { lines: block.map(({ text }) => text) } : {}),
  };
}

function broken(where: string, what: string): Error {
  return userError({ where, what, expected: "a line of CoNLL-U", fix: "repair the line" });
}

/** Takes a line that is no comment: a word, a multiword token or an empty node. */
function parseLine(text: string, where: string, rows: Row[], ranges: Range[]): void {
  const cells = text.split("\t");
  if (cells.length !== columns.count) {
    throw broken(where, `${counted(cells.length, "column")} instead of ${columns.count}, separated by tabs`);
  }
  if (cells[columns.form] === "") throw broken(where, "the column FORM is empty");
  const id = cells[columns.id] as string;
  const next = rows.length + 1;
  const range = /^(\d{1,7})-(\d{1,7})$/.exec(id);
  if (range) {
    const [from, to] = [Number(range[1]), Number(range[2])];
    if (from !== next || to < from || from <= (ranges.at(-1)?.to ?? 0)) {
      throw broken(where, `the multiword token ${id} stands before the word ${next}`);
    }
    const spaceAfter = hasSpaceAfter(cells);
    ranges.push({ from, to, form: cells[columns.form] as string, spaceAfter, where });
  } else if (/^\d{1,7}\.\d{1,7}$/.test(id)) {
    if (Number.parseInt(id, 10) !== rows.length)
      throw broken(where, `the empty node ${id} follows the word ${next - 1}`);
  } else if (id === String(next)) {
    rows.push({ cells, where });
  } else {
    throw broken(where, `the column ID is ${JSON.stringify(id.slice(0, 40))} instead of ${next}`);
  }
}

const hasSpaceAfter = (cells: readonly string[]): boolean =>
  !(cells[columns.misc] as string).split("|").includes("SpaceAfter=No");

function wordsOf(rows: readonly Row[], ranges: readonly Range[], unlabelled: boolean): DependencyWord[] {
  const spacing = rows.map(({ cells }) => hasSpaceAfter(cells));
  for (const { from, to, form, spaceAfter } of ranges) {
    // "don't" is written without a space between "do" and "n't"; "zum" (zu dem) is not written as its words are.
    const forms = rows.slice(from - 1, to).map(({ cells }) => cells[columns.form] as string);
    const asWritten = forms.join("").toLowerCase() === form.toLowerCase();
    for (let word = from; word < to; word++) spacing[word - 1] = !asWritten;
    spacing[to - 1] = spaceAfter;
  }
  return rows.map(({ cells, where }, i) => ({
    form: cells[columns.form] as string,
    upos: known(cells[columns.upos] as string),
    head: unlabelled ? -1 : headOf(cells[columns.head] as string, where),
    relation: unlabelled ? "" : known(cells[columns.relation] as string),
    spaceAfter: spacing[i] as boolean,
  }));
}

/** `_` stands for nothing. */
const known = (cell: string): string => (cell === "_" ? "" : cell);

function headOf(cell: string, where: string): number {
  if (/^\d{1,7}$/.test(cell)) return Number(cell);
  throw broken(where, `the column HEAD is ${JSON.stringify(cell.slice(0, 40))} instead of a number`);
}

/** What was found for a word. */
export interface Attachment {
  /** Counted from 1; 0 for the root; null where it could not be told. */
  readonly head: number | null;
  /** Null where relations were not learnt. */
  readonly relation: string | null;
}

/**
 * A sentence as CoNLL-U with other heads and relations: its own lines where it has kept them, else new ones. The
 * enhanced dependencies (DEPS) go: they would tell other heads.
 *
 * @returns lines without the empty one at the end
 */
export function formatConllu(sentence: DependencySentence, attachments: readonly Attachment[]): string[] {
  const lines = sentence.lines ?? freshLines(sentence);
  let word = 0;
  return lines.map((line) => {
    if (line.startsWith("#")) return line;
    const cells = line.split("\t");
    cells[8] = "_";
    if (/^\d+$/.test(cells[columns.id] as string)) {
      const { head, relation } = attachments[word++] as Attachment;
      cells[columns.head] = head === null ? "_" : String(head);
      cells[columns.relation] = relation ?? "_";
    }
    return cells.join("\t");
  });
}

function freshLines({ words, id }: DependencySentence): string[] {
  const text = words.map(({ form, spaceAfter }) => `${form}${spaceAfter ? " " : ""}`).join("");
  return [
    ...(id === undefined ? [] : [`# sent_id = ${id}`]),
    `# text = ${text.trim()}`,
    ...words.map(({ form, upos, spaceAfter }, i) =>
      [i + 1, form, "_", upos || "_", "_", "_", "_", "_", "_", spaceAfter ? "_" : "SpaceAfter=No"].join("\t"),
    ),
  ];
}
