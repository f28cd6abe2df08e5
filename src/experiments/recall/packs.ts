import { type Classroom, of, type Taught } from "./classroom.js";

/** Packs that are taught apart and plugged in together. */
export async function packs(room: Classroom): Promise<void> {
  const { seeds, packs, packSize, pool } = room.plan;
  for (const seed of seeds) {
    const { facts, others } = room.drawn({ seed, count: packs * packSize, from: pool.single });
    const taught: Taught[] = [];
    for (let i = 0; i < packs; i++) {
      const own = facts.slice(i * packSize, (i + 1) * packSize);
      taught.push(await room.teach(`pack-${i + 1}-${packSize}-seed-${seed}`, own, seed));
    }
    const together = taught.map(({ name }) => name).join("+");
    for (const [i, pack] of taught.entries()) {
      const beside = await room.ask(`${pack.name}.together`, taught, pack.facts, pool.heldOut);
      const measured = await room.measure(pack, others);
      const about = { part: "packs", row: `pack ${i + 1}`, ...room.about(pack) } as const;
      room.tell({ ...about, ...measured, beside: of(beside, together) });
    }
  }
}
