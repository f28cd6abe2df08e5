import koffi from "koffi";
import type { Plane } from "./ranks.js";

/** The numbers themselves, wherever they lie. Their owner must not give the memory back while they are used. */
export function floatsAt(plane: Plane): Float32Array {
  return plane instanceof Float32Array
    ? plane
    : new Float32Array(koffi.view(plane.address, Float32Array.BYTES_PER_ELEMENT * plane.floats));
}

/** Where an array lies, for another thread. */
export function memoryOf(plane: Plane) {
  return plane instanceof Float32Array ? { address: koffi.address(plane), floats: plane.length } : plane;
}
