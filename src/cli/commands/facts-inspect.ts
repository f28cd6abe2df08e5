import { type InspectedRelation, inspectKnowledge, type KnowledgeSummary } from "../../knowledge/inspect.js";
import { counted } from "../../phrases.js";
import type { FactsInspectSettings } from "../../settings/facts.js";
import type { Output } from "../output.js";
import type { CommandContext } from "../run.js";
import { tableLines } from "../table.js";

/** Relations that are shown; `--json` has all of them. */
const mostShown = 30;

/** `facts inspect DIR`: what a folder of knowledge holds. */
export async function run({ folder }: FactsInspectSettings, { output, signal }: CommandContext): Promise<void> {
  const summary = await inspectKnowledge(folder, { signal });
  showCounts(summary, output);
  showRelations(summary.relations, output);
  showNames(summary, output);
  showLeftOut(summary, output);
  output.result({ path: folder, ...summary });
}

function showCounts({ counts, language, sources }: KnowledgeSummary, output: Output): void {
  const { entity, date, number, text } = counts.objects;
  output.say(
    `${counted(counts.entities, "entity", "entities")} with ${counted(counts.names, "name")} (${language}), from ${sources.map(({ file }) => file).join(", ")}`,
  );
  output.say(
    `${counted(counts.triples, "triple")} of ${counted(counts.relations, "relation")}: ${entity} to entities, ${date} to dates, ${number} to numbers, ${text} to texts`,
  );
}

function showRelations(relations: readonly InspectedRelation[], output: Output): void {
  const rows = relations
    .slice(0, mostShown)
    .map(({ id, label, triples, kind, objectsPerSubject, subjectsPerObject, example: [subject, object] }) => [
      id,
      label,
      `${subject} → ${object}`,
      String(triples),
      kind,
      objectsPerSubject.toFixed(1),
      subjectsPerObject.toFixed(1),
    ]);
  const head = ["relation", "label", "such as", "triples", "kind", "objects a subject", "subjects an object"];
  for (const line of tableLines(head, rows, 3)) output.say(line);
  if (relations.length > mostShown) output.say(`… and ${relations.length - mostShown} more`);
}

function showNames({ ambiguous }: KnowledgeSummary, output: Output): void {
  output.say(`${counted(ambiguous.names, "name")} of several entities`);
  for (const { name, entities, such } of ambiguous.worst) {
    output.say(`  ${name}: ${counted(entities, "entity", "entities")}, such as ${such.join(", ")}`);
  }
}

function showLeftOut({ skipped, faults, counts }: KnowledgeSummary, output: Output): void {
  if (counts.unnamed > 0) output.say(`${counted(counts.unnamed, "entity", "entities")} without a name`);
  for (const [reason, count] of Object.entries(skipped)) output.say(`left out ${count}: ${reason}`);
  for (const [reason, count] of Object.entries(faults)) output.say(`wrong ${count}: ${reason}`);
}
