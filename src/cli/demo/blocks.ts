/** Parts of a page of results, and how a terminal shows them. */

/** A part of the page, for the terminal and for the HTML file alike. */
export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "lines"; readonly lines: readonly string[] }
  | { readonly kind: "table"; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };

export const text = (words: string): Block => ({ kind: "text", text: words });

/** A share from 0 to 1. */
export const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** A block for the terminal. */
export function linesOf(block: Block): readonly string[] {
  if (block.kind === "text") return wrapped(block.text, 100);
  if (block.kind === "lines") return block.lines.map((line) => `  ${line}`);
  const rows = [block.head, ...block.rows];
  const widths = block.head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const numbers = block.head.map((_, column) => block.rows.every((row) => /^\d/.test(row[column] ?? "")));
  return rows.map((row) => {
    const cells = row.map((cell, i) => (numbers[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)));
    return `  ${cells.join("   ")}`.trimEnd();
  });
}

/** Lines of at most so many characters, broken between words. */
export function wrapped(words: string, width: number): readonly string[] {
  const lines = [""];
  for (const word of words.split(" ")) {
    const longer = lines.at(-1) === "" ? word : `${lines.at(-1)} ${word}`;
    if (longer.length > width && lines.at(-1) !== "") lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}
