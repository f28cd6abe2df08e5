/**
 * What callers without types may get wrong, told in one line.
 * @module
 */
import { z } from "zod";
import { userError } from "../errors.js";
import { parseWith } from "../files/json.js";
import { askedWhere } from "../tasks/asking.js";

const some = z.int().min(1).optional();
const predictOptions = z.strictObject({
  top: some,
  batchSize: some,
  tokens: some,
  signal: z.instanceof(AbortSignal).optional(),
});

/** @throws UserError where an option is unknown or out of bounds */
export function checkedOptions(options: object): void {
  parseWith(predictOptions, options, "options");
}

/** @throws UserError where these are no questions of the kind */
export function checkQuestions(schema: z.ZodType, questions: unknown): void {
  if (!Array.isArray(questions)) {
    throw userError({ where: "predictAll", what: "the questions are no list", expected: "a list of questions" });
  }
  const numbered = questions.length > 1;
  questions.forEach((one: unknown, i) => {
    parseWith(schema, one, numbered ? `${askedWhere} ${i + 1}` : askedWhere);
  });
}
