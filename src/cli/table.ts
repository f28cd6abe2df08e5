/**
 * Rows of cells under their heads, for people.
 * @module
 */

/** Longer cells are cut: no screen holds a table of them. */
const mostLetters = 60;

/** Columns as wide as their widest cell, two spaces between them: the first ones to the left, the others to the right. */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[], left = 1): readonly string[] {
  const all = [head, ...rows].map((row) => row.map(cut));
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) => {
    const cells = head.map((_, i) => {
      const [cell, width] = [row[i] ?? "", widths[i] ?? 0];
      return i < left ? cell.padEnd(width) : cell.padStart(width);
    });
    return cells.join("  ").trimEnd();
  });
}

/** A cell in one line. */
function cut(cell: string): string {
  const line = cell.replace(/\p{Cc}+/gu, " ");
  return line.length > mostLetters ? `${line.slice(0, mostLetters - 1)}…` : line;
}
