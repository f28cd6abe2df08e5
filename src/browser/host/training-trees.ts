/** What stands in for `src/parsing/training-trees.ts`: a tab learns from trees, and parses no texts to learn from them. */
import { userError } from "../../errors.js";

export async function readOrParseTrees(paths: readonly string[]): Promise<never> {
  throw userError({
    where: paths.join(" "),
    what: "texts are not parsed in a browser",
    expected: "trees",
    fix: "parse them on the command line first",
  });
}
