import { z } from "zod";

/** Kinds of knowledge with their files, `KIND=FILE,FILE`: a file for each part; each kind at most once. */
export function learnSchema<Kind extends string, Part extends string>(
  kinds: readonly Kind[],
  parts: readonly Part[],
  least: number,
) {
  const files = parts.map(() => "[^,]+").join(",");
  const one = z
    .string()
    .regex(new RegExp(`^(${kinds.join("|")})=${files}$`))
    .transform((given) => {
      const [kind = "", list = ""] = given.split(/=(.*)/s);
      const names = list.split(",");
      const named = Object.fromEntries(parts.map((part, i) => [part, names[i]])) as Record<Part, string>;
      return { kind: kind as Kind, files: named };
    });
  return z
    .array(one)
    .min(least)
    .refine((all) => new Set(all.map(({ kind }) => kind)).size === all.length);
}
