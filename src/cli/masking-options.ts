import { z } from "zod";
import { maskings } from "../lm/masking.js";
import { option } from "./spec.js";

/** Which tokens of a text are hidden, where a language model or its head learns them. */
export const maskingSpecs = {
  masking: option({
    flags: "--masking <name>",
    kind: "text",
    schema: z.enum(maskings).default("token"),
    expects: maskings.join(" or "),
    help: "hide single tokens, or whole words (default token)",
  }),
  maskRate: option({
    flags: "--mask-rate <x>",
    kind: "number",
    schema: z.number().positive().max(1).default(0.15),
    expects: "a number above 0 and at most 1",
    help: "share of tokens that are predicted (default 0.15)",
  }),
};
