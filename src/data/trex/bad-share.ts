import { setting, userError } from "../../errors.js";
import { tally } from "../../phrases.js";

/** How much of what is read is wrong. */
export class BadShare {
  #sound = 0;
  readonly #faults: Record<string, number> = {};
  #first = "";

  /**
   * @param where what is read, for messages
   * @param of what is counted, such as `triples`
   * @param most the share that is borne
   */
  constructor(
    private readonly where: string,
    private readonly of: string,
    private readonly most: number,
  ) {}

  addSound(): void {
    this.#sound++;
  }

  /** @param what where it is, and what is wrong with it */
  addFault(reason: string, what: string): void {
    if (this.#first === "") this.#first = what;
    this.#faults[reason] = (this.#faults[reason] ?? 0) + 1;
  }

  /**
   * @param least how many must have been read for a share to mean something
   * @throws UserError where more is wrong than is borne
   */
  check(least = 1): void {
    const wrong = Object.values(this.#faults).reduce((sum, count) => sum + count, 0);
    const all = this.#sound + wrong;
    if (all < least || wrong <= this.most * all) return;
    throw userError({
      where: this.where,
      what: `${wrong} of ${all} ${this.of} are wrong (${tally(this.#faults)}); the first is ${this.#first}`,
      expected: `at most ${Number((100 * this.most).toFixed(4))} %`,
      fix: `repair the data, or raise ${setting("mostBad")}`,
    });
  }
}
