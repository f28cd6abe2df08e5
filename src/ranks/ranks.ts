/**
 * The processes that train together. Each is a rank: it computes some leaves of every step, and all of them end a step
 * with the same gradients. `alone` is the only one of its kind.
 * @module
 */

/** Float32 numbers in this process's memory that another of its threads has made. */
export interface Memory {
  /** Of the first number. */
  readonly address: bigint;
  readonly floats: number;
}

/** Where gradients lie: in memory of another thread, or in an array. */
export type Plane = Memory | Float32Array<ArrayBuffer>;

/**
 * Where a leaf stands in a step. Leaf i belongs to round ⌊i / ranks⌋, and there to rank i mod ranks; so each round is a
 * subtree of the step's tree, on however many ranks.
 */
export interface Round {
  /** Counted from 0. */
  readonly index: number;
  /** How many ranks have a leaf in it, from rank 0 on. */
  readonly present: number;
  /** Whether it is the step's last one, after which the planes hold the sum. */
  readonly last: boolean;
}

/** A sum under way. */
export interface Summing {
  /** When the planes may be written again; of the last round, when they hold the sum. */
  readonly taken: Promise<void>;
  readonly done: Promise<void>;
}

export interface GatherOptions {
  /** Waits for the others as long as it takes: they may fill a cache. */
  readonly patient?: boolean;
}

/** This process among those that train together. */
export interface Ranks {
  /** From 0. */
  readonly rank: number;
  /** A power of two. */
  readonly size: number;
  /** What must be the same on all ranks besides the training's own settings, by name. */
  readonly about: Readonly<Record<string, string>>;
  /**
   * Adds the gradients of a round's leaves to those of the rounds before, in the order of one binary tree over the
   * step's leaves: the bits do not depend on the number of ranks. All ranks call it for every round, those without a leaf
   * too.
   */
  sum(planes: readonly Plane[], round: Round): Summing;
  /** What each rank says, in their order. All ranks call it, and go on when all have. */
  gather(text: string, options?: GatherOptions): Promise<readonly string[]>;
  /** The numbers of each rank, in their order; how many there are may differ. */
  gatherFloats(own: Float32Array<ArrayBuffer>): Promise<readonly Float32Array[]>;
  /** Leaves the others, who do so too. */
  close(): Promise<void>;
}

/** Waits until all ranks are here. */
export async function barrier(ranks: Ranks, options?: GatherOptions): Promise<void> {
  if (ranks.size > 1) await ranks.gather("", options);
}

/** Whether something holds on any of the ranks. */
export async function anyOf(ranks: Ranks, holds: boolean): Promise<boolean> {
  if (ranks.size === 1) return holds;
  return (await ranks.gather(holds ? "1" : "")).includes("1");
}

/** What rank 0 finds, for all. It must be JSON. */
export async function fromFirst<T>(ranks: Ranks, find: () => Promise<T>, options?: GatherOptions): Promise<T> {
  if (ranks.size === 1) return find();
  const own = ranks.rank === 0 ? JSON.stringify(await find()) : "";
  const [first = "null"] = await ranks.gather(own, options);
  return JSON.parse(first) as T;
}

/** Does something on rank 0, and when that is done on the others: what rank 0 has made, they find. */
export async function firstThenOthers<T>(ranks: Ranks, act: () => Promise<T>): Promise<T> {
  const first = ranks.rank === 0 ? { result: await act() } : null;
  await barrier(ranks, { patient: true });
  return first ? first.result : act();
}
