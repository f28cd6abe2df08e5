/**
 * Memory that glibc's malloc keeps. Each thread takes from an arena of its own, and what is freed in one serves no
 * other: a process that trained twelve adapters in turn, each in a worker thread, grew by half.
 * @module
 */
import koffi from "koffi";

/**
 * Gives free memory back to the system, where the C library can. Call it only when ONNX Runtime's library is open: koffi
 * cannot be configured any more once it has opened another.
 */
export function trimMalloc(): void {
  if (process.platform !== "linux") return;
  try {
    koffi.load(null).func("int malloc_trim(size_t)")(0);
  } catch {
    // Another C library has no such function.
  }
}
