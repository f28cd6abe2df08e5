import { isDownstreamFolder, readDownstreamManifest } from "../../adapters/downstream-folder.js";
import { readAdapterManifest } from "../../adapters/folder.js";
import { userError } from "../../errors.js";
import { choiceCommands, downstreamRelationCommands, openQaCommands, typingCommands } from "./downstream.js";
import { headCommands } from "./heads.js";
import { contrastCommands, relationCommands } from "./relation.js";
import type { AnyTaskCommands } from "./task-commands.js";

/** The tasks that `eval` and `predict` know, by the names in adapters' folders. */
const tasks: ReadonlyMap<string, AnyTaskCommands> = new Map<string, AnyTaskCommands>([
  [relationCommands.kind.name, (use) => use(relationCommands)],
  [contrastCommands.kind.name, (use) => use(contrastCommands)],
  [headCommands.kind.name, (use) => use(headCommands)],
  [downstreamRelationCommands.kind.name, (use) => use(downstreamRelationCommands)],
  [typingCommands.kind.name, (use) => use(typingCommands)],
  [choiceCommands.kind.name, (use) => use(choiceCommands)],
  [openQaCommands.kind.name, (use) => use(openQaCommands)],
]);

/** The task with a name, if it is known here. */
export const taskNamed = (name: string): AnyTaskCommands | undefined => tasks.get(name);

/** The task of an adapter's or a fine-tuned model's folder. */
export async function taskOf(folder: string): Promise<AnyTaskCommands> {
  const fineTuned = await isDownstreamFolder(folder);
  const { name } = (await (fineTuned ? readDownstreamManifest(folder) : readAdapterManifest(folder))).task;
  const found = taskNamed(name);
  if (found) return found;
  throw userError({
    where: folder,
    what: `the command line does not know the adapter's task ${name}`,
    expected: [...tasks.keys()].join(" or "),
    fix: "load it with loadModel of kadapter/training",
  });
}
