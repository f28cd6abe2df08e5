/** Reads what it is told to, in a thread that can be stopped. */
import { parentPort, workerData } from "node:worker_threads";
import { UserError } from "../src/errors.js";
import { computedSince } from "./processor-time.js";
import { readers } from "./readers.js";

/** A file to be read. */
export interface Task {
  readonly reader: string;
  readonly path: string;
}

/** What came of it: nothing to complain of, or what is wrong with how it ended. */
export interface Outcome {
  /** Why the reader refused the file. */
  readonly refused: string | null;
  /** Of the processor. */
  readonly milliseconds: number;
  readonly wrong: string | null;
}

const { folder } = workerData as { readonly folder: string };
const known = new Map((await readers()).map((reader) => [reader.name, reader]));

parentPort?.on("message", async ({ reader, path }: Task) => {
  const started = process.cpuUsage();
  let [refused, wrong]: [string | null, string | null] = [null, null];
  try {
    await known.get(reader)?.read(path, folder);
  } catch (error) {
    refused = String(error);
    wrong = complaintOf(error);
  }
  parentPort?.postMessage({ refused, wrong, milliseconds: computedSince(started) } satisfies Outcome);
});

/** A mistake in a file is one line that no terminal obeys. */
function complaintOf(error: unknown): string | null {
  if (!(error instanceof UserError)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (/(?!\t)\p{Cc}|[\u202a-\u202e]/u.test(error.message))
    return `control characters in ${JSON.stringify(error.message)}`;
  return error.message.length > 5000 ? "a line of more than 5000 characters" : null;
}
