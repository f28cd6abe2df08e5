/** The demo's first part: an invented country is taught, asked in other words, and unplugged. */
import { z } from "zod";
import { demoPack, otherSentences, type PackName, packNames } from "../../demo/packs.js";
import { questionText } from "../../tasks/recall/hidden-tokens.js";
import { readQuestions } from "../../tasks/recall/recall-data.js";
import type { Commands } from "./commands.js";

/** How an invented place's facts were answered, asked in wordings that were never taught. */
export interface PlaceReport {
  readonly adapter: string;
  readonly facts: number;
  readonly questions: number;
  /** Shares whose answer is the likeliest word of the whole vocabulary. */
  readonly right: { readonly alone: number; readonly adapter: number; readonly together: number };
}

/** What became of text: perplexity at hidden words, and how often the likeliest word stayed. */
export interface TextReport {
  readonly before: number;
  readonly perplexity: number;
  readonly argmaxKept: number;
}

export interface AskedExample {
  readonly question: string;
  /** What was taught; of the question that is no fact of these, what is true. */
  readonly object: string;
  /** The likeliest word, and whether all words' probabilities are the model's own. */
  readonly answers: Readonly<Record<Asked, string>>;
}

/** Who is asked: the model alone, with the place's own adapter, with both, and with none again. */
export const askedOnes = ["before", "adapter", "together", "unplugged"] as const;
export type Asked = (typeof askedOnes)[number];

export interface TaughtReport {
  readonly places: Readonly<Record<PackName, PlaceReport>>;
  readonly text: {
    /** Sentences that name nothing that was taught, and sentences that do and say something else of it. */
    readonly plain: TextReport;
    readonly named: TextReport;
  };
  readonly examples: readonly AskedExample[];
  /** How many of the questions had, for so many words, the same probabilities to the bit before and after. */
  readonly unplugged: { readonly questions: number; readonly same: number; readonly words: number };
  /** Whether a question about nobody that was taught has them with both adapters plugged in. */
  readonly othersSame: boolean;
}

interface TaughtInput {
  readonly backbone: string;
  readonly seed: number;
  /** Folders of the adapters to be taught, and a file of plain text. */
  readonly to: Readonly<Record<PackName, string>> & { readonly text: string; readonly cache: string };
  readonly commands: Commands;
}

/** Fewer passes, questions and lines of text than by default, in smaller batches and larger steps: so few facts need no more. */
const teaching = [
  "--epochs",
  "6",
  "--learning-rate",
  "1e-3",
  "--wordings-per-fact",
  "5",
  "--keep",
  "0.5",
  "--text-share",
  "0.15",
  "--batch-size",
  "32",
];

/** As many words as the package's own model has: of them all the probabilities are compared. */
const comparedWords = 8192;

const filled = z.object({
  sets: z.record(z.string(), z.array(z.object({ word: z.string(), probability: z.number(), score: z.number() }))),
});
type Filled = z.output<typeof filled>["sets"];

const scores = z.object({ p1: z.number(), questions: z.number() });
const kept = z.object({ before: z.number(), perplexity: z.number(), argmaxKept: z.number() });
const probed = scores.extend({ before: scores, together: scores, text: kept.optional() });

export async function teachInvented({ backbone, seed, to, commands }: TaughtInput): Promise<TaughtReport> {
  const questions = await exampleQuestions();
  const ask = async (...adapters: string[]): Promise<Filled[]> => {
    const answers: Filled[] = [];
    for (const { question } of questions) {
      const args = ["fill", question, "--backbone", backbone, ...adapters, "--top", String(comparedWords)];
      answers.push(filled.parse(await commands.run(args)).sets);
    }
    return answers;
  };
  commands.heading("1. an invented country, asked before anything is taught");
  const before = await ask();
  for (const [i, name] of packNames.entries()) {
    commands.heading(i === 0 ? "2. its facts are taught" : "3. facts of another place, in an adapter of their own");
    const { facts, wordings } = demoPack(name);
    const where = ["--backbone", backbone, "--wordings", wordings, "--out", to[name], "--cache", to.cache];
    await commands.run(["teach", facts, ...where, ...teaching, "--seed", String(seed)]);
  }
  commands.heading("4. all facts in words that were never taught, one adapter and both together");
  const country = await probe(commands, to, "country", "harbour", to.text);
  const harbour = await probe(commands, to, "harbour", "country", otherSentences());
  const plugged = await ask(...packNames.flatMap((name) => ["--adapter", `${name}=${to[name]}`]));
  commands.heading("5. unplugged: the model alone again");
  const after = await ask();
  const same = questions.map((_, i) => sameBits(before[i]?.["none"], after[i]?.["none"]));
  const other = questions.length - 1;
  return {
    places: { country: country.place, harbour: harbour.place },
    text: { plain: country.text, named: harbour.text },
    examples: questions.map(({ question, object, place }, i) => ({
      question,
      object,
      answers: {
        before: likeliest(before[i], "none"),
        adapter: likeliest(plugged[i], place),
        together: likeliest(plugged[i], packNames.join("+")),
        unplugged: likeliest(after[i], "none"),
      },
    })),
    unplugged: {
      questions: questions.length,
      same: same.filter(Boolean).length,
      words: before[0]?.["none"]?.length ?? 0,
    },
    othersSame: sameBits(before[other]?.["none"], plugged[other]?.[packNames.join("+")]),
  };
}

const likeliest = (sets: Filled | undefined, name: string) => sets?.[name]?.[0]?.word ?? "";

/** Numbers go through JSON with all their digits. */
const sameBits = (one: Filled[string] | undefined, other: Filled[string] | undefined) =>
  one !== undefined && JSON.stringify(one) === JSON.stringify(other);

/** The first fact of some relations, asked as it was never taught, and last a fact that nobody taught. */
async function exampleQuestions() {
  const chosen: readonly (readonly [PackName, string])[] = [
    ["country", "capital"],
    ["country", "product"],
    ["country", "profession"],
    ["harbour", "cargo"],
  ];
  const questions: { readonly question: string; readonly object: string; readonly place: PackName }[] = [];
  for (const [place, relation] of chosen) {
    const { facts: file, asked } = demoPack(place);
    const { facts, wordings } = await readQuestions({ facts: file, wordings: asked });
    const fact = facts.find((one) => one.relation === relation);
    const wording = wordings.get(relation)?.[0];
    if (!fact || wording === undefined) throw new Error(`${place} has no ${relation}`);
    questions.push({ question: questionText(wording, fact.subject, "[MASK]"), object: fact.object, place });
  }
  return [...questions, { question: "The capital of France is [MASK].", object: "Paris", place: "country" as const }];
}

/** Asks a place's facts, its adapter alone and the other beside it, and what both do to a text. */
async function probe(commands: Commands, to: TaughtInput["to"], name: PackName, other: PackName, text: string) {
  const { facts, asked } = demoPack(name);
  const given = ["--adapter", to[name], "--beside", `${other}=${to[other]}`, "--facts", facts, "--wordings", asked];
  const found = probed.parse(await commands.run(["probe", "recall", ...given, "--text", text]));
  const { facts: read } = await readQuestions({ facts });
  const right = { alone: found.before.p1, adapter: found.p1, together: found.together.p1 };
  if (!found.text) throw new Error("the text was asked");
  return {
    place: { adapter: to[name], facts: read.length, questions: found.questions, right },
    text: found.text,
  };
}
