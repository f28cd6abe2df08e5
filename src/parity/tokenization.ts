import { join } from "node:path";
import { findHeadWords } from "../data/find-head.js";
import type { RelationExample } from "../data/relation-example.js";
import { limitNegatives, noRelation } from "../data/tacred.js";
import { headPrediction } from "../tasks/trees/head-prediction.js";
import type { HostTensor } from "../tensor.js";
import type { MarkedText, SkippedText } from "../text/marked-text.js";
import { type MarkerOptions, markEntities } from "../text/markers.js";
import { type MarkedMention, markMention } from "../text/mention.js";
import { officialEncode } from "../text/official.js";
import { joinParts } from "../text/parts.js";
import { loadTokenizer, type Tokenizer } from "../text/tokenizer.js";
import { type Fixture, readJson } from "./fixture.js";
import { compareExactly } from "./scorers.js";

/** What the official code makes of a record: arrays and numbers by name, or why it makes nothing. */
type Features = Readonly<Record<string, unknown>>;

/** Every record of the official preprocessing. */
export async function compareTokenization(fixture: Fixture): Promise<void> {
  const tokenizer = await loadTokenizer(fixture.folder);
  const read = async <T>(name: string) => (await readJson(join(fixture.folder, name))) as T;
  compareTexts(fixture, tokenizer, await read("texts.json"));
  compareRelations(fixture, tokenizer, "trex", await read("trex.json"));
  const tacred = await read<RelationCases>("tacred.json");
  compareRelations(fixture, tokenizer, "tacred", tacred);
  await compareNegatives(fixture, tacred);
  compareMentions(fixture, tokenizer, "openentity", await read("openentity.json"));
  compareMentions(fixture, tokenizer, "figer", await read("figer.json"));
  compareChoices(fixture, tokenizer, await read("cosmosqa.json"));
  compareTrees(fixture, tokenizer, await read("find_head.json"));
}

/** Compares each field that the fixture has, but for what is there for the reader alone. */
function compareFeatures(fixture: Fixture, label: string, mine: Features, expected: Features): void {
  for (const [key, value] of Object.entries(expected)) {
    if (key === "tokens_for_reading" || key === "message") continue;
    compareExactly(fixture, `${label}.${key}`, mine[key], value);
  }
}

/** Ids, mask and segments padded to the limit. */
function padded(inputIds: readonly number[], maxLength: number, padId: number): Features {
  const fill = (count: number, value: number) => new Array<number>(count).fill(value);
  const padding = maxLength - inputIds.length;
  return {
    input_ids: [...inputIds, ...fill(padding, padId)],
    input_mask: [...fill(inputIds.length, 1), ...fill(padding, 0)],
    segment_ids: fill(maxLength, 0),
  };
}

const padOf = ({ specials }: Tokenizer): number => specials.pad as number;

/** Why the official code makes nothing of a record, in the fixture's words. */
function nothing({ skipped }: SkippedText, error: string): Features {
  return skipped === "official-code-fails" ? { error } : { dropped: true };
}

interface TextCase {
  readonly text: string;
  readonly official_ids: readonly number[];
  readonly official_tokens: readonly string[];
  readonly hf_ids?: readonly number[];
  readonly hf_ids_add_prefix_space?: readonly number[];
}

function compareTexts(
  fixture: Fixture,
  tokenizer: Tokenizer,
  data: { texts: readonly TextCase[]; with_special_tokens: readonly TextCase[] },
): void {
  for (const one of [...data.texts, ...data.with_special_tokens]) {
    const ids = officialEncode(tokenizer, one.text);
    const mine = {
      official_ids: ids,
      official_tokens: ids.map((id) => tokenizer.idToToken(id)),
      hf_ids: tokenizer.encode(one.text).ids,
      hf_ids_add_prefix_space: tokenizer.encode(one.text.startsWith(" ") || one.text === "" ? one.text : ` ${one.text}`)
        .ids,
    };
    const { text, ...expected } = one;
    compareFeatures(fixture, `texts/${JSON.stringify(text)}`, mine, expected as never);
  }
}

interface RelationRecord {
  readonly id?: string;
  readonly token: readonly string[];
  readonly relation: string;
  readonly subj_start: number;
  readonly subj_end: number;
  readonly obj_start: number;
  readonly obj_end: number;
}

interface RelationCase {
  readonly record: RelationRecord;
  readonly max_seq_length?: number;
  readonly features: Features;
}

interface RelationCases {
  readonly max_seq_length?: number;
  readonly labels: readonly string[];
  readonly cases: readonly RelationCase[];
  readonly marker_near_the_limit: readonly RelationCase[];
  readonly negative_sample?: readonly { negative_sample: number; dataset_type: string; kept: readonly string[] }[];
}

function compareRelations(
  fixture: Fixture,
  tokenizer: Tokenizer,
  official: NonNullable<MarkerOptions["official"]> & string,
  data: RelationCases,
): void {
  for (const [part, cases] of Object.entries({ case: data.cases, limit: data.marker_near_the_limit })) {
    cases.forEach(({ record, max_seq_length = data.max_seq_length as number, features }, i) => {
      const { text, subject, object } = spans(record);
      const marked = markEntities(tokenizer, text, subject, object, { maxLength: max_seq_length, official });
      const mine = relationFeatures(marked, max_seq_length, padOf(tokenizer), data.labels.indexOf(record.relation));
      compareFeatures(fixture, `${official}/${part} ${i}`, mine, features);
    });
  }
}

