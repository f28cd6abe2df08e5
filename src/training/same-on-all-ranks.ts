/**
 * Ranks that train together must have been started alike: what differs is said before the first step.
 * @module
 */
import { setting, userError } from "../errors.js";
import { onAllRanks, type Ranks } from "../ranks/index.js";
import type { RunConfig } from "./config.js";
import { brief, type RunIdentity } from "./identity.js";
import type { TrainerSettings } from "./trainer.js";

/**
 * @throws UserError that names a rank and each setting that it was given otherwise than rank 0; every rank throws it
 */
export async function requireSameOnAll(
  ranks: Ranks,
  {
    out,
    resume,
    settings: { saveEvery },
  }: Pick<RunConfig, "out" | "resume"> & { readonly settings: Pick<TrainerSettings, "saveEvery"> },
  identity: RunIdentity,
): Promise<void> {
  if (ranks.size === 1) return;
  const own = { ...ranks.about, ...identity, out, resume: String(resume), saveEvery: String(saveEvery) };
  const texts = await ranks.gather(JSON.stringify(own), { patient: true });
  const [first = {}, ...others] = texts.map((text) => JSON.parse(text) as Readonly<Record<string, string>>);
  for (const [i, other] of others.entries()) {
    const names = [...new Set([...Object.keys(first), ...Object.keys(other)])];
    const different = names.filter((name) => first[name] !== other[name]);
    if (different.length === 0) continue;
    const told = different.map((name) => `${name} is ${brief(other[name])}, on rank 0 ${brief(first[name])}`);
    const where = `rank ${i + 1}`;
    const what = `it was started otherwise than rank 0 (${told.join("; ")})`;
    throw onAllRanks(userError({ where, what, fix: "start all ranks with the same version, options and data" }));
  }
}

/** @throws UserError where a step has too few leaves for the ranks */
export function requireLeaves({ leaves = 1 }: Pick<TrainerSettings, "leaves">, { size }: Pick<Ranks, "size">): void {
  if (leaves >= size) return;
  const what = `a step has ${leaves}, and there are ${size} ranks: some would have nothing to do`;
  throw onAllRanks(userError({ where: setting("leaves"), what, expected: `${size}, or a larger power of two` }));
}
