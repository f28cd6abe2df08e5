import { userError } from "../../errors.js";
import { openBackbone } from "../../features/backbone-handle.js";
import type { FilledCache } from "../../features/features.js";
import {
  choices,
  facts,
  type Knowledge,
  questions,
  recall,
  relations,
  trees,
  typing,
} from "../../library/knowledge.js";
import { ownModel } from "../../library/own-model.js";
import type { Part } from "../../part.js";
import { counted } from "../../phrases.js";
import type { FeaturesSettings } from "../../settings/features.js";
import { type CommandEntry, training } from "../command.js";
import { entryOf, runInner } from "../inner-command.js";
import type { Output } from "../output.js";
import { createProgress } from "../progress.js";
import { type CommandContext, Interrupted, isAbort } from "../run.js";
import type { RuntimeSettings } from "../runtime.js";
import { withEngine } from "../runtime.js";

type Fillable = Pick<Knowledge<unknown>, "table" | "fill">;

// What is learnt stands in the settings, as on the command line: nothing is given here.
const nothing = { train: "" };

/** The trainings that read hidden states, by their words. */
const trainings: readonly (readonly [string, Fillable])[] = [
  ["teach", recall({ facts: "" })],
  ["pretrain factual", facts(nothing)],
  ["pretrain linguistic", trees(nothing)],
  ["pretrain recall", recall({ facts: "" })],
  ["finetune relations", relations(nothing)],
  ["finetune entity-typing", typing(nothing)],
  ["finetune multiple-choice", choices(nothing)],
  ["finetune open-qa", questions(nothing)],
];

/** `features`: fills the cache of a training that is not begun. */
export async function run({ command, part }: FeaturesSettings, context: CommandContext): Promise<void> {
  const entries = trainings.map(([name, knowledge]) => filling(name, knowledge, part, context));
  if (!entryOf(command, entries)) {
    throw userError({
      where: command.slice(0, 2).join(" "),
      what: "this is no training that keeps hidden states",
      expected: trainings.map(([name]) => name).join(", "),
    });
  }
  await runInner(command, context, () => entries);
}

/** A training's command line that fills its cache instead. */
function filling(
  name: string,
  { table, fill }: Fillable,
  part: Part | undefined,
  context: CommandContext,
): CommandEntry {
  return training({
    name,
    description: "",
    settings: async () => table,
    run: async () => (request) => filled(fill, request.options as InnerSettings, part, context),
  });
}

/** What all of these trainings have among their settings. */
type InnerSettings = RuntimeSettings & { readonly backbone?: string };

async function filled(
  fill: Fillable["fill"],
  settings: InnerSettings,
  part: Part | undefined,
  { output, signal, stderr }: CommandContext,
): Promise<void> {
  const backbone = await openBackbone(settings.backbone ?? ownModel());
  const note = output.note.bind(output);
  for (const line of backbone.tokenizer.notes) note(line);
  const progress = createProgress(stderr);
  try {
    const caches = await withEngine(settings, (executor) =>
      fill({ executor, backbone, onEvent: (event) => progress.handle(event), note, signal, part }, settings as never),
    );
    progress.stop();
    report(caches, output);
  } catch (error) {
    if (isAbort(error)) throw new Interrupted("the hidden states so far are kept: continue with the same command");
    throw error;
  } finally {
    progress.stop();
  }
}

function report(caches: readonly FilledCache[], output: Output): void {
  for (const { what, folder, shards, of, examples, computed } of caches) {
    output.say(
      `${what}: ${shards} of ${counted(of, "shard")} with ${counted(examples, "text")}, ${computed.toLocaleString("en")} of them computed now, in ${folder}`,
    );
  }
  output.result({ caches });
}