function relationFeatures(marked: MarkedText | SkippedText, maxLength: number, padId: number, label: number): Features {
  if ("skipped" in marked) return nothing(marked, "IndexError");
  return {
    ...padded(marked.inputIds, maxLength, padId),
    label_id: label,
    subj_special_start: marked.subject,
    obj_special_start: marked.object,
  };
}

function spans(record: RelationRecord) {
  const { token, subj_start, subj_end, obj_start, obj_end } = record;
  const start = (word: number) => token.slice(0, word).join(" ").length + (word > 0 ? 1 : 0);
  const span = (from: number, to: number) => ({ start: start(from), end: start(to) + (token[to] as string).length });
  return { text: token.join(" "), subject: span(subj_start, subj_end), object: span(obj_start, obj_end) };
}

/** Which records of a training set without a relation are kept; of other sets all are. */
async function compareNegatives(fixture: Fixture, { cases, negative_sample = [] }: RelationCases): Promise<void> {
  for (const { negative_sample: limit, dataset_type, kept } of negative_sample) {
    const all = cases.map(({ record }) => record);
    const mine: (string | undefined)[] = [];
    if (dataset_type === "train")
      for await (const { id } of limitNegatives(examplesOf(all), limit, () => undefined)) mine.push(id);
    else mine.push(...all.map(({ id }) => id));
    compareExactly(fixture, `tacred/negative_sample ${limit} ${dataset_type}`, mine, kept);
  }
}

async function* examplesOf(records: readonly RelationRecord[]): AsyncGenerator<RelationExample> {
  for (const record of records) {
    const id = record.id === undefined ? {} : { id: record.id };
    yield { ...spans(record), ...id, relation: record.relation, where: noRelation };
  }
}

interface MentionCases {
  readonly max_seq_length: number;
  readonly labels: readonly string[];
  readonly cases: readonly {
    readonly record: { sent: string; start: number; end: number; labels: readonly string[] };
    readonly features: Features;
  }[];
}

function compareMentions(
  fixture: Fixture,
  tokenizer: Tokenizer,
  official: "openentity" | "figer",
  { max_seq_length: maxLength, labels, cases }: MentionCases,
): void {
  cases.forEach(({ record, features }, i) => {
    // Python counts code points, JavaScript UTF-16 units.
    const at = (codePoints: number) => Array.from(record.sent).slice(0, codePoints).join("").length;
    const span = { start: at(record.start), end: at(record.end) };
    const marked = markMention(tokenizer, record.sent, span, { maxLength, official });
    const hot = labels.map((label) => (record.labels.includes(label) ? 1 : 0));
    const mine = mentionFeatures(marked, maxLength, padOf(tokenizer), hot);
    compareFeatures(fixture, `${official}/case ${i}`, mine, features);
  });
}

function mentionFeatures(
  marked: MarkedMention | SkippedText,
  maxLength: number,
  padId: number,
  labels: readonly number[],
): Features {
  if ("skipped" in marked) return nothing(marked, "AssertionError");
  return { ...padded(marked.inputIds, maxLength, padId), labels, start: marked.mention };
}

type ChoiceRecord = Readonly<Record<"context" | "question", string>> & Readonly<Record<string, string | number>>;

function compareChoices(
  fixture: Fixture,
  tokenizer: Tokenizer,
  data: {
    max_seq_length: number;
    cases: readonly { record: ChoiceRecord; features: { choices: readonly Features[]; label: number | null } }[];
  },
): void {
  data.cases.forEach(({ record, features }, i) => {
    features.choices.forEach((choice, c) => {
      const parts = [record.question, String(record[`answer${c}`])];
      const ids = joinParts(tokenizer, record.context, parts, data.max_seq_length);
      // It pads with <s>, not with <pad>.
      compareFeatures(fixture, `cosmosqa/case ${i} choice ${c}`, padded(ids, data.max_seq_length, 0), choice);
    });
    // `int(label) if label else None`: the number 0 is no label there; here it is.
    const label = record["label"] ? Number(record["label"]) : null;
    compareExactly(fixture, `cosmosqa/case ${i}.label`, label, features.label);
  });
}

function compareTrees(
  fixture: Fixture,
  tokenizer: Tokenizer,
  {
    max_seq_length: maxLength,
    cases,
  }: { max_seq_length: number; cases: readonly { record: unknown; features: Features }[] },
): void {
  const settings = { labels: null, options: { head: "official", alignment: "official" } };
  const task = headPrediction.make(settings, { maxLength, dropout: 0, headInit: "official" });
  cases.forEach(({ record, features }, i) => {
    const where = `find_head/case ${i}`;
    const words = findHeadWords(record, where, { brokenTrees: "keep", onSkip: () => undefined });
    const encoded = words ? task.encode({ words, file: fixture.folder, where }, tokenizer) : { skipped: "no-tree" };
    if ("skipped" in encoded) {
      compareFeatures(fixture, where, { dropped: true }, features);
      return;
    }
    const { data } = task.feeds([encoded], maxLength)["labels"] as HostTensor<"int32">;
    // Padding has the label 0 there, and its mask keeps it out of the loss; here a label below 0 does.
    const labels = Array.from(data, (label) => Math.max(0, label));
    compareFeatures(fixture, where, { ...padded(encoded.inputIds, maxLength, padOf(tokenizer)), labels }, features);
  });
}
