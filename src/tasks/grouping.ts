import { Numbers } from "../files/numbers.js";
import { mix32 } from "../random.js";

/**
 * Numbers names from 0 in order of appearance. Of each name 64 bits of a hash are held instead of the name: of a hundred
 * million names two would be taken for one once in four thousand times.
 */
export class Numbering {
  private readonly low = new Numbers();
  private readonly high = new Numbers();
  /** By slot: a number and one more, or 0 where there is none; never more than half full. */
  private slots = new Uint32Array(1024);

  /** How many names there were. */
  get length(): number {
    return this.low.length;
  }

  of(name: string): number {
    const [low, high] = hash64(name);
    let slot = low % this.slots.length;
    for (; this.slots[slot] !== 0; slot = (slot + 1) % this.slots.length) {
      const number = (this.slots[slot] as number) - 1;
      if (this.low.at(number) === low && this.high.at(number) === high) return number;
    }
    this.low.push(low);
    this.high.push(high);
    this.slots[slot] = this.length;
    if (2 * this.length > this.slots.length) this.grow();
    return this.length - 1;
  }

  private grow(): void {
    this.slots = new Uint32Array(2 * this.slots.length);
    for (let number = 0; number < this.length; number++) {
      let slot = this.low.at(number) % this.slots.length;
      while (this.slots[slot] !== 0) slot = (slot + 1) % this.slots.length;
      this.slots[slot] = number + 1;
    }
  }
}

/** Two independent 32-bit hashes. */
function hash64(name: string): readonly [number, number] {
  let [low, high] = [0x9e3779b9, 0x85ebca6b];
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    low = mix32(low ^ (unit + 0x2545f491));
    high = (Math.imul(high ^ unit, 0x01000193) ^ (high >>> 15)) >>> 0;
  }
  return [low, mix32(high ^ mix32(name.length))];
}

/** The members of each group: which those of a group are, in order. */
export interface Groups {
  readonly length: number;
  members(group: number): Uint32Array;
}

/** @param groupOf each member's group, below `count` */
export function groupsOf(groupOf: Uint32Array, count: number): Groups {
  const starts = new Uint32Array(count + 1);
  for (const group of groupOf) starts[group + 1]!++;
  for (let group = 0; group < count; group++) starts[group + 1]! += starts[group] as number;
  const next = starts.slice(0, count);
  const members = new Uint32Array(groupOf.length);
  groupOf.forEach((group, member) => {
    members[next[group]!++] = member;
  });
  return { length: count, members: (group) => members.subarray(starts[group], starts[group + 1]) };
}
