import type { z } from "zod";
import { counted, shown, withArticle } from "../phrases.js";

/** Types by their names in schemas, as people call them. */
const typeNames: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
  null: "null",
};

/** Things that have a size, by the names of their types in schemas. */
const sized: Readonly<Record<string, string>> = { string: "character", array: "item" };

/** A wrong value in few words: what is long or nested is named by its kind. */
function given(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : shown(value);
}

/** What a schema finds wrong with a value, in this project's words: `it is missing`, `it is 3, not a text`. */
export const problem: z.core.$ZodErrorMap = (issue) => {
  const { input } = issue;
  if (input === undefined) return "it is missing";
  switch (issue.code) {
    case "invalid_type":
      return `it is ${given(input)}, not ${typeNames[issue.expected] ?? withArticle(issue.expected)}`;
    case "invalid_value":
      return `it is ${given(input)}, not ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(shown).join(", ")}`;
    case "too_small":
      return outside(issue.origin, input, issue.inclusive ? "at least" : "more than", Number(issue.minimum));
    case "too_big":
      return outside(issue.origin, input, issue.inclusive ? "at most" : "less than", Number(issue.maximum));
    case "unrecognized_keys":
      return `it has the unknown field ${shown(issue.keys[0])}`;
    case "invalid_union":
      return ofTheKind(issue.errors) ?? `it is ${given(input)}, which is not valid`;
    default:
      return `it is ${given(input)}, which is not valid`;
  }
};

/** What the first of several schemas says that takes values of this kind. */
const ofTheKind = (errors: readonly (readonly z.core.$ZodIssue[])[]): string | undefined =>
  errors.map(([first]) => first).find((first) => first && !(first.code === "invalid_type" && first.path.length === 0))
    ?.message;

/** What is wrong with a number, or with the size of something, that is outside its bounds. */
function outside(origin: string, input: unknown, bound: string, limit: number): string {
  const unit = sized[origin];
  if (unit === undefined) return `it is ${given(input)}, not ${bound} ${limit}`;
  const { length } = input as { readonly length: number };
  return length === 0 ? "it is empty" : `it has ${counted(length, unit)}, not ${bound} ${limit}`;
}
