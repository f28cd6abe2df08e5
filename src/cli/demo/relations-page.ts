import { percentage } from "../tasks/numbers.js";
import { type Section, text } from "./blocks.js";
import type { Accuracies, RelationsReport } from "./relations.js";

/** What the second part shows. */
export const relationsSections = (report: RelationsReport): readonly Section[] => [
  aboutAccuracy(report),
  aboutExamples(report),
];

function aboutAccuracy({ accuracy: { knownPatterns, newPatterns }, data }: RelationsReport): Section {
  const row = (name: string, key: keyof Accuracies) => [
    name,
    percentage(knownPatterns[key]),
    percentage(newPatterns[key]),
  ];
  return {
    title: "Another kind of knowledge: which relation does a sentence state?",
    blocks: [
      {
        kind: "table",
        head: ["right", "known patterns", "new patterns"],
        rows: [
          row("frozen model + adapter", "adapter"),
          row("frozen model alone (the same head on h[L])", "noAdapter"),
          row("always the most frequent relation", "majority"),
        ],
        left: 1,
      },
      text(
        `Learnt from ${data.train.toLocaleString("en")} sentences of ${data.relations} relations; tested on facts that none of them states, ${data.known} sentences and ${data.test}. No subject of a test sentence was the subject of one in the training.`,
      ),
    ],
  };
}

function aboutExamples({ examples }: RelationsReport): Section {
  const lines = examples.flatMap(({ text: sentence, subject, object, relation, predicted }) => {
    const said =
      predicted === relation ? `right: ${predicted}` : `wrong: said "${predicted}", the fact is "${relation}"`;
    return [sentence, `    ${subject} → ${object}: ${said}`];
  });
  return { title: "The first test sentences (new facts in new patterns)", blocks: [{ kind: "lines", lines }] };
}
