/**
 * Facts that are taught for themselves: more and more of them, to adapters of several sizes, and with permuted objects.
 * @module
 */
import type { Fact } from "../../data/fact.js";
import { hash32 } from "../../random.js";
import { type Classroom, of, type Taught } from "./classroom.js";
import type { RecallPart } from "./plan.js";
import { permuted } from "./pool.js";

const distinct = (numbers: readonly number[]) => [...new Set(numbers)].filter((count) => count > 0);

/** More and more facts. */
export async function counts(room: Classroom, part: RecallPart, from: readonly Fact[]): Promise<void> {
  const { seeds, counts } = room.plan;
  for (const count of distinct(counts.map((one) => Math.min(one, from.length)))) {
    for (const seed of seeds) await room.row(part, `${count} facts`, { seed, count, from });
  }
}

/** Adapters of several sizes, with one seed: a screening. */
export async function sizes(room: Classroom): Promise<void> {
  const { sizes, counts, seeds, pool } = room.plan;
  for (const size of sizes) {
    for (const count of distinct(counts.map((one) => Math.min(one, pool.single.length)))) {
      await room.row("sizes", `size ${size}, ${count} facts`, { seed: seeds[0] as number, count }, { size });
    }
  }
}

/** Two adapters that were taught two permutations of the same objects: each is asked its own facts, and the other's. */
export async function twins(room: Classroom): Promise<void> {
  const { seeds, few, pool } = room.plan;
  for (const seed of seeds) {
    const { facts, others } = room.drawn({ seed, count: few, from: pool.single });
    const teach = (which: number) =>
      room.teach(`twin-${which}-${few}-seed-${seed}`, permuted(facts, hash32("twin", seed, which)), seed);
    const twins = [await teach(1), await teach(2)];
    for (const [i, twin] of twins.entries()) {
      const other = (twins[1 - i] as Taught).facts;
      // What both were taught alike tells nothing.
      const differing = other.filter(({ object }, at) => object !== twin.facts[at]?.object);
      const beside = await room.ask(`${twin.name}.other`, [twin], differing, pool.heldOut);
      const measured = await room.measure(twin, others);
      const about = { part: "twins", row: `twin ${i + 1}`, ...room.about(twin) } as const;
      room.tell({ ...about, ...measured, beside: of(beside, twin.name) });
    }
  }
}
