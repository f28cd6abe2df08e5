import { type Item, keyOf, lengthOf, type Padding } from "./job.js";

/** An item in the queue. What batches are chosen by is reckoned once: it is looked at again and again. */
export interface Waiting {
  readonly padding: Padding;
  /** Tokens of its longest text. */
  readonly length: number;
  /** Its different texts. */
  readonly keys: ReadonlySet<string>;
  /** How many batches have taken a younger one in its place. */
  passedOver: number;
}

/** An item that has just come. */
export const waitingFor = (item: Item, padding: Padding): Waiting => ({
  padding,
  length: lengthOf(item),
  keys: new Set(item.texts.map(keyOf)),
  passedOver: 0,
});

/** No item is passed over more often. */
export const mostPassedOver = 2;

/**
 * Chooses the next batch: the oldest item, and with it those of the nearest lengths, as long as the longest text times the
 * number of different texts stays within the budget. The oldest is taken even if it alone is over. Who is left while a
 * younger one is taken is counted as passed over; from {@link mostPassedOver} times on, no younger one is taken before it.
 *
 * @param queue the oldest first
 * @returns indices into the queue, ascending; none where it is empty
 */
export function nextBatch(queue: readonly Waiting[], budget: number): readonly number[] {
  const [oldest] = queue;
  if (!oldest) return [];
  const batch = new Batch(oldest, budget);
  const taken = new Set([0]);
  const take = (i: number) => {
    if (!batch.add(queue[i] as Waiting)) return false;
    taken.add(i);
    return true;
  };
  let youngest = queue.length;
  for (const [i, { passedOver }] of queue.entries()) {
    if (i === 0 || passedOver < mostPassedOver || take(i)) continue;
    youngest = i;
    break;
  }
  const distance = (i: number) => Math.abs((queue[i] as Waiting).length - oldest.length);
  const others = [...queue.keys()].filter((i) => i < youngest && !taken.has(i));
  for (const i of others.sort((a, b) => distance(a) - distance(b) || a - b)) take(i);
  const chosen = [...taken].sort((a, b) => a - b);
  const last = chosen.at(-1) ?? 0;
  queue.slice(0, last).forEach((one, i) => {
    if (!taken.has(i)) one.passedOver++;
  });
  return chosen;
}

/** A batch as it grows. */
class Batch {
  private readonly texts = new Set<string>();
  private width = 0;
  private readonly form: string;

  constructor(
    first: Waiting,
    private readonly budget: number,
  ) {
    this.form = first.padding.form;
    this.put(first);
  }

  add(one: Waiting): boolean {
    if (one.padding.form !== this.form) return false;
    const fresh = [...one.keys].filter((key) => !this.texts.has(key)).length;
    if (fresh > 0 && this.widthWith(one) * (this.texts.size + fresh) > this.budget) return false;
    this.put(one);
    return true;
  }

  private put(one: Waiting): void {
    this.width = this.widthWith(one);
    for (const key of one.keys) this.texts.add(key);
  }

  private widthWith({ length, padding }: Waiting): number {
    return Math.max(this.width, padding.width ?? length);
  }
}
