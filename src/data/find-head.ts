import { z } from "zod";
import { userError } from "../errors.js";
import { listOf, mapOf } from "../files/lists.js";
import { acceptTree, type DependencySentence, type DependencyWord, type TreeOptions } from "./dependency-sentence.js";
import { checkRecord, readRecords } from "./records.js";

const index = z.int().min(0);
const findHeadRecord = z.object({
  sent: z.string(),
  /** The n-th element has the key n: characters (code points) of the n-th word. */
  tokens: listOf(mapOf(z.object({ start: index, end: index })), { least: 1 }),
  pairs: listOf(z.object({ dependent_index: z.int().min(1), governor_index: index })),
});
const unlabelledRecord = findHeadRecord.extend({ pairs: findHeadRecord.shape.pairs.optional() });

/** Reads the released code's find_head files (`FindHeadProcessor`): a JSON array. Words have no part of speech there. */
export async function* readFindHead(path: string, options: TreeOptions = {}): AsyncGenerator<DependencySentence> {
  for await (const { value, where } of readRecords(path)) {
    const words = findHeadWords(value, where, options);
    if (words) yield { words, file: path, where };
  }
}

/** The words of one record; null for one that the options leave out. */
export function findHeadWords(value: unknown, where: string, options: TreeOptions): DependencyWord[] | null {
  const record = checkRecord(options.unlabelled ? unlabelledRecord : findHeadRecord, value, where, "find_head");
  const heads = headsOf(record.pairs ?? [], record.tokens.length, where);
  const words = wordsOf(record, options.unlabelled ? [] : heads, where);
  return options.unlabelled || acceptTree(words, () => where, options) ? words : null;
}

type FindHeadRecord = z.infer<typeof unlabelledRecord>;

/** Heads by word; -1 for a word that no pair names. */
function headsOf(pairs: NonNullable<FindHeadRecord["pairs"]>, count: number, where: string): number[] {
  const heads = new Array<number>(count).fill(-1);
  for (const { dependent_index: dependent, governor_index: governor } of pairs) {
    if (dependent > count) {
      throw userError({
        where,
        what: `a pair names the word ${dependent}, the sentence has ${count}`,
        fix: "repair the record",
      });
    }
    heads[dependent - 1] = governor;
  }
  return heads;
}

function wordsOf({ sent, tokens }: FindHeadRecord, heads: readonly number[], where: string): DependencyWord[] {
  const characters = [...sent];
  let before = 0;
  const spans = tokens.map((token, i) => {
    const span = token[String(i + 1)];
    if (!span || span.start < before || span.end <= span.start || span.end > characters.length) {
      throw userError({
        where,
        what: `field "tokens.${i}": ${span ? `characters ${span.start} to ${span.end}` : `no key ${i + 1}`}`,
        expected: "words in order, each with its place in the sentence",
        fix: "repair the record",
      });
    }
    before = span.end;
    return span;
  });
  return spans.map(({ start, end }, i) => ({
    form: characters.slice(start, end).join(""),
    upos: "",
    head: heads[i] ?? -1,
    relation: "",
    spaceAfter: (spans[i + 1]?.start ?? end + 1) > end,
  }));
}
