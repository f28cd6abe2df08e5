/**
 * From facts and wordings to questions: which wordings are taught, which are held out, and what is to stay as it is.
 * @module
 */
import { type Fact, questionKey } from "../../data/facts.js";
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
  /** Questions in which a fact is taught in an epoch: as many wordings, or the same ones again where it has fewer. */
  readonly wordingsPerFact: number;
  /** Share of a wording's words that are left out, in half of the questions. */
  readonly wordDropout: number;
  /** Lines of text, and questions about others, for each question that is taught. */
  readonly textShare: number;
  readonly neighbourShare: number;
  /** Facts that are asked in every evaluation, at most; each holds out a wording. */
  readonly asked: number;
}

/** A fact in one of its wordings. */
interface WordedFact {
  readonly fact: Fact;
  readonly wording: string;
}

/** A wording in which a fact is not taught, so that it can be asked in words that it was never said in. */
export interface HeldOutWording extends WordedFact {}

/** Of fewer wordings none is held out. */
const leastWordings = 3;

/**
 * The wording of a fact that is held out: the last one by hash. It follows from the fact and its relation's wordings
 * alone, and another fact holds out another one, so that every wording is taught with some.
 *
 * @returns null where the relation has fewer than three wordings
 */
export function heldOutWording({ subject, relation }: Fact, patterns: readonly string[]): string | null {
  if (patterns.length < leastWordings) return null;
  const order = (pattern: string) => hash32("held-out wording", subject, relation, pattern);
  return patterns.reduce((last, pattern) => (order(pattern) > order(last) ? pattern : last));
}

/** Examples for training and for evaluation. */
export interface RecallQuestions {
  readonly train: ExampleSet<RecallExample>;
  readonly dev: ExampleSet<RecallExample>;
  /** All that facts are taught of, none twice. */
  readonly subjects: readonly string[];
  readonly heldOut: readonly HeldOutWording[];
  /** The wordings in which each relation's facts are taught, whole. */
  readonly taughtWordings: Wordings;
}

/** Most tokens of a line of text that is learnt beside facts: questions are as short. */
const [learntTokens, askedTokens] = [32, 96];
/** Lines of text in every evaluation, at most. */
const askedLines = 200;

/** A question has one right answer: what else is said of the same subject and relation is left out, and counted. */
export function recallQuestions(source: RecallSource, choices: RecallChoices): RecallQuestions {
  const { facts, skipped } = uniqueQuestions(source.facts);
  const subjects = [...new Set(facts.map(({ subject }) => subject))];
  const random = new RandomStream("recall", choices.seed);
  const askedFacts = draw(random, facts, choices.asked);
  const { heldOut, taughtIn } = partWordings(askedFacts, source.wordings);
  const taught = taughtQuestions(random, facts, taughtIn, choices.wordingsPerFact);
  const words = new RandomStream("recall words", choices.seed);
  const learnt = taught.map(({ fact, wording }) =>
    question(fact, withoutWords(words, wording, choices.wordDropout), false),
  );
  const asked = [
    ...heldOut.map(({ fact, wording }) => question(fact, wording, true)),
    ...askedFacts.flatMap((fact) => draw(random, taughtIn(fact), 1).map((wording) => question(fact, wording, false))),
  ];
  const known = new Set(subjects);
  const others = choices.neighbours === "keep" ? source.others.filter((name) => !known.has(name)) : [];
  const [askedNames, learntNames] = partOthers(others);
  const [askedText, learntText] = partOthers(withoutFacts(source.text, facts));
  const many = (share: number) => Math.ceil(share * learnt.length);
  const { where } = source;
  return {
    subjects,
    heldOut,
    taughtWordings: wordingsIn(taught),
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

/** Questions that ask each fact in each wording of its relation. */
export const inWordings = (facts: readonly Fact[], wordings: Wordings): readonly RecallExample[] =>
  facts.flatMap((fact) => (wordings.get(fact.relation) ?? []).map((wording) => question(fact, wording, true)));

/** What the asked facts hold out, and the wordings in which each fact is taught. */
function partWordings(asked: readonly Fact[], wordings: Wordings) {
  const of = ({ relation }: Fact) => wordings.get(relation) ?? [];
  const held = new Map<Fact, string>();
  for (const fact of asked) {
    const wording = heldOutWording(fact, of(fact));
    if (wording !== null) held.set(fact, wording);
  }
  return {
    heldOut: [...held].map(([fact, wording]): HeldOutWording => ({ fact, wording })),
    taughtIn: (fact: Fact) => of(fact).filter((wording) => wording !== held.get(fact)),
  };
}

function wordingsIn(taught: readonly WordedFact[]): Wordings {
  const found = new Map<string, Set<string>>();
  for (const { fact, wording } of taught) {
    found.set(fact.relation, (found.get(fact.relation) ?? new Set()).add(wording));
  }
  return new Map([...found].map(([relation, patterns]) => [relation, [...patterns]]));
}

/** Share of questions that keep all of their words. */
const wholeShare = 0.5;

/**
 * A wording, in half of the questions without some of its words (word dropout, Iyyer et al. 2015,
 * https://aclanthology.org/P15-1162, §3.2), so that an answer hangs on no single one and comes in other wordings, too.
 */
function withoutWords(random: RandomStream, wording: string, dropout: number): string {
  if (dropout === 0 || random.uniform() < wholeShare) return wording;
  const stays = (word: string) => /\[[XY]\]/.test(word) || random.uniform() >= dropout;
  return wording.split(" ").filter(stays).join(" ");
}

/** Fewer questions are taught again in other wordings, so that a few facts take as many steps as they need. */
const leastQuestions = 512;

/**
 * Each fact as often as any other, in as many of its wordings as it has; drawn anew for each round where the facts are
 * few.
 */
function taughtQuestions(
  random: RandomStream,
  facts: readonly Fact[],
  wordings: (fact: Fact) => readonly string[],
  each: number,
) {
  const round = () =>
    facts.flatMap((fact) => repeated(random, wordings(fact), each).map((wording) => ({ fact, wording })));
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
    const key = questionKey(fact);
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
