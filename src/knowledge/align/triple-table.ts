/**
 * Triples by number, so sorted that both directions of a pair are looked up at once.
 * @module
 */
import { sharedUint32, type Uint32List } from "./shared-arrays.js";

/** Eight bytes a triple, and eight a node. */
export interface TripleTable {
  /** Where each subject's triples begin, and where the last one's end. */
  readonly starts: Uint32Array;
  /** In a subject's part: ascending, and by relation where they are equal. */
  readonly objects: Uint32Array;
  readonly relations: Uint32Array;
  /** How many triples each node is subject or object of. */
  readonly degrees: Uint32Array;
}

/** More relations than this would not fit beside an object in a double's 53 bits. */
export const mostRelations = 2 ** 21;

/** Sorts triples, and leaves each out that is there twice. */
export function buildTriples(
  subjects: Uint32List,
  relations: Uint32List,
  objects: Uint32List,
  nodes: number,
): TripleTable {
  const places = new Uint32Array(nodes + 1);
  for (let i = 0; i < subjects.length; i++) places[subjects.at(i) + 1]!++;
  for (let node = 0; node < nodes; node++) places[node + 1]! += places[node]!;
  const keys = new Float64Array(subjects.length);
  const next = places.slice();
  for (let i = 0; i < subjects.length; i++) {
    keys[next[subjects.at(i)]!++] = objects.at(i) * mostRelations + relations.at(i);
  }
  return sortedTriples(places, keys, nodes);
}

function sortedTriples(places: Uint32Array, keys: Float64Array, nodes: number): TripleTable {
  const starts = sharedUint32(nodes + 1);
  const degrees = sharedUint32(nodes);
  let used = 0;
  for (let node = 0; node < nodes; node++) {
    const [from, to] = [places[node]!, places[node + 1]!];
    keys.subarray(from, to).sort();
    for (let i = from; i < to; i++) {
      const key = keys[i]!;
      if (i > from && key === keys[used - 1]) continue;
      keys[used++] = key;
      degrees[node]!++;
      degrees[Math.floor(key / mostRelations)]!++;
    }
    starts[node + 1] = used;
  }
  const objects = sharedUint32(used);
  const relations = sharedUint32(used);
  for (let i = 0; i < used; i++) {
    objects[i] = Math.floor(keys[i]! / mostRelations);
    relations[i] = keys[i]! % mostRelations;
  }
  return { starts, objects, relations, degrees };
}

/** The first triple of a subject with this object, or with the next one where there is none; one after its last at most. */
export function firstTriple({ starts, objects }: TripleTable, subject: number, object: number): number {
  let low = starts[subject]!;
  let high = starts[subject + 1]!;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (objects[middle]! < object) low = middle + 1;
    else high = middle;
  }
  return low;
}
