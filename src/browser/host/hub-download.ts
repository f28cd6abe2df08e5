/** What stands in for `src/weights/hub-download.ts`: a tab has the files that were put there, and no others. */
import { userError } from "../../errors.js";
import { quoted } from "../../weights/strict-json.js";

export async function downloadRepository(
  _cache: string,
  { id }: { readonly id: string },
  { what }: { readonly what: string },
): Promise<never> {
  throw userError({
    where: `${what} ${quoted(id)}`,
    what: "there is no such folder in this tab",
    fix: "put its files there first, with fetchFolder or putFiles of kadapter/browser",
  });
}
