import { readAdapterManifest } from "../../adapters/index.js";
import { userError } from "../../errors.js";
import { headCommands } from "./heads.js";
import { relationCommands } from "./relation.js";
import type { AnyTaskCommands } from "./task-commands.js";

/** The tasks that `eval` and `predict` know, by the names in adapters' folders. */
const tasks: ReadonlyMap<string, AnyTaskCommands> = new Map<string, AnyTaskCommands>([
  [relationCommands.kind.name, (use) => use(relationCommands)],
  [headCommands.kind.name, (use) => use(headCommands)],
]);

/** The task with a name, if it is known here. */
export const taskNamed = (name: string): AnyTaskCommands | undefined => tasks.get(name);

/** The task of an adapter's folder. */
export async function taskOf(folder: string): Promise<AnyTaskCommands> {
  const { name } = (await readAdapterManifest(folder)).task;
  const found = taskNamed(name);
  if (found) return found;
  throw userError({
    where: folder,
    what: `the command line does not know the adapter's task ${name}`,
    expected: [...tasks.keys()].join(" or "),
    fix: "load it with loadTaskModel of kadapter/training",
  });
}
