import { describe, expect, it } from "vitest";
import { simulatedExchanges } from "../testing/simulated-ranks.js";
import { addFloats, TreeSum } from "./tree-sum.js";

/** Numbers of very different sizes, so that every order of additions gives other bits. */
function leaf(seed: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(seed * 997 + i) * 10 ** ((seed * 31 + i * 7) % 9));
}

const lengths = [5000, 1, 0, 777];
const leafOf = (i: number) => lengths.map((length, plane) => leaf(10 * i + plane, length));

/** The sum that the documentation promises: pairs, pairs of pairs and so on, what is absent left out. */
function treeOf(leaves: readonly Float32Array[], first: number, count: number): Float32Array | null {
  if (count === 1) return leaves[first]?.slice() ?? null;
  const [left, right] = [treeOf(leaves, first, count / 2), treeOf(leaves, first + count / 2, count / 2)];
  if (left && right) addFloats(left, right);
  return left;
}

/** What each rank holds after a step of so many leaves. */
function summed(size: number, leaves: number, chunk: number, steps = 1): Promise<Float32Array[][]> {
  const ranks = simulatedExchanges(size).map(async (exchange, rank) => {
    const tree = new TreeSum(exchange, chunk);
    let planes = leafOf(0);
    for (let step = 0; step < steps; step++) {
      const rounds = Math.ceil(leaves / size);
      for (let index = 0; index < rounds; index++) {
        const own = index * size + rank;
        // Where a rank has no leaf, what lies in its planes is of no account.
        if (own < leaves) planes = leafOf(own);
        else for (const plane of planes) plane.fill(Number.NaN);
        let taken = false;
        const round = { index, present: Math.min(size, leaves - index * size), last: index === rounds - 1 };
        const done = tree.add(planes, round, () => {
          taken = true;
        });
        if (size > 1 && !round.last) {
          expect(taken).toBe(true);
          for (const plane of planes) plane.fill(Number.NaN);
        }
        await done;
        expect(taken).toBe(true);
      }
    }
    return planes;
  });
  return Promise.all(ranks);
}

const bits = (planes: readonly Float32Array[]) => planes.map(({ buffer }) => Buffer.from(buffer).toString("base64"));

describe.each([1, 2, 3, 4, 5, 7, 8])("a step of %i leaves of eight", (leaves) => {
  const all = Array.from({ length: leaves }, (_, i) => leafOf(i));
  const expected = lengths.map((_, plane) =>
    treeOf(
      all.map((planes) => planes[plane] as Float32Array),
      0,
      8,
    ),
  );

  it.each([1, 2, 4, 8])("has the tree's bits on %i ranks", async (size) => {
    for (const planes of await summed(size, leaves, 1009))
      expect(bits(planes)).toEqual(bits(expected as Float32Array[]));
  });
});

it("does not depend on how much is exchanged at once, and remembers nothing of a step", async () => {
  const [once] = await summed(4, 7, 2 ** 20);
  const [again] = await summed(4, 7, 13, 3);
  expect(bits(again as Float32Array[])).toEqual(bits(once as Float32Array[]));
});

it("differs from a running sum, so the test could fail", async () => {
  const [planes] = await summed(1, 8, 1009);
  const running = leafOf(0)[0] as Float32Array;
  for (let i = 1; i < 8; i++) addFloats(running, leafOf(i)[0] as Float32Array);
  expect(bits([running])).not.toEqual(bits([(planes as Float32Array[])[0] as Float32Array]));
});
