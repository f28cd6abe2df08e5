import type { Fact } from "../../data/fact.js";
import { type Classroom, of, type Taught } from "./classroom.js";

/** Adapters of one seed that were taught apart. */
export interface PackSet {
  readonly name: string;
  readonly packs: readonly Taught[];
  /** Facts about subjects that none of them was taught. */
  readonly others: readonly Fact[];
}

/** Teaches packs of different facts. */
export async function teachPacks(room: Classroom, seed: number): Promise<PackSet> {
  const { packs: count, packSize, pool } = room.plan;
  const { facts, others } = room.drawn({ seed, count: count * packSize, from: pool.single });
  const packs: Taught[] = [];
  for (let i = 0; i < count; i++) {
    const own = facts.slice(i * packSize, (i + 1) * packSize);
    packs.push(await room.teach(`pack-${i + 1}-${packSize}-seed-${seed}`, own, seed));
  }
  return { name: `packs-${count}x${packSize}-seed-${seed}`, packs, others };
}

/** Packs that are taught apart and plugged in together. */
export async function packs(room: Classroom): Promise<void> {
  for (const seed of room.plan.seeds) {
    const { packs, others } = await teachPacks(room, seed);
    const together = packs.map(({ name }) => name).join("+");
    for (const [i, pack] of packs.entries()) {
      const beside = await room.ask(`${pack.name}.together`, packs, pack.facts, room.plan.pool.heldOut);
      const measured = await room.measure(pack, others);
      const about = { part: "packs", row: `pack ${i + 1}`, ...room.about(pack) } as const;
      room.tell({ ...about, ...measured, beside: of(beside, together) });
    }
  }
}
