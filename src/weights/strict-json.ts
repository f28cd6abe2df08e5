import { userError } from "../errors.js";

/**
 * Finds a key that one object has twice. JSON.parse silently keeps the last, so two readers of one file could see
 * different tensors under one name. The text is valid JSON, so looking at brackets, colons and strings is enough; a
 * loop and no regular expression, whose stack a string of megabytes would overflow.
 */
function duplicateKey(text: string): string | undefined {
  // One entry per open bracket: the keys of an object, or null for a list.
  const open: (Set<string> | null)[] = [];
  let stringStart = 0;
  let stringEnd = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') {
      stringStart = at;
      at++;
      while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
      stringEnd = at + 1;
    } else if (char === "{") open.push(new Set());
    else if (char === "[") open.push(null);
    else if (char === "}" || char === "]") open.pop();
    else if (char === ":") {
      // Parsed, so that two spellings of one key ("a" and "\u0061") are seen as one.
      const key = String(JSON.parse(text.slice(stringStart, stringEnd)));
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return undefined;
}

/** Cuts text from a file for an error line, so that a hostile name cannot flood or garble the terminal. */
export function quoted(name: string): string {
  const short = name.length > 120 ? `${name.slice(0, 117)}...` : name;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  return `"${short.replace(/[\u0000-\u001f\u007f-\u009f]/g, "?")}"`;
}

/** Whether a JSON value is an object (neither null nor a list). */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Parses UTF-8 JSON that must be one object, and gives its own entries as a Map (so that `__proto__` is a key like any
 * other). `what` names the text in the error line ("header", "index"). Throws a UserError for bad UTF-8, bad syntax,
 * another top-level type and duplicate keys at any depth.
 */
export function parseJsonObject(bytes: Uint8Array, where: string, what: string): Map<string, unknown> {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    throw userError({
      where,
      what: `the ${what} is no valid JSON`,
      fix: "the file is damaged: fetch or write it again",
    });
  }
  if (!isObject(value)) throw userError({ where, what: `the ${what} is no JSON object`, expected: "an object" });
  const twice = duplicateKey(text);
  if (twice !== undefined) throw userError({ where, what: `the ${what} has the key ${quoted(twice)} twice` });
  return new Map(Object.entries(value));
}
