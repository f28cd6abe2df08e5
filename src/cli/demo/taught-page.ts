import { packNames } from "../../demo/packs.js";
import { percentage } from "../tasks/numbers.js";
import { type Section, text } from "./blocks.js";
import { askedOnes, type TaughtReport, type TextReport } from "./taught.js";

/** What the first part shows: questions and their answers, how many are right, and what became of all else. */
export const taughtSections = (report: TaughtReport): readonly Section[] => [
  aboutAnswers(report),
  aboutFacts(report),
  aboutTheRest(report),
];

const columns = {
  before: "before",
  adapter: "with its adapter",
  together: "with both",
  unplugged: "unplugged",
} as const;

/** What each place is, in the table of all facts. */
const placeNames = { country: "an invented country", harbour: "another place" } as const;

function aboutAnswers({ examples }: TaughtReport): Section {
  return {
    title: "Questions, and the model's likeliest word",
    blocks: [
      {
        kind: "table",
        head: ["never taught in these words", "taught", ...askedOnes.map((who) => columns[who])],
        rows: examples.map(({ question, object, answers }, i) => [
          question,
          i === examples.length - 1 ? "–" : object,
          ...askedOnes.map((who) => answers[who]),
        ]),
        left: 2 + askedOnes.length,
      },
      text("The last one names nothing that was taught: what the model says there, right or wrong, is to stay."),
    ],
  };
}

function aboutFacts({ places }: TaughtReport): Section {
  return {
    title: "All facts, in two wordings each that were never taught",
    blocks: [
      {
        kind: "table",
        head: [
          "the likeliest of all words is right",
          "facts",
          "questions",
          "model alone",
          "its adapter",
          "both adapters",
        ],
        rows: packNames.map((name) => {
          const { facts, questions, right } = places[name];
          const shares = [right.alone, right.adapter, right.together].map(percentage);
          return [placeNames[name], String(facts), String(questions), ...shares];
        }),
        left: 1,
      },
    ],
  };
}

function aboutTheRest({ text: texts, unplugged, othersSame }: TaughtReport): Section {
  const { questions, same, words } = unplugged;
  const row = (name: string, { before, perplexity, argmaxKept }: TextReport) => [
    name,
    before.toFixed(1),
    perplexity.toFixed(1),
    percentage(argmaxKept),
  ];
  const yes = (is: boolean) => (is ? "the same, to the last bit" : "CHANGED");
  return {
    title: "What became of all else",
    blocks: [
      {
        kind: "table",
        head: [
          "hidden words of other text, both adapters plugged in",
          "perplexity before",
          "now",
          "likeliest word kept",
        ],
        rows: [
          row("text that names nothing that was taught", texts.plain),
          row("text that names it and says something else", texts.named),
        ],
        left: 1,
      },
      text(
        `The probabilities of ${words.toLocaleString("en")} words in that last question, both adapters plugged in: ${yes(othersSame)}. In all ${questions} questions above, with the adapters unplugged again: ${yes(same === questions)}.`,
      ),
    ],
  };
}
