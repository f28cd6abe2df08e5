import type { LamaReport, RelationReport } from "../probing/lama.js";
import type { RankScores } from "../probing/rank-scores.js";
import {
  type LamaCell,
  type LamaKind,
  type LamaPart,
  type LamaProbe,
  type LamaResult,
  lamaKinds,
  lamaParts,
  lamaProbes,
  setOf,
} from "./lama-plan.js";
import { markdownTable, shownSpread } from "./tables.js";

/** The experiment's tables, one after the other: heads, then every probe by part of LAMA, some by relation. */
export function lamaTables(result: LamaResult): string {
  const probes = (Object.keys(lamaProbes) as LamaProbe[]).flatMap((probe) => {
    const own = result.cells.filter((cell) => cell.probe === probe);
    const parts = lamaParts.filter((part) => own.some(({ reports }) => reports[part]));
    const byRelation = probe === "fifth" || probe === "fifth-typed";
    return [
      ...parts.map((part) => totals(own, part, `${part}, ${probe}`)),
      ...(byRelation ? parts.map((part) => relations(own, part, `${part}, ${probe}`)) : []),
    ];
  });
  return [headQuality(result), ...probes].join("\n\n");
}

/** Kinds of sets that some seed has. */
const kindsIn = (cells: readonly { readonly sets: Readonly<Record<string, unknown>> }[]): LamaKind[] =>
  lamaKinds.filter((kind) => cells.some(({ sets }) => Object.keys(sets).some((name) => name.split("-")[0] === kind)));

function headQuality({ heads, trainTexts, devTexts }: LamaResult): string {
  const rows = kindsIn(heads).map((kind) => {
    const own = heads.flatMap(({ seed, sets }) => sets[setOf(kind, seed)] ?? []);
    const perplexities = own.map(({ perplexity }) => perplexity);
    return [kind, shownSpread(perplexities), shownSpread(own.map(({ accuracy }) => 100 * accuracy))];
  });
  const table = markdownTable(["set", "perplexity", "masked accuracy"], rows);
  return `Heads: ${trainTexts} texts, tested on ${devTexts}\n\n${table}`;
}

/** Reports on a part, by seed; null is the backbone's own head. */
const reportsOn = (cells: readonly LamaCell[], part: LamaPart) =>
  cells.flatMap(({ seed, reports }) => {
    const report = reports[part];
    return report ? [{ seed, report }] : [];
  });

/** Scores of a kind of sets over the seeds. */
const over = (
  reports: readonly { readonly seed: number | null; readonly report: LamaReport }[],
  kind: LamaKind,
  pick: (report: LamaReport, set: string) => RankScores | undefined,
): RankScores[] =>
  reports.flatMap(({ seed, report }) => (seed === null ? [] : (pick(report, setOf(kind, seed)) ?? [])));

const kindsOf = (reports: ReturnType<typeof reportsOn>) =>
  kindsIn(reports.flatMap(({ seed, report }) => (seed === null ? [] : [{ sets: report.macro }])));

function totals(cells: readonly LamaCell[], part: LamaPart, title: string): string {
  const reports = reportsOn(cells, part);
  const own = reports.find(({ seed }) => seed === null);
  const rows = kindsOf(reports).map((kind) =>
    totalsRow(
      kind,
      over(reports, kind, ({ macro }, set) => macro[set]),
    ),
  );
  const table = markdownTable(
    ["set", "P@1", "P@10", "P@100", "MRR", "seeds"],
    own ? [totalsRow("own head", Object.values(own.report.macro)), ...rows] : rows,
  );
  const first = (reports.find(({ seed }) => seed !== null) ?? reports[0])?.report;
  if (!first) return table;
  const left = Object.entries(first.skipped).map(([reason, count]) => `${reason} ${count}`);
  const asked = Object.values(first.macro)[0]?.questions ?? 0;
  return `${title}: ${asked} of ${first.facts} facts asked (${left.join(", ")})\n\n${table}`;
}

function totalsRow(name: string, scores: readonly RankScores[]): string[] {
  const rates = (["p1", "p10", "p100"] as const).map((key) => shownSpread(scores.map((one) => 100 * one[key])));
  const ranks = shownSpread(
    scores.map(({ mrr }) => mrr),
    3,
  );
  return [name, ...rates, ranks, `${scores.length}`];
}

function relations(cells: readonly LamaCell[], part: LamaPart, title: string): string {
  const reports = reportsOn(cells, part);
  const kinds = kindsOf(reports);
  const asked = ({ scores }: RelationReport) => scores[setOf("none", 0)]?.questions ?? 0;
  const named = (reports[0]?.report.relations ?? []).filter((one) => asked(one) > 0);
  const rows = named.map((one) => {
    const cell = (kind: LamaKind) => {
      const scores = over(
        reports,
        kind,
        (report, set) => report.relations.find(({ relation }) => relation === one.relation)?.scores[set],
      );
      return shownSpread(scores.map(({ p1 }) => 100 * p1));
    };
    return [one.relation, `${asked(one)}`, ...kinds.map(cell)];
  });
  return `P@1 by relation, ${title}\n\n${markdownTable(["relation", "facts", ...kinds], rows)}`;
}
