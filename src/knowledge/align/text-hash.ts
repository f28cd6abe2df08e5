import { mix32 } from "../../random.js";

/** Hashes texts to 64 bits, as two numbers that have nothing to do with each other. */
export class TextHash {
  low = 0;
  high = 0;

  of(text: string): this {
    let low = 0x811c9dc5;
    let high = 0x9747b28c;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      low = Math.imul(low ^ code, 0x01000193);
      high = Math.imul(high ^ code, 0x5bd1e995);
      high ^= high >>> 15;
    }
    this.low = mix32(low);
    this.high = mix32(high);
    return this;
  }
}
