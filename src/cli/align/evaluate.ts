import { type AlignEvaluation, evaluateAligner, type KnownFacts } from "../../knowledge/align/evaluation/evaluate.js";
import { readMarkedDocuments } from "../../knowledge/align/evaluation/redocred.js";
import type { Rates } from "../../knowledge/align/evaluation/tally.js";
import type { AlignOptions } from "../../knowledge/align/options.js";
import { counted, tally } from "../../phrases.js";
import type { AlignSettings } from "../../settings/align.js";
import type { CommandContext } from "../run.js";
import { tableLines } from "../table.js";

/** The aligner's options as a command line gives them. */
export function alignOptions(given: AlignSettings): Partial<AlignOptions> {
  const { types, sharedStem, maxDistance, exclude = [], surnames, pronouns, language } = given;
  const distance = maxDistance === undefined ? {} : { maxDistance };
  return { types, noSharedStem: !sharedStem, exclude, surnames, pronouns, language, ...distance };
}

/** `align --evaluate FILE…`: the aligner on documents in which people marked what it should find. */
export async function evaluate(options: AlignSettings, { output, signal }: CommandContext): Promise<void> {
  const { evaluate: files = [], facts = "same", names } = options;
  const documents = (await Promise.all(files.map(readMarkedDocuments))).flat();
  const known = facts as KnownFacts;
  const wanted = { ...alignOptions(options), facts: known, allNames: names === "all" };
  const found = await evaluateAligner(documents, wanted, files.join(" "), signal);
  for (const line of lines(found, known)) output.say(line);
  for (const [reason, count] of Object.entries(found.skipped)) output.note(`left out ${tally({ [reason]: count })}`);
  output.result({ setting: { ...alignOptions(options), facts: known, names }, ...found });
}

const percent = (share: number): string => (100 * share).toFixed(1);

const cells = ({ precision, recall, found, expected }: Rates): readonly string[] => [
  percent(precision),
  percent(recall),
  String(found),
  String(expected),
];

function lines(
  { documents, mentions, facts, stated, relations }: AlignEvaluation,
  known: KnownFacts,
): readonly string[] {
  const head = ["", "precision %", "recall %", "found", "marked"];
  return [
    `${counted(documents, "document")}, with the facts of ${known === "same" ? "the same document" : "other documents only"}`,
    ...tableLines(head, [
      ["mentions", ...cells(mentions)],
      ["facts", ...cells(facts)],
    ]),
    `of the pairs found for true facts, ${percent(stated)} % stand in a sentence where both are marked`,
    ...tableLines(
      ["relation", ...head.slice(1)],
      relations.map(({ relation, ...rates }) => [relation, ...cells(rates)]),
    ),
  ];
}
