import { SingleBar } from "cli-progress";
import { duration } from "./progress.js";
import type { Terminal } from "./run.js";

/** Shows how far texts are read: a bar on a terminal, a line now and then elsewhere. */
export class TextsProgress {
  readonly #start: number;
  readonly #bar: SingleBar | null;
  #read = 0;
  #said: number;

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

  /** Seconds since it began. */
  get seconds(): number {
    return (this.now() - this.#start) / 1000;
  }

  /** @param what what was done so far, in a few words */
  show(done: string): void {
    const share = Math.min(1, this.#read / Math.max(1, this.total));
    const left = share > 0 ? duration((this.seconds / share) * (1 - share)) : "–";
    const what = `${done}, ${left} left`;
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
