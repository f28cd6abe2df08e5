/**
 * What message-passing library a machine has, asked in a process of its own: a library that fails ends its process.
 * @module
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { userError } from "../../errors.js";
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
  const binding = JSON.stringify(new URL("./binding.js", import.meta.url).href);
  const script = `import { Mpi } from ${binding};
    const mpi = new Mpi();
    mpi.init();
    console.log(JSON.stringify({ version: mpi.version(), threads: mpi.threadLevel() }));
    mpi.finalize();`;
  const args = ["--input-type=module", "--eval", script];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 1000 * seconds });
    return { path, ...(JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Omit<MpiFacts, "path">) };
  } catch {
    throw userError({ where: path, what: `the message-passing library did not start within ${seconds} s, or failed` });
  }
}
