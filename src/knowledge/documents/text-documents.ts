import { type DataFile, fileName } from "../../data/bytes.js";
import { readLines } from "../../data/records.js";
import { checkLength, type ReadDocument, type ReadingOptions } from "./read-document.js";

/**
 * The documents of a plain text: parted by blank lines, one a line, or the whole file as one.
 *
 * @param name what their ids begin with
 */
export async function* textDocuments(
  from: DataFile,
  name: string,
  parts: ReadingOptions["parts"],
): AsyncGenerator<ReadDocument> {
  const path = fileName(from);
  let lines: string[] = [];
  let [first, length] = [1, 0];
  const document = (): ReadDocument => ({
    id: parts === "files" ? name : `${name}:${first}`,
    title: null,
    text: lines.join("\n"),
    where: `${path}:${first}`,
  });
  for await (const { text, line } of readLines(from)) {
    const blank = text.trim() === "";
    if ((blank && parts === "blank-lines") || parts === "lines") {
      if (parts === "lines") [lines, first] = [[text], line];
      if (lines.some((one) => one.trim() !== "")) yield document();
      [lines, length] = [[], 0];
      continue;
    }
    // Blank lines at the start of a whole file are none of its text.
    if (lines.length === 0 && blank) continue;
    if (lines.length === 0) first = line;
    lines.push(text);
    length += text.length + 1;
    checkLength(length, `${path}:${first}`);
  }
  if (lines.length > 0) yield document();
}
