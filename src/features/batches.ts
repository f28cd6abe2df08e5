import { RandomStream } from "../random.js";

/** How many batches' worth of examples are sorted by length together: enough to save padding, few enough to mix well. */
const poolBatches = 64;

/**
 * The batches of one epoch, as indices. Examples are shuffled, sorted by length within pools, cut into batches, and the
 * batches are shuffled: each holds examples of similar length, so that hardly any padding is computed. The result
 * follows from (seed, epoch) alone.
 */
export function epochBatches(lengths: readonly number[], batchSize: number, seed: number, epoch: number): number[][] {
  const random = new RandomStream(seed, "batches", epoch);
  const order = random.shuffle(Array.from(lengths.keys()));
  const batches: number[][] = [];
  for (let start = 0; start < order.length; start += poolBatches * batchSize) {
    const pool = order.slice(start, start + poolBatches * batchSize);
    // A stable sort: ties keep the shuffled order.
    pool.sort((a, b) => (lengths[a] as number) - (lengths[b] as number));
    for (let i = 0; i < pool.length; i += batchSize) batches.push(pool.slice(i, i + batchSize));
  }
  return random.shuffle(batches);
}

/**
 * The batches of one epoch by a budget of tokens, padding included. Examples are sorted by length, those of equal length
 * in shuffled order, cut where the next one would exceed the budget, and the batches are shuffled. The cuts follow from
 * the sizes alone, so every epoch has the same number of batches; the rest follows from (seed, epoch).
 *
 * @param lengths tokens of each example's longest text
 * @param budget tokens of one batch; an example that is longer has a batch of its own
 * @param texts how many texts each example has, all of which are padded to the batch's longest; one by default
 */
export function tokenBatches(
  lengths: readonly number[],
  budget: number,
  seed: number,
  epoch: number,
  texts?: readonly number[],
): number[][] {
  const random = new RandomStream(seed, "batches", epoch);
  const order = random.shuffle(Array.from(lengths.keys()));
  const rows = (example: number) => texts?.[example] ?? 1;
  order.sort((a, b) => (lengths[a] as number) - (lengths[b] as number) || rows(a) - rows(b));
  return random.shuffle(cutByTokens(order, lengths, budget, rows));
}

/** Examples in order of length, cut where the next one would exceed the budget of tokens, padding included. */
function cutByTokens(
  order: readonly number[],
  lengths: readonly number[],
  budget: number,
  rows: (example: number) => number,
): number[][] {
  const batches: number[][] = [];
  let filled = 0;
  for (const example of order) {
    const last = batches.at(-1);
    filled += rows(example);
    if (last && filled * (lengths[example] as number) <= budget) last.push(example);
    else {
      batches.push([example]);
      filled = rows(example);
    }
  }
  return batches;
}

/**
 * The batches of one epoch where examples of different groups must not meet in one: those of each group by themselves,
 * all of them shuffled. Follows from (seed, epoch) alone.
 *
 * @param groups each example's group
 * @param batchesOf the batches of some examples, as indices into what it is given
 */
export function groupedBatches(
  groups: readonly number[],
  seed: number,
  epoch: number,
  batchesOf: (members: readonly number[]) => number[][],
): number[][] {
  const members = new Map<number, number[]>();
  groups.forEach((group, example) => {
    const found = members.get(group);
    if (found) found.push(example);
    else members.set(group, [example]);
  });
  const batches = [...members.values()].flatMap((own) =>
    batchesOf(own).map((batch) => batch.map((i) => own[i] as number)),
  );
  return new RandomStream(seed, "grouped batches", epoch).shuffle(batches);
}

const byLength = (lengths: readonly number[]) =>
  Array.from(lengths.keys()).sort((a, b) => (lengths[a] as number) - (lengths[b] as number));

/** Batches for evaluation: shortest first, nothing random. */
export function sortedBatches(lengths: readonly number[], batchSize: number): number[][] {
  const order = byLength(lengths);
  return Array.from({ length: Math.ceil(order.length / batchSize) }, (_, i) =>
    order.slice(i * batchSize, (i + 1) * batchSize),
  );
}

/**
 * Tokens in one forward pass of a frozen model: matrix products are at the machine's speed from here on (3.4 ms a token of a
 * 24-layer model with 240 or 1,500 tokens), and more texts at once would be padded to the longest of more.
 */
const inferenceTokens = 512;

/** Batches for passes of a frozen model: shortest first, cut by tokens, hardly any padding. */
export function inferenceBatches(lengths: readonly number[]): number[][] {
  return cutByTokens(byLength(lengths), lengths, inferenceTokens, () => 1);
}
