import { setting, userError } from "../errors.js";
import { tally } from "../phrases.js";

/** How many places are kept of each reason. */
const mostPlaces = 3;

/** What readers found that is no fact: counted by reason, with the first few places of each. */
export class Findings {
  /** Of the file that is read: its sound records, its faults, and where the first one stands. */
  #records = 0;
  #faults: Record<string, number> = {};
  #firstFault = "";
  readonly faults: Record<string, number> = {};
  readonly leftOut: Record<string, number> = {};
  readonly places: Record<string, string[]> = {};

  /** Bound, as the others: they are handed to readers as they are. */
  readonly onRecords = (count: number): void => {
    this.#records += count;
  };

  readonly onFault = (reason: string, where: string): void => {
    if (this.#firstFault === "") this.#firstFault = where;
    this.#faults[reason] = (this.#faults[reason] ?? 0) + 1;
    this.#count(this.faults, reason, where);
  };

  readonly onLeftOut = (reason: string, where: string): void => this.#count(this.leftOut, reason, where);

  get records(): number {
    return this.#records;
  }

  #count(counts: Record<string, number>, reason: string, where: string): void {
    counts[reason] = (counts[reason] ?? 0) + 1;
    this.places[reason] ??= [];
    if (this.places[reason].length < mostPlaces) this.places[reason].push(where);
  }

  /**
   * Ends a file: gives how many sound records it has, and counts those of the next one anew.
   *
   * @param mostBad the share of wrong records that is borne
   * @throws UserError where there are more, or no records at all
   */
  endFile(where: string, mostBad: number): number {
    const [records, faults, first] = [this.#records, this.#faults, this.#firstFault];
    this.#records = 0;
    this.#faults = {};
    this.#firstFault = "";
    const wrong = Object.values(faults).reduce((sum, count) => sum + count, 0);
    if (wrong > mostBad * (records + wrong)) {
      throw userError({
        where,
        what: `${wrong} of ${records + wrong} records are wrong (${tally(faults)}; the first at ${first})`,
        expected: `at most ${100 * mostBad} %`,
        fix: `repair the file, or raise ${setting("mostBad")}`,
      });
    }
    if (records === 0) throw userError({ where, what: "the file holds no facts" });
    return records;
  }
}
