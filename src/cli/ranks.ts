/**
 * Trainings on several processes that a launcher has started.
 * @module
 */
import { Writable } from "node:stream";
import { isOnAllRanks } from "../ranks/index.js";
import { openMpiRanks } from "../ranks/mpi/mpi-ranks.js";
import { defaultThreads } from "../runtime/devices.js";
import { Output } from "./output.js";
import { type CommandContext, Interrupted, SaidElsewhere, type Terminal } from "./run.js";
import { packageVersion } from "./version.js";

interface RankOptions {
  readonly rankTimeout: number;
  readonly device?: unknown;
  readonly threads?: unknown;
}

/**
 * Runs a training as one of several processes. Only the first one speaks; where one fails, all end.
 *
 * @throws UserError where there is no message-passing library, or it is not the launcher's
 */
export async function onRanks(
  { rankTimeout: timeout, device, threads }: RankOptions,
  context: CommandContext,
  start: (context: CommandContext) => Promise<void>,
): Promise<void> {
  const about = {
    version: packageVersion(),
    node: process.version,
    device: String(device),
    threads: String(threads ?? defaultThreads()),
  };
  const ranks = await openMpiRanks({ timeout, about });
  let together = false;
  context.atEnd((exitCode) => (together ? ranks.close() : ranks.abort(exitCode || 1)));
  try {
    await start({ ...context, ...(ranks.rank > 0 ? silent(context) : {}), ranks });
    together = true;
  } catch (error) {
    together = error instanceof Interrupted ? error.everywhere : isOnAllRanks(error);
    throw together && ranks.rank > 0 ? new SaidElsewhere("the first rank says it", { cause: error }) : error;
  }
}

/** What the first rank says, the others need not. */
function silent({ output: { json } }: CommandContext): Pick<CommandContext, "output" | "stderr"> {
  const nowhere: Terminal = new Writable({ write: (_chunk, _encoding, done) => done() });
  return { output: new Output(json, nowhere, nowhere), stderr: nowhere };
}
