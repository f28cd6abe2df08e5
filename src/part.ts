/**
 * One of several equal shares of a piece of work, each done by a process of its own.
 * @module
 */

/** A share of work: `{ index: 3, count: 8 }` is the fourth of eight. */
export interface Part {
  /** Counted from 0, as Slurm and Kubernetes count the tasks of an array. */
  readonly index: number;
  /** How many there are. */
  readonly count: number;
}

/** Whether an item is a part's own where items are dealt out in turn; all are where there is no part. */
export const isOwn = (item: number, part: Part | undefined): boolean =>
  part === undefined || item % part.count === part.index;

/** A part's items where each part takes a run of them: from `start`, up to and without `end`. */
export function runOf(items: number, { index, count }: Part): { readonly start: number; readonly end: number } {
  return { start: Math.floor((index * items) / count), end: Math.floor(((index + 1) * items) / count) };
}

const digits = (value: number): string => String(value).padStart(5, "0");

/** A name for files: `00003-of-00008`. Names sort as their parts do, so that `cat NAME.*` puts them in order. */
export const partName = ({ index, count }: Part): string => `${digits(index)}-of-${digits(count)}`;

/** As people read and write it: `3/8`. */
export const shownPart = ({ index, count }: Part): string => `${index}/${count}`;
