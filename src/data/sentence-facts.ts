/**
 * Facts as sentences state them: the marked spans are subject and object, and what is around them is a wording of that
 * fact alone.
 * @module
 */
import { checkCount, type Fact, type FactSkip, factKey, factNames, mostPatternCharacters } from "./fact.js";
import { type RelationFormat, readRelations } from "./relation-data.js";
import type { RelationExample, Span } from "./relation-example.js";
import type { OnSkip } from "./skips.js";
import { noRelation } from "./tacred.js";

/** What pairs without a relation have instead, in SemEval's files and in Wiki80's form (OpenNRE's NYT10). */
const negativeClasses: ReadonlyMap<RelationFormat, string> = new Map([
  ["semeval", "Other"],
  ["wiki80", "NA"],
]);

/**
 * Reads the facts that sentences state, each with all of its sentences, in the order in which they are first stated. All
 * of them are held in memory.
 */
export async function* sentenceFacts(
  path: string,
  format: RelationFormat,
  onSkip: OnSkip<FactSkip>,
): AsyncGenerator<Fact> {
  const facts = new Map<string, Fact & { readonly sentences: string[] }>();
  const seen = new Set<string>();
  for await (const example of readRelations(path, { format, onSkip })) {
    const { relation, where } = example;
    if (relation === noRelation || relation === negativeClasses.get(format)) {
      onSkip("no-relation", where);
      continue;
    }
    const said = sentenceOf(example);
    if (typeof said === "string") {
      onSkip(said, where);
      continue;
    }
    const { sentence, ...fact } = said;
    const key = factKey(fact);
    const known = facts.get(key) ?? { ...fact, aliases: [], sentences: [], where };
    facts.set(key, known);
    // Sets, as a fact of thousands of sentences would be looked through for each.
    const one = JSON.stringify([key, sentence]);
    if (seen.has(one)) onSkip("repeated", where);
    else known.sentences.push(sentence);
    seen.add(one);
    checkCount(seen.size, "sentences", where);
  }
  yield* facts.values();
}

/** A sentence as a wording of its fact; or why it cannot be one. */
function sentenceOf({ text, subject, object, relation }: RelationExample) {
  const [first, second] = subject.start <= object.start ? [subject, object] : [object, subject];
  if (second.start < first.end) return "overlapping-spans";
  const [before, opened, between, closed, after] = cut(text, first, second);
  const given = first === subject ? [opened, closed] : [closed, opened];
  const names = factNames.safeParse({ subject: given[0], relation, object: given[1] });
  if (!names.success) return "unusable-name";
  const around = [before, between, after];
  if (around.some((part) => /\[(X|Y|MASK)\]/.test(part))) return "placeholder-in-sentence";
  // The answer would only have to be copied.
  if (around.some((part) => stands(names.data.object, part))) return "object-told";
  const places = first === subject ? ["[X]", "[Y]"] : ["[Y]", "[X]"];
  const sentence = `${before}${places[0]}${between}${places[1]}${after}`.replace(/ +/g, " ").trim();
  return sentence.length > mostPatternCharacters ? "too-long" : { ...names.data, sentence };
}

/** A text around two spans, in one line; white space at a span's ends is none of it. */
function cut(text: string, first: Span, second: Span) {
  const bounds = [0, first.start, first.end, second.start, second.end, text.length];
  const parts = bounds.slice(1).map((end, i) => text.slice(bounds[i], end).replace(/[\p{Cc}\s]+/gu, " "));
  const [before = "", opened = "", between = "", closed = "", after = ""] = parts;
  const edge = (part: string, at: RegExp) => (at.test(part) ? " " : "");
  return [
    before + edge(opened, /^ /),
    opened.trim(),
    edge(opened, / $/) + between + edge(closed, /^ /),
    closed.trim(),
    edge(closed, / $/) + after,
  ] as const;
}

/** Whether a name stands in a text, as whole words. */
export function stands(name: string, text: string): boolean {
  const letter = /[\p{L}\p{N}]/u;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    if (!letter.test(text.charAt(at - 1)) && !letter.test(text.charAt(at + name.length))) return true;
  }
  return false;
}
