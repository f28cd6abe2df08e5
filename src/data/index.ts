/// <reference types="node" preserve="true" />
/**
 * Reading data: text, JSON Lines and huge JSON files record by record, plain or gzipped, and relation data in the
 * formats of FewRel, Wiki80, TACRED, SemEval-2010 Task 8, T-REx-rc and T-REx, dependency trees in CoNLL-U and
 * find_head, entity typing, multiple choice and open-domain questions.
 *
 * @example
 * ```ts
 * import { partOf, readRelations, SkipCounter } from "kadapter/data";
 *
 * const skips = new SkipCounter();
 * for await (const example of readRelations("train.json.gz", { onSkip: skips.onSkip })) {
 *   const { text, subject, object, relation } = example;
 *   const part = partOf(example, { train: 0.9, dev: 0.1 });
 *   console.log(part, text.slice(subject.start, subject.end), relation, text.slice(object.start, object.end));
 * }
 * console.log(skips.counts);
 * ```
 *
 * @module kadapter/data
 */
export { formatConllu, readConllu } from "./conllu.js";
export type { DependencySentence, DependencyWord } from "./dependency-sentence.js";
export { readEntityTyping, type TypingExample } from "./entity-typing.js";
export type { Fact } from "./fact.js";
export { type ReadFactsOptions, readFacts } from "./facts.js";
export { type LamaSet, lamaSetsIn, readLama } from "./lama.js";
export { type ChoiceExample, readMultipleChoice } from "./multiple-choice.js";
export { type OpenQuestion, readOpenQuestions } from "./open-questions.js";
export { readJsonLines, readLines } from "./records.js";
export {
  detectRelationFormat,
  inspectRelations,
  partOf,
  type ReadRelationsOptions,
  type RelationFormat,
  readRelations,
} from "./relation-data.js";
export type { RelationExample, Span } from "./relation-example.js";
export { type OnSkip, SkipCounter } from "./skips.js";
export { readTextLines, type TextLine } from "./text.js";
export { type ReadTreesOptions, readTrees } from "./tree-data.js";
export { writeWiki80 } from "./wiki80-writer.js";
export { readWordings, type Wordings } from "./wordings.js";
