/**
 * Memory that glibc's malloc keeps. Each thread takes from an arena of its own, and what is freed in one serves no
 * other: a process that trained twelve adapters in turn, each in a worker thread, grew by half.
 * @module
 */
import koffi from "koffi";

/**
 * Gives what is free back to the system, where the C library can. To be called when ONNX Runtime's library is open: once
 * koffi has opened another, it cannot be configured any more.
 */
export function trimMalloc(): void {
  if (process.platform !== "linux") return;
  try {
    koffi.load(null).func("int malloc_trim(size_t)")(0);
  } catch {
    // Another C library: it has no such function.
  }
}
