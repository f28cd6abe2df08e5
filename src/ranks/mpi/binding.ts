/**
 * The calls of the message-passing interface that training takes.
 *
 * Source: MPI: A Message-Passing Interface Standard, version 4.1, chapters 6 (collectives) and 11 (start-up).
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type MpiLibrary, openLibrary } from "./library.js";

/** H stands for a handle. */
const functions = {
  Init_thread: "void*, void*, int, _Out_ int*",
  Query_thread: "_Out_ int*",
  Comm_rank: "H, _Out_ int*",
  Comm_size: "H, _Out_ int*",
  Get_library_version: "void*, _Out_ int*",
  Allgather: "void*, int, H, void*, int, H, H",
  Allgatherv: "void*, int, H, void*, void*, void*, H, H",
  Alltoallv: "void*, void*, void*, H, void*, void*, void*, H, H",
  Allreduce: "void*, void*, int, H, H, H",
  Reduce_local: "void*, void*, int, H, H",
  Ibarrier: "H, void*",
  Test: "void*, _Out_ int*, void*",
  Abort: "H, int",
  Finalize: "",
} as const;
type Name = keyof typeof functions;

/** Most letters of a version (`MPI_MAX_LIBRARY_VERSION_STRING` of the standard's interface). */
const versionBytes = 8192;

const mostGathered = 2 ** 31 - 1;

/** Milliseconds between two looks whether the others are here: within a step, and where they may need hours. */
const pauses = { step: 1, patient: 20 };

/** For so many milliseconds a rank asks again and again whether the others are here; then it sleeps in between. */
const eager = 2;

const levels = ["single", "funneled", "serialized", "multiple"] as const;

/** Everything of one process; all ranks make the same calls in the same order. */
export class Mpi {
  private readonly calls: Readonly<Record<Name, (...args: unknown[]) => number>>;

  constructor(readonly file: MpiLibrary = openLibrary()) {
    const { library, abi } = file;
    const entries = Object.entries(functions).map(([name, types]) => {
      return [name, library.func(`int MPI_${name}(${types.replaceAll("H", abi.handle)})`)] as const;
    });
    this.calls = Object.fromEntries(entries) as unknown as Mpi["calls"];
  }

  /** The library's name and version, in one line. */
  version(): string {
    const text = new Uint8Array(versionBytes);
    const length = this.out("Get_library_version", text);
    const line = Buffer.from(text.subarray(0, Math.min(length, versionBytes))).toString("latin1");
    return (
      line
        .split(/[\0\r\n]/)[0]
        ?.replace(/\s+/g, " ")
        .trim() ?? ""
    );
  }

  /** Begins; only this thread calls the others. */
  init(): void {
    this.out("Init_thread", null, null, this.file.abi.threadLevels[3]);
  }

  /** Which threads may call it. */
  threadLevel(): string {
    return levels[this.file.abi.threadLevels.indexOf(this.out("Query_thread"))] ?? "unknown";
  }

  get rank(): number {
    return this.out("Comm_rank", this.file.abi.world);
  }

  get size(): number {
    return this.out("Comm_size", this.file.abi.world);
  }

  /**
   * Waits until all ranks are here. Calls that exchange something would wait too, but keep a core busy meanwhile, which
   * others need to compute.
   *
   * @param how whether they are near, or may need hours
   */
  async arrive(how: keyof typeof pauses): Promise<void> {
    // The library writes the request there, whatever its size.
    const request = new Uint8Array(new ArrayBuffer(64));
    this.call("Ibarrier", this.file.abi.world, request);
    const began = performance.now();
    while (!this.isDone(request)) {
      if (performance.now() - began > eager) await sleep(pauses[how]);
    }
  }

  /** Sends each rank its part of `chunk` and takes its part of theirs; counts and places in floats. */
  allToAll(chunk: Float32Array, counts: Int32Array, starts: Int32Array, into: Float32Array, own: number): void {
    const { float, world } = this.file.abi;
    const owns = new Int32Array(counts.length).fill(own);
    const places = Int32Array.from(counts, (_, i) => i * own);
    this.call("Alltoallv", chunk, counts, starts, float, into, owns, places, float, world);
  }

  /** Sends this rank's part of `chunk` to all and takes theirs. */
  allGather(chunk: Float32Array, counts: Int32Array, starts: Int32Array): void {
    const { float, world, inPlace } = this.file.abi;
    this.call("Allgatherv", inPlace, 0, float, chunk, counts, starts, float, world);
  }

  /** The bytes of each rank. */
  gatherBytes(own: Uint8Array, size: number): Uint8Array[] {
    const { byte, world } = this.file.abi;
    const lengths = new Int32Array(size);
    this.call("Allgather", Int32Array.of(own.length), 4, byte, lengths, 4, byte, world);
    const starts = new Int32Array(size);
    for (let i = 1; i < size; i++) starts[i] = (starts[i - 1] as number) + (lengths[i - 1] as number);
    const total = lengths.reduce((sum, length) => sum + length, 0);
    // Places in the result are 32-bit numbers.
    if (total > mostGathered) throw new Error(`the ranks gather ${total} bytes; at most ${mostGathered} can be`);
    const all = new Uint8Array(Math.max(1, total));
    this.call(
      "Allgatherv",
      own.length > 0 ? own : new Uint8Array(1),
      own.length,
      byte,
      all,
      lengths,
      starts,
      byte,
      world,
    );
    return Array.from(lengths, (length, i) => all.subarray(starts[i], (starts[i] as number) + length));
  }

  /** Adds numbers to others. */
  add(into: Float32Array, from: Float32Array): void {
    const { float, sum } = this.file.abi;
    this.call("Reduce_local", from, into, into.length, float, sum);
  }

  /** The library's own sum, in place: faster or slower, and other bits for another number of ranks. */
  allReduce(numbers: Float32Array): void {
    const { float, sum, world, inPlace } = this.file.abi;
    this.call("Allreduce", inPlace, numbers, numbers.length, float, sum, world);
  }

  /** Ends this process and all others. */
  abort(code: number): void {
    this.call("Abort", this.file.abi.world, code);
  }

  finalize(): void {
    this.call("Finalize");
  }

  private call(name: Name, ...args: readonly unknown[]): void {
    const code = this.calls[name](...args);
    if (code !== 0) throw new Error(`MPI_${name} failed with code ${code}`);
  }

  private isDone(request: Uint8Array): boolean {
    const flag: [number] = [0];
    this.call("Test", request, flag, this.file.abi.noStatus);
    return flag[0] !== 0;
  }

  /** Calls a function whose last argument is a place for its result, a number. */
  private out(name: Name, ...args: readonly unknown[]): number {
    const place: [number] = [0];
    this.call(name, ...args, place);
    return place[0];
  }
}
