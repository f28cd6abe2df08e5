/**
 * Memory in pages of 2 MiB. A training's first steps touch gigabytes for the first time, and on a virtual machine each
 * page of 4 KiB can cost 20 microseconds then: at full size the first two steps took 9 seconds longer.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import koffi from "koffi";
import { byteCount, type HostTensor, type TensorType, viewAs } from "../tensor.js";
import { aligned } from "./alignment.js";
import type { Pointer } from "./ort-library.js";

const pageBytes = 2 ** 21;
/** `MADV_HUGEPAGE` */
const advice = 14;

/** Whether the kernel gives huge pages to those who ask; asking is useless where everybody or nobody gets them. */
const givenToThoseWhoAsk = holds("/sys/kernel/mm/transparent_hugepage/enabled", "[madvise]");
/** Where every promise of memory counts, nothing is set aside. */
const countsPromises = holds("/proc/sys/vm/overcommit_memory", "2");

function holds(file: string, text: string): boolean {
  return process.platform === "linux" && existsSync(file) && readFileSync(file, "latin1").includes(text);
}

type Madvise = (address: Pointer, length: number, advice: number) => number;
let madvise: Madvise | null = null;

/** Asks for huge pages where whole ones fit. Nothing depends on whether the kernel grants them. */
function advise(address: Pointer, bytes: number): void {
  const past = Number(address % BigInt(pageBytes));
  const before = past === 0 ? 0 : pageBytes - past;
  const whole = Math.floor((bytes - before) / pageBytes) * pageBytes;
  if (!givenToThoseWhoAsk || whole <= 0) return;
  // The library is opened this late because koffi cannot be configured for ONNX Runtime once it has opened one.
  madvise ??= koffi.load(null).func("int madvise(void*, size_t, int)") as unknown as Madvise;
  madvise(address + BigInt(before), whole, advice);
}

/** Asks for huge pages under memory that is not touched yet. */
export function adviseHugePages(bytes: Uint8Array<ArrayBuffer>): void {
  if (bytes.byteLength >= pageBytes) advise(koffi.address(bytes), bytes.byteLength);
}

/** Bytes of zeros, not touched yet. */
export function freshBytes(bytes: number): Uint8Array<ArrayBuffer> {
  const fresh = new Uint8Array(bytes);
  adviseHugePages(fresh);
  return fresh;
}

/** Tensors share pieces of memory of about this size, as many of them are smaller than a huge page. */
const pieceBytes = 2 ** 28;

/** Tensors of zeros, not touched yet. */
export function freshTensors(types: readonly TensorType[]): HostTensor[] {
  const sizes = types.map(byteCount);
  const tensors: HostTensor[] = [];
  let piece = freshBytes(0);
  let at = 0;
  types.forEach(({ dtype, shape }, i) => {
    const size = sizes[i] as number;
    if (at + size > piece.byteLength) {
      piece = freshBytes(pieceFor(sizes.slice(i)));
      at = 0;
    }
    tensors.push({ dtype, shape, data: viewAs(dtype, piece.subarray(at, at + size)) } as HostTensor);
    at += aligned(size);
  });
  return tensors;
}

/** Bytes of a piece that holds the first tensor, and those behind it as far as they go. */
function pieceFor(sizes: readonly number[]): number {
  let bytes = 0;
  for (const size of sizes) {
    if (bytes > 0 && bytes + aligned(size) > pieceBytes) break;
    bytes += aligned(size);
  }
  return bytes;
}

/**
 * Lets an arena grow by one block of huge pages at once. Until it is touched the block is hardly more than a range of
 * addresses: ONNX Runtime's book-keeping takes a 32nd of it.
 *
 * @param arena takes a block from an arena, or throws, and gives it back
 */
export function reserve(arena: { allocate(bytes: number): Pointer; free(block: Pointer): void }, bytes: number): void {
  if (!givenToThoseWhoAsk || countsPromises) return;
  try {
    const block = arena.allocate(bytes);
    advise(block, bytes);
    arena.free(block);
  } catch {
    // No such range of addresses is free: the arena grows as it needs.
  }
}
