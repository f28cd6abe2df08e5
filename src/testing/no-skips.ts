import type { OnSkip } from "../data/skips.js";

/** For data of which nothing may be left out. */
export const noSkips: OnSkip = (reason, where) => {
  throw new Error(`${where} was left out: ${reason}`);
};
