/** What stands in for `src/ranks/memory.ts`: a tab's numbers lie in arrays of its own. */
import type { Plane } from "../../ranks/index.js";

export function floatsAt(plane: Plane): Float32Array {
  if (plane instanceof Float32Array) return plane;
  throw new Error("memory at an address cannot be read in a browser");
}
