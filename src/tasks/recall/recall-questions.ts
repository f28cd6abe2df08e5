/**
 * From facts and wordings to questions: which wordings are taught, which are held out, and what is to stay as it is.
 * @module
 */
import type { Fact } from "../../data/fact.js";
import type { Wordings } from "../../data/wordings.js";
import { hash32, RandomStream } from "../../random.js";
import type { recallNeighbours } from "../../settings/choices.js";
import type { ListedExamples, SkipCounts } from "../task-data.js";
import type { RecallExample } from "./recall-example.js";
import {
  type HeldOutWording,
  partWordings,
  type SaidFact,
  saidFacts,
  type WordedFact,
  wordedFacts,
  wordingsOfFact,
} from "./said-facts.js";
import { turning } from "./turned-facts.js";

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
  /** At least one for each relation whose facts have no sentences. */
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
  /** Whether the subject is asked from the object, too. */
  readonly bothDirections: boolean;
}

/** Examples for training and for evaluation. */
export interface RecallQuestions {
  readonly train: ListedExamples<RecallExample>;
  readonly dev: ListedExamples<RecallExample>;
  /** All that stands in a question and is not hidden, none twice: subjects, and objects where they are given. */
  readonly subjects: readonly string[];
  readonly heldOut: readonly HeldOutWording[];
  /** The wordings in which each relation's facts are taught, whole. */
  readonly taughtWordings: Wordings;
}

/** Most tokens of a line of text that is learnt beside facts: questions are as short. */
const [learntTokens, askedTokens] = [32, 96];
/** Lines of text in every evaluation, at most. */
const askedLines = 200;

/** Makes questions of facts; what has no one answer is left out, and counted. */
export function recallQuestions(source: RecallSource, choices: RecallChoices): RecallQuestions {
  const { said, skipped: ambiguous } = saidFacts(source.facts, source.wordings);
  const random = new RandomStream("recall", choices.seed);
  const askedFacts = draw(random, said, choices.asked);
  const { heldOut, taught: taughtFacts, skipped: withheld } = partWordings(said, askedFacts);
  const facts = taughtFacts.map(({ fact }) => fact);
  const taught = taughtQuestions(random, taughtFacts, choices.wordingsPerFact);
  const askedTaught = oneOfEach(random, taughtFacts, askedFacts);
  const backward = choices.bothDirections ? turnedQuestions(source, said) : noneTurned;
  const taughtBackward = backward.turn(taught);
  const words = new RandomStream("recall words", choices.seed);
  const shortened = ({ fact, wording }: WordedFact) => ({
    fact,
    wording: withoutWords(words, wording, choices.wordDropout),
  });
  const learnt = [
    ...taught.map(shortened).map(question({ heldOut: false })),
    ...taughtBackward.map(shortened).map(question({ heldOut: false, backward: true })),
  ];
  const asked = [
    ...heldOut.map(question({ heldOut: true })),
    ...askedTaught.map(question({ heldOut: false })),
    ...backward.turn(heldOut).map(question({ heldOut: true, backward: true })),
    ...backward.turn(askedTaught).map(question({ heldOut: false, backward: true })),
  ];
  const worded = [...taught, ...taughtBackward];
  const subjects = [...new Set([...facts, ...taughtBackward.map(({ fact }) => fact)].map(({ subject }) => subject))];
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
      skipped: { ...ambiguous, ...withheld, ...backward.skipped },
      examples: [
        ...learnt,
        ...textBeside(choices, subjects, repeated(random, learntText, many(choices.textShare))),
        ...neighbours(random, learntNames, worded, many(choices.neighbourShare), true),
      ],
    },
    dev: {
      where: `${where} (held-out wordings)`,
      skipped: {},
      examples: [
        ...asked,
        ...draw(random, askedText, askedLines).map(line(askedTokens, false)),
        ...neighbours(random, askedNames, worded, Math.min(askedNames.length, choices.asked), false),
      ],
    },
  };
}

/** Questions the other way round, and what has no answer that way. */
interface TurnedQuestions {
  turn(questions: readonly WordedFact[]): readonly WordedFact[];
  readonly skipped: SkipCounts;
}

