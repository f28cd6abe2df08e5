/**
 * What goes wrong in a process that is tried: loaded into it before anything else, it counts what the process does with
 * files below one folder, and at one of these kills it, or makes it fail as a bad disk does.
 *
 * Everything else in the harness only sees the command line from outside; this file stands in for the machine.
 * @module
 */
import fs from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { resolve } from "node:path";
import { isMainThread } from "node:worker_threads";

/** What may happen to a file: its content is written, or read, or anything else about it is changed. */
export type FileAct = "write" | "read" | "change";

/** What goes wrong, and when. */
export interface Fault {
  /** Only files below this folder count. */
  readonly root: string;
  /** Which acts count. */
  readonly acts: readonly FileAct[];
  /** Only files whose path holds this text count. */
  readonly file?: string;
  /** It happens at this one of them, counted from 1; 0: never. */
  readonly nth: number;
  /** `kill`, or the code of the failure, such as `ENOSPC`. */
  readonly what: string;
  /** Whether all that come later fail as well, as on a disk that stays full. */
  readonly stays?: boolean;
  /** A file that takes a line of each act. */
  readonly log?: string;
  /** Milliseconds by which the clock is wrong; every so many looks at it, it jumps there and back. */
  readonly clock?: { readonly by: number; readonly every: number };
}

/** The environment's variable that holds the fault as JSON. */
export const faultVariable = "KADAPTER_FAULT";

type Work = (...args: unknown[]) => unknown;

const { appendFileSync, writeSync } = fs;

/** Counts, and lets happen what is to happen. */
class Injector {
  private seen = 0;

  constructor(private readonly fault: Fault) {}

  /**
   * Counts an act, and where it is its turn, ends the process or gives the failure that the act meets.
   *
   * @param begun does a part of it before
   */
  meets(act: FileAct, name: string, path: string, begun: () => void = () => undefined): Error | null {
    const { root, acts, file = "", nth, what, stays = false, log } = this.fault;
    if (!path.startsWith(root) || !acts.includes(act) || !path.includes(file)) return null;
    this.seen++;
    if (log !== undefined) appendFileSync(log, `${act} ${name} ${path.slice(root.length + 1)}\n`);
    if (nth === 0 || (stays ? this.seen < nth : this.seen !== nth)) return null;
    begun();
    if (what !== "kill") {
      // With what Node's own errors have.
      const about = { code: what, syscall: name, path };
      return Object.assign(new Error(`${what}: made to fail, ${name} '${path}'`), about);
    }
    process.kill(process.pid, "SIGKILL");
    // Nothing may be done until the signal is there.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    return null;
  }
}

const text = (path: unknown): string => (typeof path === "string" ? resolve(path) : "");

/** Puts a function before another: where it gives an error, the other one does not run. */
function before(owner: Record<string, Work>, name: string, check: (self: unknown, args: unknown[]) => Error | null) {
  const real = owner[name] as Work;
  owner[name] = function (this: unknown, ...args: unknown[]) {
    const error = check(this, args);
    return error ? Promise.reject(error) : real.apply(this, args);
  };
}

/** Puts the injector before what this project does with files. */
async function inject(injector: Injector): Promise<void> {
  const promises = fs.promises as unknown as Record<string, Work>;
  const paths = new WeakMap<object, string>();
  const handle = await open(process.execPath, "r");
  const prototype = Object.getPrototypeOf(handle) as Record<string, Work>;
  await handle.close();
  for (const name of ["rename", "link", "copyFile"]) {
    before(promises, name, (_, [__, to]) => injector.meets("change", name, text(to)));
  }
  for (const name of ["rm", "rmdir", "mkdir", "utimes", "unlink", "symlink"]) {
    before(promises, name, (_, [path]) => injector.meets("change", name, text(path)));
  }
  before(promises, "writeFile", (_, [path]) => injector.meets("write", "writeFile", text(path)));
  for (const name of ["readFile", "readdir"]) {
    before(promises, name, (_, [path]) => injector.meets("read", name, text(path)));
  }
  const realOpen = promises["open"] as Work;
  promises["open"] = async (path: unknown, flags: unknown = "r", ...more: unknown[]) => {
    const error = injector.meets(flags === "r" ? "read" : "change", "open", text(path));
    if (error) throw error;
    const opened = (await realOpen(path, flags, ...more)) as FileHandle;
    paths.set(opened, text(path));
    return opened;
  };
  for (const name of ["write", "writeFile", "appendFile"]) {
    before(prototype, name, (self, [data]) => {
      const path = paths.get(self as object) ?? "";
      // Half of it is written: what still fits on a full disk, or was written before a power cut.
      const half = () => data instanceof Uint8Array && writeSync((self as FileHandle).fd, data, 0, data.length >> 1);
      return injector.meets("write", name, path, half);
    });
  }
  before(prototype, "sync", (self) => injector.meets("write", "sync", paths.get(self as object) ?? ""));
  before(prototype, "read", (self) => injector.meets("read", "read", paths.get(self as object) ?? ""));
  syncBuiltinESMExports();
}

/** Makes the clock jump. */
function jump({ by, every }: NonNullable<Fault["clock"]>): void {
  const Real = Date;
  let looks = 0;
  const now = () => Real.now() + (Math.floor(looks++ / every) % 2 === 1 ? by : 0);
  globalThis.Date = new Proxy(Real, {
    construct: (target, args) => Reflect.construct(target, args.length === 0 ? [now()] : args) as object,
    get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
  });
}

const given = process.env[faultVariable];
if (given !== undefined && isMainThread) {
  const fault = JSON.parse(given) as Fault;
  if (fault.clock) jump(fault.clock);
  await inject(new Injector(fault));
}
