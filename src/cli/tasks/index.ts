import type { FoundModel } from "../../adapters/found-model.js";
import { userError } from "../../errors.js";
import { recall } from "../../tasks/recall/recall.js";
import type { EncodedText, Task, TaskKind } from "../../tasks/task.js";
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

type HeadMaker = Pick<Task<never, never, never>, "makeHead">;

/** What makes the head that a folder's task asks for, if the task is known here. */
export function headMaker({ task }: FoundModel["manifest"]): HeadMaker | undefined {
  const make = <X, E extends EncodedText, S>(kind: TaskKind<X, E, S>): HeadMaker =>
    kind.make(task, { maxLength: task.maxLength, dropout: 0, headInit: "official" });
  return task.name === recall.name ? make(recall) : tasks.get(task.name)?.(({ kind }) => make(kind));
}

/** The task of an adapter or a fine-tuned model. */
export function taskOf({ folder, manifest }: FoundModel): AnyTaskCommands {
  const found = tasks.get(manifest.task.name);
  if (found) return found;
  throw userError({
    where: folder,
    what: `the command line does not know the adapter's task ${manifest.task.name}`,
    expected: [...tasks.keys(), recall.name].join(" or "),
    fix: "load it with loadModel of kadapter/training",
  });
}
