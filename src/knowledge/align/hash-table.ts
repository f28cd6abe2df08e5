/**
 * A table from hashes of 64 bits to numbers, in one array that threads share.
 * @module
 */
import { mix32 } from "../../random.js";
import { powerOfTwo, sharedUint32 } from "./shared-arrays.js";

/** Slots of four numbers: both halves of the hash, a value, and flags; a slot without flags is free. */
export interface HashTable {
  readonly slots: Uint32Array;
  /** Slots − 1; their number is a power of two. */
  readonly mask: number;
}

const width = 4;
const [lowAt, highAt, valueAt, flagsAt] = [0, 1, 2, 3];

/** At most three quarters of the slots are taken. */
export function newHashTable(keys: number): HashTable {
  const slots = powerOfTwo(Math.ceil((keys + 1) / 0.75));
  return { slots: sharedUint32(width * slots), mask: slots - 1 };
}

/** The slot of a hash, or −1. All 64 bits are compared: one of 10¹² lookups among five million hashes errs. */
export function findSlot({ slots, mask }: HashTable, low: number, high: number): number {
  for (let slot = mix32(low ^ high) & mask; ; slot = (slot + 1) & mask) {
    const at = width * slot;
    if (slots[at + flagsAt] === 0) return -1;
    if (slots[at + lowAt] === low && slots[at + highAt] === high) return slot;
  }
}

/** Takes a slot for a hash that is not there yet. @returns the slot */
export function addSlot({ slots, mask }: HashTable, low: number, high: number, value: number, flags: number): number {
  let slot = mix32(low ^ high) & mask;
  while (slots[width * slot + flagsAt] !== 0) slot = (slot + 1) & mask;
  const at = width * slot;
  slots[at + lowAt] = low;
  slots[at + highAt] = high;
  slots[at + valueAt] = value;
  slots[at + flagsAt] = flags;
  return slot;
}

export const slotValue = ({ slots }: HashTable, slot: number): number => slots[width * slot + valueAt]!;

export const flagsOf = ({ slots }: HashTable, slot: number): number => slots[width * slot + flagsAt]!;

/** Changes the value of a slot that is taken. */
export function setValue({ slots }: HashTable, slot: number, value: number): void {
  slots[width * slot + valueAt] = value;
}

/** Changes the flags of a slot that is taken. */
export function setFlags({ slots }: HashTable, slot: number, flags: number): void {
  slots[width * slot + flagsAt] = flags;
}
