import { stat } from "../host/files.js";
import { fileError } from "./atomic.js";

/** @throws UserError where there is nothing of that name, or it cannot be read */
export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw fileError(path, "read the file", error);
  }
}
