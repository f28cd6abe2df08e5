/** Messages between {@link openMpiRanks} and the thread that calls the message-passing library. */
import type { Memory, Round } from "../ranks.js";

export type Request =
  | { readonly call: "open" }
  | { readonly call: "sum"; readonly planes: readonly Memory[]; readonly round: Round }
  | { readonly call: "gather"; readonly text: string; readonly patient: boolean }
  | { readonly call: "gatherFloats"; readonly own: Float32Array<ArrayBuffer> }
  | { readonly call: "close" };

/** What the library is, and which of the processes this one is. */
export interface Opened {
  readonly rank: number;
  readonly size: number;
  readonly path: string;
  readonly version: string;
  readonly threads: string;
}

export interface Results {
  open: Opened;
  sum: null;
  gather: readonly string[];
  gatherFloats: readonly Float32Array[];
  close: null;
}

export type Reply =
  | { readonly id: number; readonly taken: true }
  | { readonly id: number; readonly result: Results[keyof Results] }
  | { readonly id: number; readonly error: string; readonly forUser: boolean };
