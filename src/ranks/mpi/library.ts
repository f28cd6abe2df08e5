/**
 * Where the message-passing library is, and how it writes what the standard leaves open.
 * @module
 */
import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import koffi, { type LibraryHandle } from "koffi";
import { userError } from "../../errors.js";

/** An object of the library's: an address or a number. */
export type Handle = bigint | number;

/** The binary interface of a library. */
export interface Abi {
  readonly name: "Open MPI" | "MPICH" | "MPI ABI";
  /** C type of communicators, data types and operations. */
  readonly handle: "void*" | "int";
  readonly world: Handle;
  readonly float: Handle;
  readonly byte: Handle;
  readonly sum: Handle;
  /** `MPI_IN_PLACE` */
  readonly inPlace: bigint;
  /** `MPI_STATUS_IGNORE` */
  readonly noStatus: bigint;
  /** `MPI_THREAD_SINGLE` … `MPI_THREAD_MULTIPLE` */
  readonly threadLevels: readonly number[];
}

export interface MpiLibrary {
  readonly path: string;
  readonly library: LibraryHandle;
  readonly abi: Abi;
}

const stackBytes = 16 * 2 ** 20;

/** Names the library where it stands elsewhere. */
export const libraryVariable = "KADAPTER_MPI";

const minusOne = 2n ** 64n - 1n;

/** MPICH and its kin (Intel MPI, MVAPICH, Cray MPICH). */
const mpich: Abi = {
  name: "MPICH",
  handle: "int",
  world: 0x44000000,
  float: 0x4c00040a,
  byte: 0x4c00010d,
  sum: 0x58000003,
  inPlace: minusOne,
  noStatus: 1n,
  threadLevels: [0, 1, 2, 3],
};

/** The standard's own, from version 5 on. */
const standard: Abi = {
  name: "MPI ABI",
  handle: "void*",
  world: 0x101n,
  float: 0x210n,
  byte: 0x247n,
  sum: 0x21n,
  inPlace: 1n,
  noStatus: 0n,
  threadLevels: [0, 1024, 2048, 4096],
};

function openMpi(library: LibraryHandle): Abi | null {
  try {
    const at = (name: string) => library.symbol(name) as bigint;
    return {
      name: "Open MPI",
      handle: "void*",
      world: at("ompi_mpi_comm_world"),
      float: at("ompi_mpi_float"),
      byte: at("ompi_mpi_byte"),
      sum: at("ompi_mpi_op_sum"),
      inPlace: 1n,
      noStatus: 0n,
      threadLevels: [0, 1, 2, 3],
    };
  } catch {
    return null;
  }
}

/** In the order in which they are tried: Open MPI, MPICH, the standard's. */
const fileNames = ["libmpi.so.40", "libmpi.so.12", "libmpi_abi.so.1", "libmpi_abi.so.0", "libmpi.dylib"];
const launchers = ["mpiexec", "mpirun"];

/**
 * Opens the library that belongs to the launcher found first in PATH, or one that the system knows.
 *
 * @param env the environment; {@link libraryVariable} names another library
 * @throws UserError where there is none
 */
export function openLibrary(env: NodeJS.ProcessEnv = process.env): MpiLibrary {
  // Libraries begin with deep calls of their own, and koffi calls on a stack of its own.
  if (koffi.config().sync_stack_size !== stackBytes) koffi.config({ sync_stack_size: stackBytes });
  const named = env[libraryVariable];
  const candidates = named ? [named] : [...besideLauncher(env), ...fileNames];
  for (const path of candidates) {
    try {
      // Its plug-ins look for the library's symbols among those of the whole process.
      const library = koffi.load(path, { global: true });
      return { path, library, abi: openMpi(library) ?? (path.includes("mpi_abi") ? standard : mpich) };
    } catch {
      // The next one; if there is none, the error below says so.
    }
  }
  throw userError({
    what: named
      ? `${named} cannot be loaded as a message-passing library (MPI)`
      : "no message-passing library (MPI) is installed",
    expected: "Open MPI, MPICH or a library of the MPI-5 standard's interface",
    fix: named
      ? `correct the environment's ${libraryVariable}`
      : `install one (Debian: openmpi-bin), or name its file in the environment's ${libraryVariable}`,
  });
}

/** The library of a launcher that stands in a folder of its own, such as an environment of Python or a cluster's module. */
function besideLauncher(env: NodeJS.ProcessEnv): readonly string[] {
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const found = folders
    .flatMap((folder) => launchers.map((name) => join(folder, name)))
    .find((file) => existsSync(file));
  if (found === undefined) return [];
  const libraries = new Set([found, realpathSync(found)].map((file) => join(dirname(dirname(file)), "lib")));
  return [...libraries]
    .flatMap((folder) => fileNames.map((name) => join(folder, name)))
    .filter((file) => existsSync(file));
}

/** How many processes the launcher says it has started, under the names that launchers use; null where none did. */
export function launchedSize(env: NodeJS.ProcessEnv = process.env): number | null {
  const told = env["OMPI_COMM_WORLD_SIZE"] ?? env["PMI_SIZE"] ?? (env["PMIX_RANK"] ? env["SLURM_NTASKS"] : undefined);
  return told !== undefined && /^\d{1,9}$/.test(told) ? Number(told) : null;
}
