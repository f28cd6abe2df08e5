/** What stands in for `src/data/zip-members.ts`: what a tab reads is unpacked before. */
import { userError } from "../../errors.js";

// biome-ignore lint/correctness/useYield: it is asked like the one that it stands in for
export async function* zipMembers(path: string): AsyncGenerator<never> {
  throw userError({ where: path, what: "a zip archive", expected: "a file", fix: "unpack it first" });
}
