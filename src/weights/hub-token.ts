import { userError } from "../errors.js";
import { fileBytes } from "../files/bounds.js";
import { readTextIfThere } from "../files/text.js";
import { join } from "../host/paths.js";
import { type Environment, hubHome, variable } from "./hub-cache.js";

/** A user's token for the hub, and where it stands, for messages. */
export interface HubToken {
  readonly token: string;
  readonly where: string;
}

/**
 * The user's token, where every Hugging Face library looks for it: HF_TOKEN, else the file that a login writes
 * (HF_TOKEN_PATH, else `token` in HF_HOME).
 *
 * @throws UserError where it is none; what it is instead is not told, as it may be another secret
 */
export async function hubToken(env: Environment): Promise<HubToken | undefined> {
  const given = variable(env, "HF_TOKEN");
  if (given !== undefined) return checked(given, "HF_TOKEN");
  const path = variable(env, "HF_TOKEN_PATH") ?? join(hubHome(env), "token");
  const text = await readTextIfThere(path, { what: "the token", mostBytes: fileBytes.token });
  return text === null || text.trim() === "" ? undefined : checked(text, path);
}

/** @throws UserError where it is no token */
export function checked(given: string, where: string): HubToken {
  const token = given.trim();
  if (/^hf_[\w-]+$/.test(token)) return { token, where };
  throw userError({ where, what: "it holds no token of the hub", expected: "one line, which begins with hf_" });
}
