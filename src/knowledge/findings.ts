import { setting, userError } from "../errors.js";
import { tally } from "../phrases.js";

/** How many places are kept of each reason. */
const mostPlaces = 3;

/** Wrong records after which nobody waits for the end of a file that is wrong so far. */
const enoughWrong = 10_000;

/** What readers found that is no fact: counted by reason, with the first few places of each. */
export class Findings {
  /** Of the file that is read: its sound records, its faults, and where the first one stands. */
  #records = 0;
  #faults: Record<string, number> = {};
  #firstFault = "";
  #wrong = 0;
  readonly faults: Record<string, number> = {};
  readonly leftOut: Record<string, number> = {};
  readonly places: Record<string, string[]> = {};

  /** @param mostBad the share of a file's records that may be wrong */
  constructor(private readonly mostBad: number) {}

  /** Bound, as the others: they are handed to readers as they are. */
  readonly onRecords = (count: number): void => {
    this.#records += count;
  };

  /** @throws UserError where so many are wrong that the rest of the file would hardly help */
  readonly onFault = (reason: string, where: string): void => {
    if (this.#firstFault === "") this.#firstFault = where;
    this.#faults[reason] = (this.#faults[reason] ?? 0) + 1;
    this.#wrong++;
    this.#count(this.faults, reason, where);
    if (this.#wrong % enoughWrong === 0) this.#requireFew(where, "the first ");
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
   * @throws UserError where more are wrong than is borne, or there are no records at all
   */
  endFile(where: string): number {
    this.#requireFew(where);
    const records = this.#records;
    this.#records = 0;
    this.#wrong = 0;
    this.#faults = {};
    this.#firstFault = "";
    if (records === 0) throw userError({ where, what: "the file holds no facts" });
    return records;
  }

  #requireFew(where: string, the = ""): void {
    const all = this.#records + this.#wrong;
    if (this.#wrong <= this.mostBad * all) return;
    throw userError({
      where,
      what: `${this.#wrong} of ${the}${all} records are wrong (${tally(this.#faults)}; the first at ${this.#firstFault})`,
      expected: `at most ${100 * this.mostBad} %`,
      fix: `repair the file, or raise ${setting("mostBad")}`,
    });
  }
}
