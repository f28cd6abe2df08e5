/** The printable stand-in of each byte in byte-level BPE vocabularies (GPT-2's `bytes_to_unicode`). */
export const byteSymbols: readonly string[] = (() => {
  const symbols: string[] = [];
  let stranger = 256;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    symbols.push(String.fromCharCode(printable ? byte : stranger++));
  }
  return symbols;
})();

/**
 * GPT-2's way of cutting text into words: https://github.com/openai/gpt-2/blob/27a08882c7706499a2c044840fa3d464ac4f5f0b/src/encoder.py. White space is
 * Unicode's property, as in Rust's and Python's engines; JavaScript's `\s` differs at U+0085 and U+FEFF.
 */
export const byteLevelWords =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

const encoder = new TextEncoder();

/** Writes text as the symbols of its UTF-8 bytes, one symbol a byte. */
export function toByteSymbols(text: string): string {
  let symbols = "";
  for (const byte of encoder.encode(text)) symbols += byteSymbols[byte];
  return symbols;
}
