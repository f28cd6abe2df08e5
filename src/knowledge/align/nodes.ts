/**
 * Entities and values by number: what triples are about.
 * @module
 */
import { userError } from "../../errors.js";
import type { TripleObject } from "../knowledge.js";
import { addSlot, findSlot, type HashTable, newHashTable, slotValue } from "./hash-table.js";
import { sharedUint8, Uint32List } from "./shared-arrays.js";
import { TextHash } from "./text-hash.js";

/** Entities first, then dates and numbers; each has an id, or a value in its normal form. */
export interface NodeTable {
  readonly count: number;
  /** The first of them are entities. */
  readonly entities: number;
  /** Their ids one behind the other, in UTF-8. */
  readonly idBytes: Uint8Array;
  /** Where each id begins, and where the last one ends. */
  readonly idStarts: Uint32Array;
  readonly byId: HashTable;
}

type NodeKind = TripleObject["kind"];

const kindSigns = { entity: "", date: "\u0001", number: "\u0002", text: "\u0003" } as const;

const hash = new TextHash();

/** The number of an entity or a value, or −1. */
export function findNode(nodes: NodeTable, kind: NodeKind, id: string): number {
  const { low, high } = hash.of(kindSigns[kind] + id);
  const slot = findSlot(nodes.byId, low, high);
  return slot < 0 ? -1 : slotValue(nodes.byId, slot);
}

const decoder = new TextDecoder();

/** The id of an entity, or a value in its normal form. */
export function nodeId({ idBytes, idStarts }: NodeTable, node: number): string {
  // A decoder takes no view of shared memory.
  return decoder.decode(idBytes.slice(idStarts[node], idStarts[node + 1]));
}

const blockBytes = 1 << 20;

/** Numbers things in the order in which they come. */
export class NodeTableBuilder {
  entities = 0;
  readonly #lows = new Uint32List();
  readonly #highs = new Uint32List();
  readonly #starts = new Uint32List();
  readonly #blocks: { readonly bytes: Uint8Array; used: number }[] = [];
  readonly #encoder = new TextEncoder();
  #bytes = 0;
  #byId = newHashTable(1 << 12);

  get count(): number {
    return this.#lows.length;
  }

  /** The number of a thing, which is new where it was not there. */
  add(kind: NodeKind, id: string): number {
    const found = this.find(kind, id);
    if (found >= 0) return found;
    const { low, high } = hash.of(kindSigns[kind] + id);
    const node = this.count;
    this.#lows.push(low);
    this.#highs.push(high);
    this.write(id);
    // Half full at most, so that lookups stay short while it grows.
    if (node > (this.#byId.mask + 1) / 2) this.rebuild(1.4 * (this.#byId.mask + 1));
    else addSlot(this.#byId, low, high, node, 1);
    if (kind === "entity") this.entities++;
    return node;
  }

  find(kind: NodeKind, id: string): number {
    const { low, high } = hash.of(kindSigns[kind] + id);
    const slot = findSlot(this.#byId, low, high);
    return slot < 0 ? -1 : slotValue(this.#byId, slot);
  }

  private write(id: string): void {
    this.#starts.push(this.#bytes);
    const most = 3 * id.length;
    if (this.#bytes + most > 0xffff_ffff) {
      throw userError({
        what: "the ids of all entities take more than 4 GB",
        fix: "leave out rare ones, or shorten them",
      });
    }
    let block = this.#blocks.at(-1);
    if (block === undefined || block.bytes.length - block.used < most) {
      block = { bytes: new Uint8Array(Math.max(blockBytes, most)), used: 0 };
      this.#blocks.push(block);
    }
    const { written } = this.#encoder.encodeInto(id, block.bytes.subarray(block.used));
    block.used += written;
    this.#bytes += written;
  }

  private rebuild(keys: number): void {
    this.#byId = newHashTable(keys);
    for (let node = 0; node < this.count; node++) {
      addSlot(this.#byId, this.#lows.at(node), this.#highs.at(node), node, 1);
    }
  }

  finish(): NodeTable {
    this.#starts.push(this.#bytes);
    this.rebuild(this.count);
    const idBytes = sharedUint8(this.#bytes);
    let at = 0;
    for (const { bytes, used } of this.#blocks) {
      idBytes.set(bytes.subarray(0, used), at);
      at += used;
    }
    const idStarts = this.#starts.shared();
    return { count: this.count, entities: this.entities, idBytes, idStarts, byId: this.#byId };
  }
}
