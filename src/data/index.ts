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
 * @module
 */
export { type Attachment, formatConllu, readConllu } from "./conllu.js";
export {
  type BrokenTree,
  type DependencySentence,
  type DependencyWord,
  sentenceText,
  type TreeFault,
  type TreeOptions,
  treeFault,
} from "./dependency-sentence.js";
export { readEntityTyping, type TypingExample } from "./entity-typing.js";
export { type Fact, type FactFormat, type FactSkip, factFormats, type ReadFactsOptions, readFacts } from "./facts.js";
export { readFewRel } from "./fewrel.js";
export { findHeadWords, readFindHead } from "./find-head.js";
export {
  type LamaFact,
  type LamaRelation,
  type LamaSet,
  type LamaSkip,
  lamaMask,
  lamaQuery,
  lamaSets,
  lamaSetsIn,
  type ReadLamaOptions,
  readLama,
  readLamaFacts,
  readLamaSubjects,
  readLamaTemplates,
  readParaRelPatterns,
  readVocabulary,
} from "./lama.js";
export {
  answerInSubject,
  inProbedFifth,
  nameGuesses,
  nameKey,
  nameQuestions,
  SubjectIndex,
} from "./lama-filters.js";
export { type ChoiceExample, readMultipleChoice } from "./multiple-choice.js";
export { type OpenQuestion, type OpenQuestionOptions, readOpenQuestions } from "./open-questions.js";
export { type JsonRecord, type Line, readJsonLines, readJsonRecords, readLines } from "./records.js";
export {
  detectRelationFormat,
  inspectRelations,
  partOf,
  type ReadRelationsOptions,
  type RelationFormat,
  type RelationReading,
  type RelationSummary,
  readRelations,
  relationFormats,
  subjectKey,
} from "./relation-data.js";
export type { RelationExample, Span } from "./relation-example.js";
export { readSemEval } from "./semeval.js";
export { type OnSkip, SkipCounter } from "./skips.js";
export { type FilterCounts, filterSubjects } from "./subject-filter.js";
export { limitNegatives, noRelation, readTacred } from "./tacred.js";
export { type EncodedLine, packLines, readTextLines, type TextLine, type TokenBlock } from "./text.js";
export {
  detectTreeFormat,
  inspectTrees,
  looksLikeConllu,
  type ReadTreesOptions,
  readTrees,
  recogniseTrees,
  type TreeFormat,
  type TreeReading,
  type TreeSummary,
  treeFormats,
} from "./tree-data.js";
export { readTrex, type TrexOptions, type TrexSkip } from "./trex.js";
export { readTrexRc } from "./trex-rc.js";
export { readWiki80 } from "./wiki80.js";
export { wiki80Record, writeWiki80 } from "./wiki80-writer.js";
export { readWordings, type Wordings, wordingsFor, wordingsOf } from "./wordings.js";
