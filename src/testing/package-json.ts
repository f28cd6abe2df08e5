import { readFileSync } from "node:fs";
import { z } from "zod";

const schema = z.object({ browser: z.record(z.string(), z.string()) });

/** What package.json says. */
export const packageJson = () =>
  schema.parse(JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")));
