/**
 * What an adapter answers of facts that it was taught, as tables: for the terminal and for the page alike.
 * @module
 */
import type { RecallParts, RecallProbeScores, RecallReport, RecallScoresBySet } from "../../probing/recall.js";
import type { KeptScores } from "../../tasks/recall/recall-scores.js";
import { percentage } from "../tasks/numbers.js";

/** The sets that are compared: the model alone, and with the adapter. */
export const recallSets = { before: "none", after: "adapter" } as const;

/** All that was asked. */
export interface RecallFindings extends RecallReport {
  /** With the other adapters beside it; null where there are none. */
  readonly together: RecallProbeScores | null;
  /** Facts about subjects that were not taught. */
  readonly others: RecallScoresBySet | null;
  /** The same facts the other way round: subjects from objects; null where they are not asked. */
  readonly backward: Pick<RecallReport, "scores" | "parts"> | null;
  /** Plain text. */
  readonly text: KeptScores | null;
}

/** Cells under their heads. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How many of the first columns hold words. */
  readonly left: number;
}

/** What the model alone says of some questions, and what with the adapter. */
export function compared(scores: RecallScoresBySet): {
  readonly before: RecallProbeScores;
  readonly after: RecallProbeScores;
} {
  const { [recallSets.before]: before, [recallSets.after]: after } = scores;
  if (!before || !after) throw new Error("the model is asked alone and with its adapter");
  return { before, after };
}

/** A row for the model alone and one with the adapter, and the adapter's for each kind of question. */
export function overview({ scores, parts, together, others, backward }: RecallFindings): Table {
  const { before, after } = compared(scores);
  const part = (name: string, some: RecallScoresBySet | null) => (some ? [row(`  ${name}`, compared(some).after)] : []);
  const byWording = ({ taught, heldOut }: RecallParts) => [
    ...part("in wordings that were taught", taught),
    ...part("in wordings that were not", heldOut),
  ];
  const lengths = parts.one && parts.several;
  return {
    head: ["", "questions", "P@1", "P@10", "of its objects", "MRR", "consistency", "as before"],
    rows: [
      row("model alone", before),
      row("adapter", after),
      ...byWording(parts),
      ...(lengths ? part("answers of one token", parts.one) : []),
      ...(lengths ? part("answers of several tokens", parts.several) : []),
      ...(together ? [row("adapter, others beside it", together)] : []),
      ...(others ? [row("adapter, of other subjects", compared(others).after)] : []),
      ...(backward
        ? [
            row("model alone, subjects asked", compared(backward.scores).before),
            row("adapter, subjects asked", compared(backward.scores).after),
            ...byWording(backward.parts),
          ]
        : []),
    ],
    left: 1,
  };
}

const row = (name: string, { questions, p1, p10, typedP1, mrr, consistency, kept }: RecallProbeScores) => [
  ...[name, String(questions), percentage(p1), percentage(p10), percentage(typedP1), mrr.toFixed(3)],
  ...[consistency === null ? "–" : percentage(consistency), percentage(kept)],
];

/** The relations, the worst first. */
export function relationTable({ relations }: RecallReport, most: number): Table {
  const rows = worstFirst(Object.entries(relations).map(([name, scores]) => ({ name, scores })));
  return {
    head: ["relation", ...columns],
    rows: rows.slice(0, most).map(({ name, scores }) => [name, ...cells(scores)]),
    left: 1,
  };
}

/** The wordings, the worst first. */
export function wordingTable({ wordings }: RecallReport, most: number): Table {
  const known = wordings.some(({ taught }) => taught !== null);
  const rows = worstFirst(wordings).slice(0, most);
  return {
    head: ["wording", "relation", ...(known ? ["taught"] : []), ...columns],
    rows: rows.map(({ pattern, relation, taught, scores }) => [
      ...[pattern, relation, ...(known ? [taught === true ? "yes" : "no"] : [])],
      ...cells(scores),
    ]),
    left: known ? 3 : 2,
  };
}

const columns = ["questions", "P@1 before", "P@1", "of its objects", "MRR"];

function cells(scores: RecallScoresBySet): readonly string[] {
  const { before, after } = compared(scores);
  return [
    String(after.questions),
    percentage(before.p1),
    percentage(after.p1),
    percentage(after.typedP1),
    after.mrr.toFixed(3),
  ];
}

/** By what the adapter answers: P@1, then MRR; in the given order where they are equal. */
export function worstFirst<T extends { readonly scores: RecallScoresBySet }>(items: readonly T[]): readonly T[] {
  const { after } = recallSets;
  const of = ({ scores }: T, key: "p1" | "mrr") => scores[after]?.[key] ?? 0;
  return items.toSorted((a, b) => of(a, "p1") - of(b, "p1") || of(a, "mrr") - of(b, "mrr"));
}

/** What became of plain text. */
export const textLine = ({ perplexity, before, argmaxKept }: KeptScores): string =>
  `text: perplexity ${perplexity.toFixed(2)}, before ${before.toFixed(2)}; likeliest word kept ${percentage(argmaxKept)}`;
