import { readSubjects, readTaughtWordings } from "../../adapters/folder.js";
import { type FoundModel, findModel } from "../../adapters/found-model.js";
import { readFirstLines } from "../../data/text.js";
import type { Wordings } from "../../data/wordings.js";
import { userError } from "../../errors.js";
import { writeFileAtomically } from "../../files/atomic.js";
import { setName } from "../../lm/lm-head-folder.js";
import { ClozeModel } from "../../probing/cloze-model.js";
import { probeRecall, probeText, type RecallParts, type RecallScoresBySet } from "../../probing/recall.js";
import type { ProbeRecallSettings } from "../../settings/probe.js";
import { type ReadQuestions, readQuestions } from "../../tasks/recall/recall-data.js";
import type { Output } from "../output.js";
import { madeNotes } from "../recall/notes.js";
import { recallPage } from "../recall/page.js";
import {
  compared,
  overview,
  type RecallFindings,
  recallSets,
  relationTable,
  type Table,
  textLine,
  wordingTable,
} from "../recall/tables.js";
import type { CommandContext } from "../run.js";
import { withEngine } from "../runtime.js";
import { tableLines } from "../table.js";

/** Rows that are listed without `allRows`. */
const mostRows = { relations: 20, wordings: 10 };

/** `probe recall`: what an adapter that was taught facts answers, beside the model alone and with other adapters. */
export async function run(options: ProbeRecallSettings, { output, signal }: CommandContext): Promise<void> {
  const found = await findModel(options.adapter);
  const { folder, what, manifest } = found;
  // Exactly in these wordings: the sentences that state the facts are asked where no wordings are given.
  const sentences = options.wordings === undefined;
  const questions = await readQuestions({ ...options, sentences });
  for (const note of madeNotes(questions.made)) output.note(note);
  const others = options.others === undefined ? null : await readOthers(found, options.others, options, questions);
  const taught = what === "adapter" ? await readTaughtWordings(folder, manifest) : null;
  if (!taught) output.note(`${folder}: it does not record the wordings that were taught, so they are not told apart`);
  await withEngine(options, async (executor) => {
    const { backbone, batchSize } = options;
    const adapters = { [recallSets.after]: folder, ...options.beside };
    const together = setName(Object.keys(adapters).map((name) => ({ name })));
    const sets = [recallSets.before, ...new Set([recallSets.after, together])];
    await using model = await ClozeModel.open(executor, { backbone, adapters, sets });
    for (const note of model.notes) output.note(note);
    const { maxLength } = manifest.task;
    const how = { batchSize, signal };
    const report = await probeRecall(model, { ...questions, taught }, maxLength, how);
    const lines = await readFirstLines(options.text ?? [], Number.POSITIVE_INFINITY);
    const text = lines.length === 0 ? {} : await probeText(model, lines, maxLength, how);
    const asked = others && (await probeRecall(model, others, maxLength, how));
    const backward = options.bothDirections
      ? await probeRecall(
          model,
          { ...questions, taught: taughtBackward(found, taught), backward: true },
          maxLength,
          how,
        )
      : null;
    const findings: RecallFindings = {
      ...report,
      together: together === recallSets.after ? null : (report.scores[together] ?? null),
      others: asked?.scores ?? null,
      backward,
      text: text[together] ?? null,
    };
    sayFindings(output, findings, options.allRows);
    if (options.html !== undefined) await writeFileAtomically(options.html, recallPage(options.adapter, findings));
    output.result({
      ...resultOf(findings),
      skipped: { ...questions.skipped, ...report.skipped },
      ...(others && asked ? { othersSkipped: { ...others.skipped, ...asked.skipped } } : {}),
      ...(backward ? { backwardSkipped: backward.skipped } : {}),
    });
  });
}

/** The wordings in which subjects were asked from objects when the adapter was taught: all or none. */
function taughtBackward({ manifest }: FoundModel, taught: Wordings | null): Wordings | null {
  return taught && manifest.recipe["bothDirections"] !== true ? new Map() : taught;
}

/** Facts about others; those about subjects that were taught are left out, and counted. */
async function readOthers(
  { folder, what, manifest }: FoundModel,
  file: string,
  { wordings }: Pick<ProbeRecallSettings, "wordings">,
  taught: ReadQuestions,
): Promise<ReadQuestions> {
  const read = await readQuestions({ facts: file, wordings, sentences: wordings === undefined });
  const names = what === "adapter" ? await readSubjects(folder, manifest) : null;
  const known = new Set([...(names ?? []), ...taught.facts.map(({ subject }) => subject)]);
  const facts = read.facts.filter(({ subject }) => !known.has(subject));
  if (facts.length === 0) {
    throw userError({ where: file, what: "all of its subjects were taught", expected: "facts about others" });
  }
  const left = read.facts.length - facts.length;
  return { ...read, facts, skipped: { ...read.skipped, ...(left === 0 ? {} : { "taught-subject": left }) } };
}

function sayFindings(output: Output, findings: RecallFindings, all: boolean): void {
  const say = ({ head, rows, left }: Table) => {
    for (const line of tableLines(head, rows, left)) output.say(line);
  };
  const most = (key: keyof typeof mostRows) => (all ? Number.POSITIVE_INFINITY : mostRows[key]);
  say(overview(findings));
  if (findings.text) output.say(textLine(findings.text));
  output.say("");
  say(relationTable(findings, most("relations")));
  sayLeft(output, Object.keys(findings.relations).length - most("relations"), "relations");
  output.say("");
  say(wordingTable(findings, most("wordings")));
  sayLeft(output, findings.wordings.length - most("wordings"), "wordings");
}

function sayLeft(output: Output, left: number, what: string): void {
  if (left > 0) output.say(`and ${left} more ${what} that are answered better (--all-rows)`);
}

/** The object of `--json`: the adapter's scores, and the model's own as `before`. */
function resultOf({ scores, parts, together, relations, wordings, others, backward, text }: RecallFindings) {
  const part = (some: RecallScoresBySet | null) => {
    if (some === null) return null;
    const { before, after } = compared(some);
    return { ...after, before };
  };
  const byWording = ({ taught, heldOut }: RecallParts) => ({ taught: part(taught), heldOut: part(heldOut) });
  return {
    ...part(scores),
    ...byWording(parts),
    ...(together ? { together } : {}),
    byTokens: { one: part(parts.one), several: part(parts.several) },
    relations,
    wordings,
    ...(others ? { others: part(others) } : {}),
    ...(backward ? { backward: { ...part(backward.scores), ...byWording(backward.parts) } } : {}),
    ...(text ? { text } : {}),
  };
}
