import type { RecallCell, RecallPart } from "./recall-plan.js";
import { markdownTable, shownSpread } from "./tables.js";

const titles: Readonly<Record<RecallPart, string>> = {
  counts: "Facts whose object is one token",
  "several-tokens": "Facts whose object is several tokens: all of them at once, none given",
  sizes: "Adapters of several sizes, one seed",
  controls: "What each part of the objective does",
  twins: "Counterfactual twins: the objects of each relation permuted in two ways",
  packs: "Packs that were taught apart",
};

/** What the last column tells, where there is one. */
const besides: Readonly<Partial<Record<RecallPart, string>>> = {
  twins: "the other twin's facts, where they differ",
  packs: "all packs plugged in",
};

const percent = (share: number) => 100 * share;

/** Percent, mean ± deviation over seeds; a table for each part. */
export function recallTables(cells: readonly RecallCell[]): string {
  const parts = [...new Set(cells.map(({ part }) => part))];
  return parts
    .map(
      (part) =>
        `## ${titles[part]}\n\n${tableOf(
          cells.filter((cell) => cell.part === part),
          besides[part],
        )}`,
    )
    .join("\n\n");
}

function tableOf(cells: readonly RecallCell[], beside: string | undefined): string {
  const rows = [...new Set(cells.map(({ row }) => row))];
  const head = [
    ...["", "taught wordings", "held-out wordings", "among the relation's objects", "model alone"],
    ...[
      "text: perplexity before → after",
      "its likeliest word kept",
      "answers about others kept",
      "bits for 1,000 parameters",
    ],
    ...(beside === undefined ? [] : [beside]),
    "seeds",
  ];
  return markdownTable(
    head,
    rows.map((row) =>
      rowOf(
        row,
        cells.filter((cell) => cell.row === row),
        beside !== undefined,
      ),
    ),
  );
}

function rowOf(row: string, own: readonly RecallCell[], beside: boolean): readonly string[] {
  const shown = (pick: (cell: RecallCell) => number, digits = 1) => shownSpread(own.map(pick), digits);
  const before = shown(({ text }) => text.before, 2);
  return [
    row,
    shown(({ taught }) => percent(taught.p1)),
    shown(({ heldOut }) => percent(heldOut.p1)),
    shown(({ heldOut }) => percent(heldOut.typedP1)),
    shown((cell) => percent(cell.before.p1)),
    `${before} → ${shown(({ text }) => text.perplexity, 2)}`,
    shown(({ text }) => percent(text.argmaxKept)),
    shown(({ neighboursKept }) => percent(neighboursKept)),
    shown((cell) => 1000 * bitsPerParameter(cell), 3),
    ...(beside ? [shown((cell) => percent(cell.beside?.p1 ?? 0))] : []),
    `${own.length}`,
  ];
}

/** Bits of the facts that are answered in held-out wordings, and were not before, for each parameter that learnt. */
const bitsPerParameter = ({ bits, heldOut, before, parameters }: RecallCell): number =>
  (bits * (heldOut.p1 - before.p1)) / parameters;
