import { barChart } from "../html/bar-chart.js";
import { htmlPage, htmlTable, paragraph } from "../html/page.js";
import { percentage } from "../tasks/numbers.js";
import {
  compared,
  overview,
  type RecallFindings,
  recallSets,
  relationTable,
  type Table,
  textLine,
  wordingTable,
  worstFirst,
} from "./tables.js";

const series = ["model alone", "model + adapter"];
/** More bars nobody reads; the tables have them all. */
const mostBars = 40;

/** Ranks up to these, and above. */
const bounds = [1, 10, 100, 1000];

/** The page of what an adapter answers. */
export function recallPage(adapter: string, found: RecallFindings): string {
  const { text, parts } = found;
  const markup = ({ head, rows, left }: Table) => htmlTable(head, rows, left);
  return htmlPage(`Facts that answer: ${adapter}`, [
    {
      title: "All questions",
      markup: [
        markup(overview(found)),
        paragraph(definitions),
        ...(parts.taught || parts.heldOut ? [] : [paragraph("Which wordings were taught, the folder does not tell.")]),
        ...(text ? [paragraph(textLine(text))] : []),
      ],
    },
    { title: "Plots", markup: [`<div class="charts">\n${charts(found).join("\n")}\n</div>`] },
    { title: "Relations, the worst first", markup: [markup(relationTable(found, Number.POSITIVE_INFINITY))] },
    { title: "Wordings, the worst first", markup: [markup(wordingTable(found, Number.POSITIVE_INFINITY))] },
  ]);
}

const definitions =
  "P@1: the right answer is the likeliest of the vocabulary, all of its tokens (exact match). P@10: it is among the ten likeliest. Of its objects: it is the likeliest of the relation's objects of as many tokens. MRR: mean of 1 / rank. Consistency: pairs of wordings in which a fact gets the same answer. As before: the likeliest answer is that of the model alone.";

function charts(found: RecallFindings): readonly string[] {
  const { relations, ranks, text } = found;
  const worst = worstFirst(Object.entries(relations).map(([name, scores]) => ({ name, scores })));
  const left = worst.length - mostBars;
  return [
    barChart({
      title: `P@1 by relation${left > 0 ? `, the ${mostBars} worst of ${worst.length}` : ""}`,
      series,
      rows: worst.slice(0, mostBars).map(({ name, scores }) => {
        const { before, after } = compared(scores);
        return { name, values: [before.p1, after.p1] };
      }),
      format: wholePercent,
      top: 1,
    }),
    barChart({
      title: "Rank of the right answer, share of questions",
      series,
      rows: rankShares(ranks[recallSets.before] ?? [], ranks[recallSets.after] ?? []),
      format: wholePercent,
      top: 1,
    }),
    ...(text
      ? [
          barChart({
            title: "Perplexity of plain text",
            series,
            rows: [{ name: `kept ${percentage(text.argmaxKept)}`, values: [text.before, text.perplexity] }],
            format: (value) => String(Math.round(10 * value) / 10),
          }),
        ]
      : []),
  ];
}

const wholePercent = (share: number) => `${Math.round(100 * share)} %`;

/** How often the right answer has which rank. */
function rankShares(...sets: readonly (readonly number[])[]) {
  return [...bounds, Number.POSITIVE_INFINITY].map((to, i) => {
    const from = (bounds[i - 1] ?? 0) + 1;
    const name =
      to === Number.POSITIVE_INFINITY ? `above ${bounds.at(-1)}` : from === to ? `${to}` : `${from} to ${to}`;
    const share = (ranks: readonly number[]) =>
      ranks.filter((rank) => rank >= from && rank <= to).length / Math.max(1, ranks.length);
    return { name, values: sets.map(share) };
  });
}
