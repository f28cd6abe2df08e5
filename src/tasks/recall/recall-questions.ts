/**
 * From facts and wordings to questions: which wordings are taught, which are held out, and what is to stay as it is.
 * @module
 */
import type { Fact } from "../../data/facts.js";
import type { Wordings } from "../../data/wordings.js";
import { hash32, RandomStream } from "../../random.js";
import type { recallNeighbours } from "../../settings/choices.js";
import type { ExampleSet } from "../task-data.js";
import type { RecallExample } from "./recall.js";

/**
 * What becomes of questions about subjects that were not taught. `gate`: the adapter has no say in texts without a
 * taught subject, so that they are the model's own to the bit. `keep`: their answers are kept by the loss. `prior`: they
 * are left to what the relation's facts have in common.
 */
export type RecallNeighbours = (typeof recallNeighbours)[number];

export interface RecallSource {
  /** The file, for messages. */
  readonly where: string;
  readonly facts: readonly Fact[];
  /** At least one for each relation. */
  readonly wordings: Wordings;
  /** Lines of plain text that is to stay as it is. */
  readonly text: readonly string[];
  /** Names that are no subjects of the facts, asked in the same wordings. */
  readonly others: readonly string[];
}

export interface RecallChoices {
  /** Decides which wordings a fact is taught in, and which texts and names stand beside it. */
  readonly seed: number;
  readonly neighbours: RecallNeighbours;
  /** Wordings in which a fact is taught, at most. */
  readonly wordingsPerFact: number;
  /** Lines of text, and questions about others, for each question that is taught. */
  readonly textShare: number;
  readonly neighbourShare: number;
  /** Facts that are asked in every evaluation, at most. */
  readonly asked: number;
}

/** Wordings of a relation, by whether facts are taught in them. */
export interface PartedWordings {
  readonly taught: readonly string[];
  readonly heldOut: readonly string[];
}

/**
 * Holds out wordings in which nothing is taught, so that facts can be asked in words that were never taught: of three to
 * five wordings the last one by hash, of six and more the last two, of fewer none. The same wordings part in the same
 * way everywhere.
 */
export function partWordings(patterns: readonly string[]): PartedWordings {
  const held = patterns.length < 3 ? 0 : patterns.length < 6 ? 1 : 2;
  const order = (pattern: string) => hash32("held-out wording", pattern);
  const ordered = [...patterns].sort((a, b) => order(a) - order(b));
  const heldOut = new Set(ordered.slice(ordered.length - held));
  return { taught: patterns.filter((one) => !heldOut.has(one)), heldOut: patterns.filter((one) => heldOut.has(one)) };
}

/** Examples for training and for evaluation. */
export interface RecallQuestions {
  readonly train: ExampleSet<RecallExample>;
  readonly dev: ExampleSet<RecallExample>;
  /** All that facts are taught of, none twice. */
  readonly subjects: readonly string[];
}

/** Most tokens of a line of text that is learnt beside facts: questions are as short. */
const [learntTokens, askedTokens] = [32, 96];
/** Lines of text in every evaluation, at most. */
const askedLines = 200;

/** A question has one right answer: what else is said of the same subject and relation is left out, and counted. */
export function recallQuestions(source: RecallSource, choices: RecallChoices): RecallQuestions {
  const { facts, skipped } = uniqueQuestions(source.facts);
  const parted = new Map([...source.wordings].map(([relation, patterns]) => [relation, partWordings(patterns)]));
  const wordings = ({ relation }: Fact) => parted.get(relation) as PartedWordings;
  const subjects = [...new Set(facts.map(({ subject }) => subject))];
  const random = new RandomStream("recall", choices.seed);
  const taught = taughtQuestions(random, facts, wordings, choices.wordingsPerFact);
  const learnt = taught.map(({ fact, wording }) => question(fact, wording, false));
  const asked = draw(random, facts, choices.asked).flatMap((fact) => {
    const { taught: known, heldOut } = wordings(fact);
    return [
      ...heldOut.map((wording) => question(fact, wording, true)),
      ...draw(random, known, 1).map((wording) => question(fact, wording, false)),
    ];
  });
  const known = new Set(subjects);
  const others = choices.neighbours === "keep" ? source.others.filter((name) => !known.has(name)) : [];
  const [askedNames, learntNames] = partOthers(others);
  const [askedText, learntText] = partOthers(withoutFacts(source.text, facts));
  const many = (share: number) => Math.ceil(share * learnt.length);
  const { where } = source;
  return {
    subjects,
    train: {
      where,
      skipped,
      examples: [
        ...learnt,
        ...repeated(random, learntText, many(choices.textShare)).map(line(learntTokens, true)),
        ...neighbours(random, learntNames, taught, many(choices.neighbourShare), true),
      ],
    },
    dev: {
      where: `${where} (held-out wordings)`,
      skipped: {},
      examples: [
        ...asked,
        ...draw(random, askedText, askedLines).map(line(askedTokens, false)),
        ...neighbours(random, askedNames, taught, Math.min(askedNames.length, choices.asked), false),
      ],
    },
  };
}

