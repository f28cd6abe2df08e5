/**
 * What message-passing library a machine has, asked in a process of its own: a library that fails ends its process.
 * @module
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { userError } from "../../errors.js";
import { builtFile } from "./built-file.js";
import { openLibrary } from "./library.js";

/** A message-passing library that works. */
export interface MpiFacts {
  readonly path: string;
  readonly version: string;
  /** Which threads may call it: single, funneled, serialized or multiple. */
  readonly threads: string;
}

const seconds = 20;

/**
 * Begins and ends as a process alone.
 *
 * @returns null where no library is installed
 * @throws UserError where one is, and does not work
 */
export async function probeMpi(): Promise<MpiFacts | null> {
  let path: string;
  try {
    ({ path } = openLibrary());
  } catch {
    return null;
  }
  const file = fileURLToPath(builtFile("probe-process.js"));
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 1000 * seconds });
    return { path, ...(JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Omit<MpiFacts, "path">) };
  } catch {
    throw userError({ where: path, what: `the message-passing library did not start within ${seconds} s, or failed` });
  }
}
