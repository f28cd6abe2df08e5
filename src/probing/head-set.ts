import type { OpenedAdapter } from "../adapters/opened-adapter.js";
import type { LoadedGraph } from "../engine/executor.js";
import type { TextPosition } from "./answers.js";

/** A head and what it reads. */
export interface HeadSet {
  /** See `setName` of src/lm/lm-head-folder.ts. */
  readonly name: string;
  readonly adapters: readonly OpenedAdapter[];
  /**
   * What makes the head's features of the joined vectors: `features` (and `gates`, where there are some) → `joined`. Where
   * it is left out, the head reads them as they are.
   */
  readonly join?: LoadedGraph;
  /** `features` → `logits`; several sets may have the same one. */
  readonly head: LoadedGraph;
  /** For each adapter whether it has a say at a place, 1 or 0; left out where all have everywhere. */
  readonly gates?: (place: TextPosition) => readonly number[];
}
