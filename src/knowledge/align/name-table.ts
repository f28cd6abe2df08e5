/**
 * Names by the hashes of their words, for the longest match at each place of a text.
 * @module
 */
import {
  addSlot,
  findSlot,
  flagsOf,
  type HashTable,
  newHashTable,
  setFlags,
  setValue,
  slotValue,
} from "./hash-table.js";
import { longestName } from "./names.js";
import { powerOfTwo, sharedUint32, Uint32List } from "./shared-arrays.js";
import { extendHash, type Tokens, tokenFlags } from "./tokens.js";

/** Typed arrays that threads share. */
export interface NameTable {
  /** From a name to an entity, or to a place in `lists`. */
  readonly byName: HashTable;
  /** Of names that several entities have: how many they are, then they themselves, the best known first. */
  readonly lists: Uint32Array;
  /** By the hash of a first word: a bit for each length that names have which begin with it. */
  readonly firsts: Uint32Array;
  /** The same by the first two words. */
  readonly seconds: Uint32Array;
}

const nameFlags = { taken: 1, several: 2, atStart: 4, elsewhere: 8 } as const;

/** Names of an entity as hashes, collected before the table is made. */
export class NameList {
  readonly lows = new Uint32List();
  readonly highs = new Uint32List();
  readonly entities = new Uint32List();
  /** Bits of `seconds` and `firsts`: the first two words' hashes and the length. */
  readonly firsts = new Uint32List();
  readonly seconds = new Uint32List();
  readonly lengths = new Uint32List();

  add(tokens: Tokens, entity: number): void {
    let low = 0;
    let high = 0;
    for (let i = 0; i < tokens.count; i++) {
      low = extendHash(low, tokens.low[i]!);
      high = extendHash(high, tokens.high[i]!);
      if (i === 0) this.firsts.push(low);
      if (i === 1) this.seconds.push(low);
    }
    if (tokens.count === 1) this.seconds.push(0);
    this.lows.push(low);
    this.highs.push(high);
    this.entities.push(entity);
    this.lengths.push(tokens.count);
  }
}

/** The lists of a table's names: names as they are, and other ways to write them. */
export interface NameLists {
  readonly exact: NameList;
  /** As a sentence's first words only. */
  readonly atStart: NameList;
  /** Anywhere. */
  readonly elsewhere: NameList;
}

/** A name that more entities have keeps the best known of them. */
export const mostCandidates = 64;

/** The table, and what became of the names. */
export interface BuiltNames extends NameTable {
  /** Different names, other ways to write them left out. */
  readonly names: number;
  /** Names of several entities. */
  readonly ambiguous: number;
  /** Entities that were left out of names with more than {@link mostCandidates}. */
  readonly leftOut: number;
}

/** @param degrees how well known each entity is */
export function buildNames(lists: NameLists, degrees: Uint32Array): BuiltNames {
  const kinds = [
    { list: lists.exact, flags: nameFlags.taken },
    { list: lists.elsewhere, flags: nameFlags.taken | nameFlags.elsewhere },
    { list: lists.atStart, flags: nameFlags.taken | nameFlags.atStart },
  ];
  const all = kinds.reduce((sum, { list }) => sum + list.lows.length, 0);
  const byName = newHashTable(all);
  const chains = new Chains();
  for (const { list, flags } of kinds) {
    for (let i = 0; i < list.lows.length; i++) {
      const [low, high, entity] = [list.lows.at(i), list.highs.at(i), list.entities.at(i)];
      const slot = findSlot(byName, low, high);
      if (slot < 0) addSlot(byName, low, high, chains.add(entity, none), flags);
      // As it is written comes first: another name's other spelling adds nothing to it.
      else if (flagsOf(byName, slot) === flags) setValue(byName, slot, chains.add(entity, slotValue(byName, slot)));
    }
  }
  return { ...endChains(byName, chains, degrees), ...prefixesOf(kinds.map(({ list }) => list)) };
}

const none = 0xffffffff;

/** Entities of the same name, each with the place of the one before it. */
class Chains {
  readonly entities = new Uint32List();
  readonly befores = new Uint32List();

  add(entity: number, before: number): number {
    this.entities.push(entity);
    this.befores.push(before);
    return this.entities.length - 1;
  }

