import type { MarkedText, SkippedText, TextSpan } from "./marked-text.js";
import type { Tokenizer } from "./tokenizer.js";

/** What Python takes for white space (str.strip, str.split); JavaScript's trim keeps U+001C–U+001F and U+0085 and takes U+FEFF. */
export function isWhiteSpace(character: string): boolean {
  return /\p{White_Space}/u.test(character) || (character >= "\x1c" && character <= "\x1f");
}

/** A text without outer white space, as Python's str.strip gives it. */
export function stripWhiteSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhiteSpace(text[start]!)) start++;
  while (end > start && isWhiteSpace(text[end - 1]!)) end--;
  return text.slice(start, end);
}

/**
 * Tokenises a text as the official code does: outer white space is stripped and one space put in front, always, for
 * each part between special tokens that are written in the text.
 */
export function officialEncode(tokenizer: Tokenizer, text: string): number[] {
  const { cls, sep, pad, mask, unk } = tokenizer.specials;
  const special = new Set([cls, sep, pad, mask, unk].filter((id) => id !== undefined));
  const names = [...special].flatMap((id) => tokenizer.idToToken(id) ?? []);
  const pattern = new RegExp(`(${names.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|")})`);
  const ids: number[] = [];
  for (const part of names.length === 0 ? [text] : text.split(pattern)) {
    const id = tokenizer.tokenToId(part);
    const stripped = stripWhiteSpace(part);
    if (id !== undefined && special.has(id)) ids.push(id);
    else if (stripped !== "") for (const piece of tokenizer.encode(` ${stripped}`).ids) ids.push(piece);
  }
  return ids;
}

/**
 * Marks entities as the released code does: the entity that comes first is told by `start` alone, pieces are sliced one
 * behind the other (overlapping entities repeat words), and the tokens are cut at the end.
 *
 * @see https://github.com/microsoft/K-Adapter/blob/43651cd3b30d80572907b9661ccf2d7318bd9653/utils_glue.py#L462 `convert_examples_to_features_trex`
 * @see https://github.com/microsoft/K-Adapter/blob/43651cd3b30d80572907b9661ccf2d7318bd9653/examples/utils_glue.py#L368 `convert_examples_to_features_tacred`
 */
export function markOfficially(
  tokenizer: Tokenizer,
  text: string,
  subject: TextSpan,
  object: TextSpan,
  markers: { readonly subject: readonly number[]; readonly object: readonly number[] },
  maxLength: number,
  tacred: boolean,
): MarkedText | SkippedText {
  const [first, second] = subject.start < object.start ? [subject, object] : [object, subject];
  const of = (span: TextSpan) => (span === subject ? markers.subject : markers.object);
  const ids: number[] = [];
  const add = (from: number, to: number) => {
    for (const id of officialEncode(tokenizer, text.slice(from, to))) ids.push(id);
  };
  const mark = (span: TextSpan): number => {
    const position = ids.length + 1;
    ids.push(...of(span));
    add(span.start, span.end);
    ids.push(...of(span));
    return position;
  };
  add(0, first.start);
  const firstAt = mark(first);
  add(first.end, second.start);
  const secondAt = mark(second);
  add(second.end, text.length);
  const inputIds = tokenizer.withSpecials(ids.slice(0, Math.max(0, maxLength - 2)));
  const [subjectAt, objectAt] = first === subject ? [firstAt, secondAt] : [secondAt, firstAt];
  if (!tacred) {
    if (Math.max(subjectAt, objectAt) >= maxLength) return { skipped: "marker-beyond-limit" };
    return { inputIds, subject: subjectAt, object: objectAt };
  }
  // An arbitrary position, as written there (a negative one counts from the end, as numpy has it); a position equal to
  // the limit stops its script.
  const pull = (position: number): number => {
    if (position <= maxLength) return position;
    return maxLength >= 10 ? maxLength - 10 : 2 * maxLength - 10;
  };
  const pulled = { subject: pull(subjectAt), object: pull(objectAt) };
  if (Math.max(pulled.subject, pulled.object) >= maxLength || Math.min(pulled.subject, pulled.object) < 0) {
    return { skipped: "official-code-fails" };
  }
  return { inputIds, ...pulled };
}
