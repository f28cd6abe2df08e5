import { SingleBar } from "cli-progress";
import type { AlignWatch } from "../../knowledge/pipeline/align-texts.js";
import { duration } from "../progress.js";
import type { Terminal } from "../run.js";

/** Shows how far an alignment is: a bar on a terminal, a line now and then elsewhere. */
export class AlignProgress implements Omit<AlignWatch, "signal"> {
  readonly #start: number;
  readonly #bar: SingleBar | null;
  #read = 0;
  #said: number;
  /** Characters that an earlier run had aligned; null until the first block comes. */
  #before: number | null = null;

  /**
   * @param total bytes of the texts as they lie on the disk
   * @param now milliseconds since any moment
   * @param interval seconds between lines
   */
  constructor(
    private readonly stream: Terminal,
    private readonly total: number,
    private readonly now: () => number = () => performance.now(),
    private readonly interval = 10,
  ) {
    this.#start = this.now();
    this.#said = this.#start;
    this.#bar =
      stream.isTTY === true
        ? new SingleBar({
            stream,
            format: "{bar} {percentage} % | {what}",
            barsize: 24,
            hideCursor: true,
            gracefulExit: false,
          })
        : null;
    this.#bar?.start(total, 0, { what: "" });
  }

  onBytes(count: number): void {
    this.#read += count;
  }

  onBlock(documents: number, characters: number, records: number): void {
    this.#before ??= characters;
    const seconds = (this.now() - this.#start) / 1000;
    const speed = seconds > 0 ? (characters - this.#before) / 1e6 / seconds : 0;
    const share = Math.min(1, this.#read / Math.max(1, this.total));
    const left = share > 0 ? duration((seconds / share) * (1 - share)) : "–";
    const what = `${documents} documents, ${records} records, ${speed.toFixed(1)} MB/s, ${left} left`;
    this.#bar?.update(this.#read, { what });
    if (this.#bar !== null || this.now() - this.#said < this.interval * 1000) return;
    this.#said = this.now();
    this.stream.write(`${(100 * share).toFixed(0)} %: ${what}\n`);
  }

  /** Ends the bar; always call it, or the terminal's cursor stays hidden. */
  stop(): void {
    this.#bar?.stop();
  }
}
