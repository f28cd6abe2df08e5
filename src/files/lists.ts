import { z } from "zod";
import { mostItems } from "./bounds.js";
import { problem } from "./problem.js";

/** How many items a list of a file may have. */
export interface ListBounds {
  readonly least?: number;
  readonly most?: number;
}

/**
 * A list in a file from outside. It ends at its first wrong item, where zod's own `array` would gather all of them: a
 * million wrong items would take ten seconds and a gigabyte.
 */
export const listOf = <T>(item: z.ZodType<T>, { least = 0, most = mostItems.list }: ListBounds = {}) =>
  z
    .array(z.unknown())
    .min(least)
    .max(most)
    .transform((items, context): T[] => {
      const checked: T[] = [];
      for (const [i, one] of items.entries()) {
        const result = item.safeParse(one, { error: problem });
        if (!result.success) return wrong(context, i, result.error);
        checked.push(result.data);
      }
      return checked;
    });

/** An object in a file from outside with any keys, and values of one kind; it ends at its first wrong value. */
export const mapOf = <T>(value: z.ZodType<T>, most: number = mostItems.object) =>
  // Not zod's `record`, which takes ten seconds for 300,000 keys.
  z.unknown().transform((given, context): Record<string, T> => {
    if (typeof given !== "object" || given === null || Array.isArray(given)) {
      context.issues.push({ code: "invalid_type", expected: "object", input: given });
      return z.NEVER;
    }
    const entries = Object.entries(given);
    if (entries.length > most) {
      context.issues.push({ code: "custom", message: `it has more than ${most} fields`, input: given });
      return z.NEVER;
    }
    const checked: [string, T][] = [];
    for (const [key, one] of entries) {
      const result = value.safeParse(one, { error: problem });
      if (!result.success) return wrong(context, key, result.error);
      checked.push([key, result.data]);
    }
    return Object.fromEntries(checked);
  });

/** Reports the first issue of an item as the whole's. */
function wrong(context: z.core.ParsePayload, at: PropertyKey, { issues: [first] }: z.ZodError): never {
  if (first) context.issues.push({ ...first, path: [at, ...first.path], input: undefined } as z.core.$ZodRawIssue);
  return z.NEVER;
}
