import { lamaSetsIn, readLama, readVocabulary } from "../../data/lama.js";
import { SkipCounter } from "../../data/skips.js";
import { userError } from "../../errors.js";
import { counted } from "../../phrases.js";
import { type LamaReport, probeLama, type RelationReport } from "../../probing/lama.js";
import type { RankScores } from "../../probing/rank-scores.js";
import type { LamaSettings } from "../../settings/probe.js";
import { withClozeModel } from "../cloze-model.js";
import type { Output } from "../output.js";
import type { CommandContext } from "../run.js";
import { percent } from "../tasks/numbers.js";

/** `probe lama`: a table for each part of LAMA. */
export async function run(options: LamaSettings, context: CommandContext): Promise<void> {
  const { output, signal } = context;
  const parts = options.from ?? (await lamaSetsIn(options.data));
  if (parts.length === 0) {
    throw userError({ where: options.data, what: "the folder holds nothing of LAMA", expected: "TREx, Google_RE …" });
  }
  const vocabulary = options.vocabulary === undefined ? undefined : await readVocabulary(options.vocabulary);
  await withClozeModel(options, output, async (model) => {
    const reports: Record<string, LamaReport> = {};
    for (const part of parts) {
      const left = new SkipCounter();
      const relations = await readLama(options.data, part, { onSkip: left.onSkip, relations: options.relations });
      if (relations.length === 0) continue;
      output.say(`${part}, ${model.names.length} set(s) of adapters: ${model.names.join(", ")}`);
      const { answers, multiToken, uhn, subjects, consistency, limit, batchSize } = options;
      const report = await probeLama(model, relations, {
        ...{ answers, multiToken, uhn, subjects, consistency, batchSize, signal, left: left.counts },
        ...(vocabulary ? { vocabulary } : {}),
        ...(limit === undefined ? {} : { limit }),
        onRelation: (one) => {
          sayRelation(output, one);
          // The table is no part of JSON, and a large model takes minutes for a relation.
          if (output.json)
            output.note(`${one.relation}: ${counted(one.facts, "fact")}, ${counted(one.answers, "answer")}`);
        },
      });
      sayTotals(output, report);
      reports[part] = report;
    }
    if (Object.keys(reports).length === 0) {
      throw userError({ where: "--relations", what: "LAMA has none of them", expected: "names such as P19" });
    }
    output.result({ data: options.data, sets: model.names, subjects: options.subjects, uhn: options.uhn, ...reports });
  });
}

function sayScores(output: Output, title: string, set: string, { p1, p10, p100, mrr, questions }: RankScores): void {
  const rates = [p1, p10, p100].map(percent).join("  ");
  output.say(`${title.padEnd(16)}  ${set.padEnd(16)}  ${rates}  ${mrr.toFixed(3)}  ${String(questions).padStart(8)}`);
}

function sayRelation(output: Output, { relation, scores, consistency }: RelationReport): void {
  for (const [set, one] of Object.entries(scores)) {
    sayScores(output, relation, set, one);
    const same = consistency?.[set];
    if (same) output.say(`${"".padEnd(34)}  the same answer to ${percent(same.consistency).trim()} % of paraphrases`);
  }
}

function sayTotals(output: Output, { macro, skipped, facts, uncased, consistency }: LamaReport): void {
  output.say(`${"relation".padEnd(16)}  ${"adapters".padEnd(16)}    P@1   P@10  P@100    MRR  questions`);
  for (const [set, scores] of Object.entries(macro)) {
    sayScores(output, "macro average", set, scores);
    const same = consistency?.[set];
    if (same) output.say(`${"".padEnd(34)}  the same answer to ${percent(same.consistency).trim()} % of paraphrases`);
  }
  const asked = Object.values(macro)[0]?.questions ?? 0;
  const left = Object.entries(skipped).map(([reason, count]) => `${reason} ${count}`);
  const compared = uncased ? "; answers are compared lower-cased" : "";
  output.say(
    `asked: ${asked} of ${counted(facts, "fact")}${left.length > 0 ? ` (${left.join(", ")})` : ""}${compared}`,
  );
}
