import { partOf } from "../data/relation-data.js";
import type { RelationExample } from "../data/relation-example.js";
import { setting, userError } from "../errors.js";
import { RandomStream } from "../random.js";
import { relationLabels } from "../tasks/relations/factual.js";
import type { SkipCounts } from "../tasks/task-data.js";

export interface SplitOptions {
  /** Names of the relations that are kept out of pre-training, or how many are drawn. */
  readonly unseen: number | readonly string[];
  /** Examples of each unseen relation that are kept. */
  readonly perUnseen: number;
  /** Decides all draws of data; the same for all rows. */
  readonly seed: number;
}

export interface RelationSplit {
  /** What may be learnt. */
  readonly known: readonly RelationExample[];
  readonly unseen: readonly RelationExample[];
  readonly unseenRelations: readonly string[];
  /** What was left out of `known`, by reason. */
  readonly left: SkipCounts;
}

/** A sentence without regard to case and spaces, so that tokenised and plain forms are the same. */
export const sentenceKey = ({ text }: RelationExample): string =>
  text.normalize("NFKC").toLowerCase().replace(/\s+/g, "");

/** The two entities by Wikidata id where they have one, else by their texts; in either order. */
function pairKey({ text, subject, object, subjectId, objectId }: RelationExample): string {
  const named = (id: string | undefined, { start, end }: { readonly start: number; readonly end: number }) =>
    id ?? text.slice(start, end).normalize("NFKC").toLowerCase();
  return [named(subjectId, subject), named(objectId, object)].sort().join("\0");
}

/**
 * Divides relations into those that may be learnt and those that stay unseen. Out of what may be learnt goes all that
 * would help with the tests: every sentence of an unseen relation, whatever its file; every sentence that stands in a
 * test set; every pair of entities of an unseen relation's test sentences.
 *
 * @param examples what an adapter could be pre-trained on
 * @param fewShot where unseen relations are taken from
 * @param tests other sentences that are tested on
 */
export function splitRelations(
  examples: readonly RelationExample[],
  fewShot: readonly RelationExample[],
  tests: readonly RelationExample[],
  options: SplitOptions,
): RelationSplit {
  const unseenRelations = chooseUnseen(fewShot, options);
  const unseen = unseenRelations.flatMap((relation) => {
    const own = fewShot.filter((example) => example.relation === relation);
    return new RandomStream(options.seed, "unseen", relation).shuffle([...own]).slice(0, options.perUnseen);
  });
  const held = new Set(unseenRelations);
  const sentences = new Set([...unseen, ...tests].map(sentenceKey));
  const pairs = new Set(unseen.map(pairKey));
  const left = { "unseen-relation": 0, "sentence-in-test": 0, "pair-in-test": 0 };
  const known = examples.filter((example) => {
    if (held.has(example.relation)) left["unseen-relation"]++;
    else if (sentences.has(sentenceKey(example))) left["sentence-in-test"]++;
    else if (pairs.has(pairKey(example))) left["pair-in-test"]++;
    else return true;
    return false;
  });
  return { known, unseen, unseenRelations, left };
}

function chooseUnseen(fewShot: readonly RelationExample[], { unseen, seed }: SplitOptions): string[] {
  const relations = relationLabels(fewShot);
  if (typeof unseen !== "number") {
    const missing = unseen.find((name) => !relations.includes(name));
    if (missing === undefined) return [...unseen];
    throw userError({
      where: setting("unseen"),
      what: `there is no relation ${missing} in the data`,
      expected: some(relations),
    });
  }
  if (unseen < relations.length) return new RandomStream(seed, "unseen").shuffle(relations).slice(0, unseen).sort();
  throw userError({
    where: setting("unseen"),
    what: `${unseen} of ${relations.length} relations leave none to be learnt`,
    expected: "fewer",
  });
}

const some = (names: readonly string[]) => `one of ${names.slice(0, 5).join(", ")}${names.length > 5 ? " …" : ""}`;

/** What one adapter is pre-trained on. */
export interface PretrainingSet {
  readonly labels: readonly string[];
  readonly train: readonly RelationExample[];
  readonly dev: readonly RelationExample[];
}

/**
 * Sets of the same size over different numbers of relations; the relations of a smaller number are among those of a
 * larger one. Sentences are spread over relations as evenly as they go. A tenth of the subjects is for evaluation.
 *
 * @param counts numbers of relations; `all` for all
 * @param sentences most training sentences of a set
 */
export function pretrainingSets(
  known: readonly RelationExample[],
  counts: readonly (number | "all")[],
  sentences: number,
  seed: number,
): ReadonlyMap<number | "all", PretrainingSet> {
  const order = new RandomStream(seed, "relations").shuffle(relationLabels(known));
  const parts = counts.map((count) => {
    const chosen = new Set(order.slice(0, count === "all" ? order.length : count));
    if (count !== "all" && count > order.length) {
      throw userError({
        where: setting("relations"),
        what: `there are only ${order.length} relations to learn, not ${count}`,
      });
    }
    const own = known.filter(({ relation }) => chosen.has(relation));
    const part = (name: "train" | "dev") =>
      own.filter((example) => partOf(example, { train: 0.9, dev: 0.1 }, seed) === name);
    return { count, train: part("train"), dev: part("dev") };
  });
  const size = Math.min(sentences, ...parts.map(({ train }) => train.length));
  const sets = parts.map(({ count, train, dev }) => {
    const kept = evenly(train, size, seed);
    const labels = relationLabels(kept);
    const held = dev.filter(({ relation }) => labels.includes(relation));
    const set = { labels, train: kept, dev: evenly(held, Math.max(200, Math.floor(size / 20)), seed) };
    if (set.dev.length === 0)
      throw userError({ where: setting("train"), what: "too few sentences to learn from and to evaluate on" });
    return [count, set] as const;
  });
  return new Map(sets);
}

/** So many examples, of each relation as many as of any other where it has them. */
function evenly(examples: readonly RelationExample[], size: number, seed: number): RelationExample[] {
  const groups = relationLabels(examples).map((relation) => {
    const own = examples.filter((example) => example.relation === relation);
    return new RandomStream(seed, "evenly", relation).shuffle(own);
  });
  const chosen: RelationExample[] = [];
  for (let round = 0; chosen.length < size && groups.some(({ length }) => length > round); round++) {
    for (const group of groups) {
      const next = group[round];
      if (next && chosen.length < size) chosen.push(next);
    }
  }
  return new RandomStream(seed, "order").shuffle(chosen);
}

/** The same sentences, their relations dealt out anew: what is left to be learnt is no knowledge. */
export function shuffledLabels(examples: readonly RelationExample[], seed: number): RelationExample[] {
  const relations = new RandomStream(seed, "shuffled labels").shuffle(examples.map(({ relation }) => relation));
  return examples.map((example, i) => ({ ...example, relation: relations[i] as string }));
}

/** At most so many examples of each relation, drawn by the seed; the order is the data's. */
export function perClass(examples: readonly RelationExample[], most: number, seed: number): RelationExample[] {
  const chosen = new Set(
    relationLabels(examples).flatMap((relation) => {
      const own = examples.filter((example) => example.relation === relation);
      return new RandomStream(seed, "per class", relation).shuffle(own).slice(0, most);
    }),
  );
  return examples.filter((example) => chosen.has(example));
}
