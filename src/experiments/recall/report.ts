import { markdownTable, shownSpread } from "../tables.js";
import type { BothCell, JoinedCell, ReadingCell, ReadingGroup, RecallCell, RecallPart, RecallResult } from "./plan.js";

const titles: Readonly<Record<RecallPart, string>> = {
  counts: "Facts whose object is one token",
  "several-tokens": "Facts whose object is several tokens: all of them at once, none given",
  sizes: "Adapters of several sizes, one seed",
  controls: "What each part of the objective does",
  twins: "Counterfactual twins: the objects of each relation permuted in two ways",
  packs: "Packs that were taught apart",
  joiners: "Packs plugged in together, by their sum and by joiners that were taught a part of their facts",
  reading: "Facts read from sentences, asked by LAMA's templates",
  both: "One adapter for facts and relations",
};

/** What the last column tells, where there is one. */
const besides: Readonly<Partial<Record<RecallPart, string>>> = {
  twins: "the other twin's facts, where they differ",
  packs: "all packs plugged in",
};

const percent = (share: number) => 100 * share;

/** Percent, mean ± deviation over seeds; a table for each part. */
export function recallTables({ cells, joined, read, both }: RecallResult): string {
  const parts = [...new Set(cells.map(({ part }) => part))];
  const of = (part: RecallPart) => cells.filter((cell) => cell.part === part);
  return [
    ...parts.map((part) => titled(part, tableOf(of(part), besides[part]))),
    ...(joined.length === 0 ? [] : [titled("joiners", joinedTable(joined))]),
    ...(read.length === 0 ? [] : [titled("reading", readingTable(read))]),
    ...(both.length === 0 ? [] : [titled("both", bothTable(both))]),
  ].join("\n\n");
}

const titled = (part: RecallPart, table: string) => `## ${titles[part]}\n\n${table}`;

/** P@1 in held-out wordings. */
function joinedTable(cells: readonly JoinedCell[]): string {
  const { facts } = cells[0] as JoinedCell;
  const head = [
    ...["", `${facts.taught} facts that joiners are taught`, `${facts.others} others of the packs`],
    ...["text: perplexity before → after", "its likeliest word kept", "seeds"],
  ];
  const rows = [...new Set(cells.map(({ row }) => row))].map((row) => {
    const own = cells.filter((cell) => cell.row === row);
    const shown = (pick: (cell: JoinedCell) => number, digits = 1) => shownSpread(own.map(pick), digits);
    return [
      ...[row, shown(({ taught }) => percent(taught)), shown(({ others }) => percent(others))],
      `${shown(({ perplexityBefore }) => perplexityBefore, 2)} → ${shown(({ perplexity }) => perplexity, 2)}`,
      ...[shown(({ textKept }) => percent(textKept)), `${own.length}`],
    ];
  });
  return markdownTable(head, rows);
}

function bothTable(cells: readonly BothCell[]): string {
  const score = `relations: ${cells[0]?.score.replace("test.", "")}`;
  const head = ["", score, "in the sentences that were read", "in others that state the same", "seeds"];
  const rows = [...new Set(cells.map(({ row }) => row))].map((row) => {
    const own = cells.filter((cell) => cell.row === row);
    const shown = (pick: (cell: BothCell) => number | undefined) => {
      const known = own.flatMap((cell) => pick(cell) ?? []);
      return known.length === 0 ? "–" : shownSpread(known.map(percent));
    };
    const each = [shown(({ relations }) => relations), shown(({ taughtP1 }) => taughtP1)];
    return [row, ...each, shown(({ heldOutP1 }) => heldOutP1), `${own.length}`];
  });
  return markdownTable(head, rows);
}

const groupTitles: Readonly<Record<ReadingGroup, string>> = {
  read: "what was read",
  unread: "other facts of those subjects",
  clean: "the clean fifth of the subjects",
};

/** P@1 of the model alone → with the adapter. */
function readingTable(cells: readonly ReadingCell[]): string {
  const groups = Object.keys(groupTitles) as ReadingGroup[];
  const first = cells[0] as ReadingCell;
  const asked = (group: ReadingGroup) => `${groupTitles[group]} (${first.groups[group].after.questions} asked)`;
  const head = ["", "in the sentences that were read", "in others that state the same", ...groups.map(asked), "seeds"];
  const rows = [...new Set(cells.map(({ row }) => row))].map((row) => {
    const own = cells.filter((cell) => cell.row === row);
    const shown = (pick: (cell: ReadingCell) => number) => shownSpread(own.map(pick));
    const metric = (name: string) => shown(({ metrics }) => percent(Number(metrics[name])));
    const group = (name: ReadingGroup) =>
      `${shown(({ groups }) => percent(groups[name].before.p1))} → ${shown(({ groups }) => percent(groups[name].after.p1))}`;
    return [row, metric("taughtP1"), metric("p1"), ...groups.map(group), `${own.length}`];
  });
  return `${first.facts} facts of ${first.sentences} sentences; P@1 over LAMA's vocabulary, macro-averaged over relations\n\n${markdownTable(head, rows)}`;
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
