/** Parts of a page of results, and how a terminal shows them. */

import type { Table } from "../recall/tables.js";
import { tableLines } from "../table.js";

/** A part of the page, for the terminal and for the HTML file alike. */
export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "lines"; readonly lines: readonly string[] }
  | (Table & { readonly kind: "table" });

export const text = (words: string): Block => ({ kind: "text", text: words });

/** A block for the terminal. */
export function linesOf(block: Block): readonly string[] {
  if (block.kind === "text") return wrapped(block.text, 100);
  if (block.kind === "lines") return block.lines.map((line) => `  ${line}`);
  return tableLines(block.head, block.rows, block.left).map((line) => `  ${line}`);
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
