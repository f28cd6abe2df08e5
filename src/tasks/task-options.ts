import type { z } from "zod";
import { userError } from "../errors.js";
import type { JsonObject } from "./task.js";

/** Checks a task's own settings; the error names the first that is wrong. */
export function taskOptions<T>(schema: z.ZodType<T>, options: JsonObject, task: string): T {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw userError({ where: `${task}: ${issue?.path.join(".") || "options"}`, what: issue?.message ?? "wrong" });
}
