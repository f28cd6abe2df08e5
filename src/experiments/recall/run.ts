/**
 * Facts that answer: how well taught facts are recalled in wordings in which nothing was ever taught, and what happens
 * to all else; by the number of facts, the adapter's size, beside controls, as counterfactual twins, as packs that are
 * plugged in together, and read from sentences.
 * @module
 */
import type { Executor } from "../../engine/executor.js";
import { both } from "./both.js";
import { Classroom } from "./classroom.js";
import { controls } from "./controls.js";
import { counts, sizes, twins } from "./facts-alone.js";
import { joiners } from "./joined-packs.js";
import { packs } from "./packs.js";
import type { RecallPart, RecallPlan, RecallResult, RecallWatch } from "./plan.js";
import { reading } from "./reading.js";

const parts: Readonly<Record<RecallPart, (room: Classroom) => Promise<void>>> = {
  counts: (room) => counts(room, "counts", room.plan.pool.single),
  "several-tokens": (room) => counts(room, "several-tokens", room.plan.pool.several),
  ...{ sizes, controls, twins, packs, joiners, reading, both },
};

/** Teaches and asks everything; what is finished is not done again. */
export async function runRecall(executor: Executor, plan: RecallPlan, watch: RecallWatch = {}): Promise<RecallResult> {
  const room = new Classroom(executor, plan, watch);
  for (const part of plan.parts) await parts[part](room);
  return { cells: room.cells, joined: room.joined, read: room.read, both: room.both };
}