const noneTurned: TurnedQuestions = { turn: () => [], skipped: {} };

function turnedQuestions({ facts }: RecallSource, said: readonly SaidFact[]): TurnedQuestions {
  const { turn, skipped } = turning(
    facts,
    said.flatMap((one) => wordingsOfFact(one).map((wording) => ({ fact: one.fact, wording }))),
  );
  return { turn: (questions) => questions.flatMap((one) => turn(one) ?? []), skipped };
}

/** Questions that ask each fact in each of its wordings. */
export const inWordings = (facts: readonly Fact[], wordings: Wordings): readonly RecallExample[] =>
  wordedFacts(facts, wordings).map(question({ heldOut: true }));

/** The same the other way round, where they have one answer. */
export function backwardInWordings(facts: readonly Fact[], wordings: Wordings) {
  const questions = wordedFacts(facts, wordings);
  const { turn, skipped } = turning(facts, questions);
  const examples = questions.flatMap((one) => turn(one) ?? []).map(question({ heldOut: true, backward: true }));
  return { examples, skipped };
}

/** Of each of the asked facts one question that it is taught in. */
function oneOfEach(random: RandomStream, taught: readonly SaidFact[], asked: readonly SaidFact[]) {
  const byFact = new Map(taught.map((one) => [one.fact, one]));
  return asked.flatMap(({ fact }) => {
    const one = byFact.get(fact);
    return one ? draw(random, wordingsOfFact(one), 1).map((wording) => ({ fact, wording })) : [];
  });
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
 * few. Of a fact with sentences each of them is asked, and beside them its relation's wordings, where it has some.
 */
function taughtQuestions(random: RandomStream, said: readonly SaidFact[], each: number): readonly WordedFact[] {
  const wordingsOf = ({ sentences, wordings }: SaidFact) => [
    ...repeated(random, sentences, wordings.length > 0 ? sentences.length : Math.max(each, sentences.length)),
    ...repeated(random, wordings, each),
  ];
  const round = () => said.flatMap((one) => wordingsOf(one).map((wording) => ({ fact: one.fact, wording })));
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

const question =
  (how: { readonly heldOut: boolean; readonly backward?: true }) =>
  ({ fact, wording }: WordedFact): RecallExample => ({ kind: "fact", fact, wording, ...how });

const line =
  (tokens: number, open: boolean) =>
  (text: string): RecallExample => ({ kind: "text", text, tokens, open });

/**
 * Lines that are to stay as they are although they name a subject: of those that name none, a gate keeps the adapter away
 * anyway, so there is nothing to learn from them. Without a gate it is every second one.
 */
function textBeside({ seed, neighbours }: RecallChoices, subjects: readonly string[], lines: readonly string[]) {
  const random = new RandomStream("subjects in text", seed);
  const named = (text: string, i: number) =>
    neighbours === "gate" || i % 2 === 0 ? withSubject(random, text, subjects) : text;
  const after = (i: number) => lines[i % lines.length] as string;
  return lines.map((text, i) =>
    i % longEvery === 0
      ? line(askedTokens, true)(named([text, after(i + 1), after(i + 2)].join(" "), i))
      : line(learntTokens, true)(named(text, i)),
  );
}

/** Each third text is some lines together, as long as those that are asked: what is learnt of short ones holds less there. */
const longEvery = 3;

/** Characters of a line within which a name surely stands among the tokens that are learnt. */
const nearStart = 80;

/** A text in which a subject stands in the place of one of its names, or of its first word where it has none. */
function withSubject(random: RandomStream, text: string, subjects: readonly string[]): string {
  const subject = subjects[random.below(subjects.length)];
  const places = [...text.slice(0, nearStart).matchAll(/\p{Lu}\p{L}+(?: \p{Lu}\p{L}+)*/gu)];
  const place = places.length > 0 ? places[random.below(places.length)] : /\S+/u.exec(text);
  if (subject === undefined || !place) return text;
  return `${text.slice(0, place.index)}${subject}${text.slice(place.index + place[0].length)}`;
}

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
  taught: readonly WordedFact[],
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
