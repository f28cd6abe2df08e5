/**
 * Kinds of values that settings have, and short ways to say the common ones.
 * @module
 */
import { z } from "zod";
import type { Part } from "../part.js";

/** A whole number within bounds; the upper bound only keeps typing errors from running out of memory. */
export const whole = (least: number, most = 1_000_000_000) => z.number().int().min(least).max(most);

/** A learning rate or another number above 0, at most 1. */
export const rate = z.number().positive().max(1);

/** Share of values that drop out. */
export const share = z.number().min(0).lt(1);

/** A text that is not empty and fits in one line. */
export const text = z
  .string()
  .min(1)
  .max(4096)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  .regex(/^[^\u0000-\u001f]*$/);

/** Several values, or a single one, as a list. Unions rather than `preprocess`, which would take any type at all. */
export const oneOrMore = <T extends z.ZodType>(one: T, least = 1) =>
  z.union([one.transform((value) => [value]), z.array(one).min(least)]).readonly();

/** One file or several. */
export const fileList = oneOrMore(text);

/** Steps, or a share of all steps such as `10%`. */
export const steps = z
  .union([whole(0), z.string().regex(/^\d{1,3}(\.\d{1,6})?%$/)])
  .refine((value) => typeof value === "number" || Number(value.slice(0, -1)) <= 100)
  .transform((value) => value as number | `${number}%`);

const ascending = (layers: readonly number[]) => layers.every((layer, i) => i === 0 || layer > layers[i - 1]!);

const layer = whole(0, 9999);
const layers = z.array(layer).min(1).max(256).refine(ascending);

/** `0,3,6`, or a list. */
export const layerList = z
  .union([
    layers,
    layer.transform((one) => [one]),
    z
      .string()
      .regex(/^\s*\d{1,4}(\s*,\s*\d{1,4})*\s*$/)
      .transform((given) => given.split(",").map(Number))
      .pipe(layers),
  ])
  .readonly();

/** A standard deviation of initial weights, or the released code's; a command line's text counts as its number. */
export const initial = z.union([
  rate,
  z.literal("official"),
  z
    .string()
    .regex(/^[\d.]+(e-?\d+)?$/i)
    .transform(Number)
    .pipe(rate),
]);

/** `a,b,c` as a list of texts. */
export const commaList = z
  .union([
    z.array(text).min(1),
    z
      .string()
      .transform((given) => given.split(",").map((part) => part.trim()))
      .pipe(z.array(text).min(1)),
  ])
  .readonly();

/** `1,2,3`, or several of it, as one list of numbers and texts. */
export const split = (given: unknown): unknown => {
  const parts = Array.isArray(given) ? given : [given];
  return parts.flatMap((part: unknown) =>
    typeof part === "string"
      ? part.split(",").map((one) => (/^\d{1,9}$/.test(one.trim()) ? Number(one) : one.trim()))
      : [part],
  );
};

/** {@link split} with a kind of items. */
export const listOf = <T extends z.ZodType>(one: T) => z.preprocess(split, z.array(one).min(1).max(1000));

const namedFolder = /^([\w.-]+)=(.+)$/;

/** `facts=runs/facts`: folders by name. */
export const namedFolders = oneOrMore(text.regex(namedFolder))
  .transform((given) => given.map((one) => (namedFolder.exec(one) ?? []).slice(1, 3) as [string, string]))
  .superRefine((named, context) => {
    const names = named.map(([name]) => name);
    const bad = names.find((name, i) => name === noAdapters || names.indexOf(name) !== i);
    if (bad === undefined) return;
    const message = bad === noAdapters ? "is what the model alone is called" : "is the name of two";
    context.addIssue({ code: "custom", message: `${JSON.stringify(bad)} ${message}` });
  })
  .transform((named): Record<string, string> => Object.fromEntries(named));

/** How the model alone is called among sets of adapters. */
export const noAdapters = "none";

/** Kinds of knowledge with their files, `KIND=FILE,FILE`: a file for each part; each kind at most once. */
export function knowledgeFiles<Kind extends string, Part extends string>(
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

/** A setting that is on or off. */
export const toggle = (help: string, on = false) =>
  ({ type: "switch", schema: z.boolean().default(on), expects: "true or false", help }) as const;

/** A setting that is one of some words. */
export const choice = <const W extends readonly [string, ...string[]], F extends W[number]>(
  words: W,
  fallback: F,
  help: string,
) =>
  ({
    type: "text",
    argument: "name",
    schema: z.enum(words).default(() => fallback),
    expects: `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`,
    help,
  }) as const;

/** A setting that counts things, from `least`. */
export const count = (least: number, fallback: number, help: string, most?: number) =>
  ({
    type: "number",
    argument: "n",
    schema: whole(least, most).default(fallback),
    expects: `a whole number from ${least}`,
    help,
  }) as const;

/** A {@link count} that has no default. */
export const optionalCount = (least: number, help: string, most?: number) =>
  ({ ...count(least, least, help, most), schema: whole(least, most).optional() }) as const;

/** A setting that names one or more files. */
export const files = (expects: string, help: string) =>
  ({ type: "text", argument: "file...", schema: fileList, expects, help, basic: true }) as const;

/** {@link files} that may be left out. */
export const optionalFiles = (expects: string, help: string) =>
  ({ ...files(expects, help), schema: fileList.optional() }) as const;

const partText = /^(\d{1,5})\/(\d{1,5})$/;

/** `3/8`: the fourth of eight parts. */
export const part = z
  .string()
  .regex(partText)
  .transform((given) => (partText.exec(given) ?? []).slice(1).map(Number) as [number, number])
  .refine(([index, count]) => index < count)
  .transform(([index, count]): Part => ({ index, count }));

/** Words of a command line of `kadapter`, behind `--`. */
export const innerCommand = (expects: string, help: string) =>
  ({ type: "text", argument: "word...", schema: fileList, expects, help, positional: true, basic: true }) as const;