/** Fewer questions are taught again in other wordings, so that a few facts take as many steps as they need. */
const leastQuestions = 512;

/** Each fact in some of its wordings, drawn anew for each round where the facts are few. */
function taughtQuestions(
  random: RandomStream,
  facts: readonly Fact[],
  wordings: (fact: Fact) => PartedWordings,
  each: number,
) {
  const round = () =>
    facts.flatMap((fact) => draw(random, wordings(fact).taught, each).map((wording) => ({ fact, wording })));
  const taught = round();
  while (taught.length > 0 && taught.length < leastQuestions) taught.push(...round());
  return taught;
}

/** Lines that do not name a fact's subject beside its object: what is taught is not to stay as it was. */
function withoutFacts(lines: readonly string[], facts: readonly Fact[]): readonly string[] {
  const words = (text: string) => text.match(/[\p{L}\p{N}]+/gu) ?? [];
  const byWord = new Map<string, Fact[]>();
  for (const fact of facts) {
    const [first = ""] = words(fact.subject);
    const known = byWord.get(first);
    if (known) known.push(fact);
    else byWord.set(first, [fact]);
  }
  const says = (line: string, { subject, object }: Fact) => line.includes(subject) && line.includes(object);
  return lines.filter((line) => !words(line).some((word) => byWord.get(word)?.some((fact) => says(line, fact))));
}

function uniqueQuestions(all: readonly Fact[]) {
  const first = new Map<string, Fact>();
  for (const fact of all) {
    const key = JSON.stringify([fact.subject, fact.relation]);
    if (!first.has(key)) first.set(key, fact);
  }
  const left = all.length - first.size;
  return { facts: [...first.values()], skipped: left === 0 ? {} : { "another-object": left } };
}

const question = (fact: Fact, wording: string, heldOut: boolean): RecallExample => ({
  kind: "fact",
  fact,
  wording,
  heldOut,
});

const line =
  (tokens: number, open: boolean) =>
  (text: string): RecallExample => ({ kind: "text", text, tokens, open });

/** A fifth, by hash, for evaluation, and the rest; all of them for both where they are few. */
function partOthers(items: readonly string[]): readonly [readonly string[], readonly string[]] {
  if (items.length < 10) return [items, items];
  const held = (item: string) => hash32("held-out text", item) % 5 === 0;
  return [items.filter(held), items.filter((item) => !held(item))];
}

/** Other names in wordings of facts that are taught, as long as those facts' answers. */
function neighbours(
  random: RandomStream,
  names: readonly string[],
  taught: readonly { readonly fact: Fact; readonly wording: string }[],
  count: number,
  open: boolean,
): RecallExample[] {
  if (names.length === 0) return [];
  return Array.from({ length: count }, () => {
    const { fact, wording } = taught[random.below(taught.length)] as (typeof taught)[number];
    const subject = names[random.below(names.length)] as string;
    return { kind: "neighbour", fact: { ...fact, subject }, wording, open } as const;
  });
}

/** Some of the items, each at most once. */
const draw = <T>(random: RandomStream, items: readonly T[], count: number): readonly T[] =>
  items.length <= count ? items : random.shuffle([...items]).slice(0, count);

/** As many as are wanted, the items again and again in another order. */
function repeated<T>(random: RandomStream, items: readonly T[], count: number): readonly T[] {
  if (items.length === 0) return [];
  const rounds = Array.from({ length: Math.ceil(count / items.length) }, () => random.shuffle([...items]));
  return rounds.flat().slice(0, count);
}
