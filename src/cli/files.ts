import { stat } from "node:fs/promises";
import { userError } from "../errors.js";

/** Refuses to replace a file or folder unless that was asked for. */
export async function refuseExisting(path: string, overwrite: boolean): Promise<void> {
  if (overwrite || (await stat(path).catch(() => null)) === null) return;
  throw userError({ where: path, what: "it is there already", fix: "choose another name, or give --overwrite" });
}
