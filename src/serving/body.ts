/**
 * Bytes of a request as JSON: all of it is UTF-8, no text holds half a character, and nothing is nested without end.
 * @module
 */
import { UserError } from "../errors.js";
import { parseJson } from "../files/json.js";
import { ServingError } from "./serving-error.js";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @throws ServingError bad-request */
export function jsonOf(bytes: Uint8Array): unknown {
  const value = parsed(textOf(bytes, "the body"));
  if (holdsLoneSurrogate(value)) throw new ServingError("bad-request", "a text of the body holds half a character");
  return value;
}

/** @throws ServingError bad-request where the bytes are no UTF-8 */
export function textOf(bytes: Uint8Array, what: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new ServingError("bad-request", `${what} is not UTF-8`);
  }
}

function parsed(text: string): unknown {
  try {
    return parseJson(text, "body");
  } catch (error) {
    // What the engine says of bad JSON quotes the text, which is nobody's business but the sender's.
    if (error instanceof UserError) throw new ServingError("bad-request", "the body is not JSON, or nested too deep");
    throw error;
  }
}

/** A surrogate without its other half, which `\ud800` in JSON can make. */
const loneSurrogate = /\p{Surrogate}/u;

function holdsLoneSurrogate(value: unknown): boolean {
  if (typeof value === "string") return loneSurrogate.test(value);
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some(holdsLoneSurrogate);
  return Object.entries(value).some(([key, one]) => loneSurrogate.test(key) || holdsLoneSurrogate(one));
}