  /** Different entities of a chain. */
  members(last: number): number[] {
    const found = new Set<number>();
    for (let at = last; at !== none; at = this.befores.at(at)) found.add(this.entities.at(at));
    return [...found];
  }
}

/** Puts entities, or lists of them, in the places of chains. */
function endChains(byName: HashTable, chains: Chains, degrees: Uint32Array) {
  const lists = new Uint32List();
  let [names, ambiguous, leftOut] = [0, 0, 0];
  for (let slot = 0; slot <= byName.mask; slot++) {
    const flags = flagsOf(byName, slot);
    if (flags === 0) continue;
    const members = chains.members(slotValue(byName, slot));
    if (flags === nameFlags.taken) names++;
    if (members.length === 1) {
      setValue(byName, slot, members[0]!);
      continue;
    }
    ambiguous++;
    const best = members.sort((a, b) => degrees[b]! - degrees[a]! || a - b).slice(0, mostCandidates);
    leftOut += members.length - best.length;
    setValue(byName, slot, lists.length);
    setFlags(byName, slot, flags | nameFlags.several);
    for (const number of [best.length, ...best]) lists.push(number);
  }
  return { byName, lists: lists.shared(), names, ambiguous, leftOut };
}

function prefixesOf(lists: readonly NameList[]): Pick<NameTable, "firsts" | "seconds"> {
  const all = lists.reduce((sum, { lows }) => sum + lows.length, 0);
  const firsts = sharedUint32(Math.min(1 << 20, powerOfTwo(4 * all)));
  const seconds = sharedUint32(powerOfTwo(all));
  for (const list of lists) {
    for (let i = 0; i < list.lows.length; i++) {
      const bit = (1 << (list.lengths.at(i) - 1)) >>> 0;
      firsts[list.firsts.at(i) & (firsts.length - 1)]! |= bit;
      if (list.lengths.at(i) > 1) seconds[list.seconds.at(i) & (seconds.length - 1)]! |= bit;
    }
  }
  return { firsts, seconds };
}

/** Looks names up in the tokens of a text. */
export class NameFinder {
  /** Tokens of the name that was found last. */
  length = 0;
  readonly #lows = new Uint32Array(longestName + 1);
  readonly #highs = new Uint32Array(longestName + 1);

  constructor(private readonly table: NameTable) {}

  /** The slot of the longest name that begins with a token, or −1; its tokens are {@link length}. */
  longestAt(tokens: Tokens, at: number): number {
    const { firsts, seconds, byName } = this.table;
    let low = extendHash(0, tokens.low[at]!);
    let lengths = firsts[low & (firsts.length - 1)]!;
    if (lengths === 0) return -1;
    let high = extendHash(0, tokens.high[at]!);
    this.#lows[1] = low;
    this.#highs[1] = high;
    for (let length = 2; lengths >>> (length - 1) !== 0; length++) {
      const next = at + length - 1;
      if (next >= tokens.count || tokens.flags[next]! & tokenFlags.afterBreak) {
        lengths &= 2 ** (length - 1) - 1;
        break;
      }
      low = extendHash(low, tokens.low[next]!);
      high = extendHash(high, tokens.high[next]!);
      this.#lows[length] = low;
      this.#highs[length] = high;
      if (length === 2) lengths &= seconds[low & (seconds.length - 1)]! | 1;
      if (length === longestName) break;
    }
    for (let length = 32 - Math.clz32(lengths); length > 0; length--) {
      if (((lengths >>> (length - 1)) & 1) === 0) continue;
      const slot = findSlot(byName, this.#lows[length]!, this.#highs[length]!);
      if (slot < 0 || !this.mayStand(tokens, at, slot)) continue;
      this.length = length;
      return slot;
    }
    return -1;
  }

  private mayStand(tokens: Tokens, at: number, slot: number): boolean {
    return (flagsOf(this.table.byName, slot) & nameFlags.atStart) === 0 || (tokens.flags[at]! & tokenFlags.first) !== 0;
  }

  /** The entities of a name, the best known first. */
  entities(slot: number): readonly number[] {
    const { byName, lists } = this.table;
    const value = slotValue(byName, slot);
    if ((flagsOf(byName, slot) & nameFlags.several) === 0) return [value];
    return Array.from(lists.subarray(value + 1, value + 1 + lists[value]!));
  }
}
