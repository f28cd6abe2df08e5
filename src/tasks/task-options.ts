import type { z } from "zod";
import { parseWith } from "../files/json.js";
import type { JsonObject } from "./task.js";

/** Checks a task's own settings; the error names the first that is wrong. */
export function taskOptions<T>(schema: z.ZodType<T>, options: JsonObject, task: string): T {
  return parseWith(schema, options, task, {}, "options");
}
