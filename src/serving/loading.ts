import { createHash, timingSafeEqual } from "node:crypto";
import { ServingError } from "./serving-error.js";

/** How models may be loaded by those who ask. */
export interface Loading {
  /** Only folders below it. */
  readonly root: string;
  /** What whoever loads must know. */
  readonly token: string;
}

const digest = (text: string) => createHash("sha256").update(text).digest();

/**
 * @param authorization as it was sent: `Bearer TOKEN`
 * @returns how models may be loaded
 * @throws ServingError where that is off, or the token is not there
 */
export function requireToken(loading: Loading | null, authorization: string | undefined): Loading {
  if (!loading) throw new ServingError("forbidden", "loading and unloading is off: the server was started without it");
  const [, given] = /^Bearer (\S+)$/.exec(authorization ?? "") ?? [];
  // Hashes are compared, so that the time tells nothing of the token.
  if (given !== undefined && timingSafeEqual(digest(given), digest(loading.token))) return loading;
  throw new ServingError("unauthorized", "loading and unloading needs the token, as Authorization: Bearer TOKEN");
}
