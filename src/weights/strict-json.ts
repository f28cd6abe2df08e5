import { userError } from "../errors.js";

/** Strings, or a single structural character; JSON.parse has already checked the syntax around them. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/gy;
const NEXT = /[^"{}[\]:,]*/y;

/**
 * Finds a key that one object has twice. JSON.parse silently keeps the last, so two readers of one file could see
 * different tensors under one name.
 */
function duplicateKey(text: string): string | undefined {
  // One entry per open bracket: the keys of an object, or null for a list.
  const open: (Set<string> | null)[] = [];
  let last: string | undefined;
  let position = 0;
  while (position < text.length) {
    NEXT.lastIndex = position;
    NEXT.test(text);
    TOKENS.lastIndex = NEXT.lastIndex;
    const token = TOKENS.exec(text)?.[0];
    if (token === undefined) break;
    position = TOKENS.lastIndex;
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":") {
      const keys = open.at(-1);
      const key: unknown = JSON.parse(last ?? '""');
      if (keys && typeof key === "string") {
        if (keys.has(key)) return key;
        keys.add(key);
      }
    }
    last = token;
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
