import type { AlignWatch } from "../../knowledge/pipeline/align-texts.js";
import { TextsProgress } from "../texts-progress.js";

/** Shows how far an alignment is. */
export class AlignProgress extends TextsProgress implements Omit<AlignWatch, "signal"> {
  /** Characters that an earlier run had aligned; null until the first block comes. */
  #before: number | null = null;

  onBlock(documents: number, characters: number, records: number): void {
    this.#before ??= characters;
    const speed = this.seconds > 0 ? (characters - this.#before) / 1e6 / this.seconds : 0;
    this.show(`${documents} documents, ${records} records, ${speed.toFixed(1)} MB/s`);
  }
}
