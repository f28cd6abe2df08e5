/**
 * What the tests of trainings on several processes share: the launchers that are installed, and their processes.
 * @module
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Run } from "../support.js";

const bin = fileURLToPath(new URL("../../bin/kadapter.js", import.meta.url));

/** Starts processes that find each other by message passing. */
export interface Launcher {
  readonly name: string;
  /** The command up to the number of processes. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Names the folder of MPICH where it stands in no folder of PATH, such as an environment of Python. */
const mpichVariable = "KADAPTER_TEST_MPICH";

const runs = (command: string) => spawnSync(command, ["--version"], { encoding: "utf8" }).stdout ?? "";

function openMpi(): Launcher | null {
  if (!runs("mpirun").includes("Open MPI")) return null;
  const asRoot = process.getuid?.() === 0 ? ["--allow-run-as-root"] : [];
  return { name: "Open MPI", command: ["mpirun", ...asRoot, "--oversubscribe"], env: {} };
}

function mpich(library?: string): Launcher | null {
  const prefix = process.env[mpichVariable];
  const command = prefix ? join(prefix, "bin", "mpiexec.hydra") : "mpiexec.hydra";
  if (!/HYDRA/i.test(runs(command))) return null;
  const path = prefix ? { PATH: `${join(prefix, "bin")}:${process.env["PATH"]}` } : {};
  if (library === undefined) return { name: "MPICH", command: [command], env: path };
  const file = prefix ? join(prefix, "lib", library) : library;
  if (prefix && !existsSync(file)) return null;
  return { name: "MPICH by the standard's interface", command: [command], env: { ...path, KADAPTER_MPI: file } };
}

/** Those that are installed here, with the reason where one is not. */
export const launchers: readonly (readonly [name: string, launcher: Launcher | null, missing: string])[] = [
  ["Open MPI", openMpi(), "install openmpi-bin"],
  ["MPICH", mpich(), `install mpich (pip install mpich==5.0.2) and name its folder in ${mpichVariable}`],
  ["MPICH by the standard's interface", mpich("libmpi_abi.so.1"), "install MPICH 5"],
];

/** A launched training that goes on. */
export interface Launched {
  readonly ended: Promise<Run>;
  /** Ends it all, for a test that failed. */
  kill(): void;
}

/** Starts so many ranks of `kadapter`; several lists of arguments make one rank each. */
export function launch(
  launcher: Launcher,
  ranks: number,
  ...args: readonly (readonly (string | number)[])[]
): Launched {
  const { command, env } = launcher;
  const [first = "", ...rest] = command;
  const program = (own: readonly (string | number)[], count: number) => {
    return ["-n", String(count), process.execPath, bin, ...own.map(String), "--ranks", "mpi"];
  };
  const given =
    args.length === 1
      ? program(args[0] ?? [], ranks)
      : args.flatMap((own, i) => [...(i > 0 ? [":"] : []), ...program(own, 1)]);
  const child = spawn(first, [...rest, ...given], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  }
  const ended = new Promise<Run>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, ...said }));
  });
  return { ended, kill: () => void child.kill("SIGKILL") };
}

/** The processes that train into a folder: their numbers by rank. */
export function ranksOf(out: string): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const argv = contentOf(`/proc/${pid}/cmdline`).split("\0");
    if (!argv[1]?.endsWith("kadapter.js") || !argv.includes(out)) continue;
    const rank = /^(?:OMPI_COMM_WORLD_RANK|PMI_RANK)=(\d+)$/m.exec(
      contentOf(`/proc/${pid}/environ`).replaceAll("\0", "\n"),
    );
    if (rank) found.set(Number(rank[1]), Number(pid));
  }
  return found;
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
