/**
 * Which entities of several documents are the same.
 * @module
 */

/** An entity of one document. */
export interface NamedEntity {
  readonly names: readonly string[];
  /** The longest of its names. */
  readonly label: string;
  readonly type: string;
}

/**
 * Gives entities ids. Two of the same type are one where the label of either is a name of the other: `United States` is
 * the `United States of America` that is called so elsewhere. A person's single name, which many have, joins only those
 * that have no longer one. Two of different types are one where their labels are the same and of several words.
 */
export function joinEntities(entities: readonly NamedEntity[]): ReadonlyMap<NamedEntity, string> {
  const groups = new Groups(entities.length);
  const byLabel = new Map<string, number>();
  for (const [i, { label, type }] of entities.entries()) {
    for (const key of [keyOf(label, type), ...(label.includes(" ") ? [keyOf(label, "")] : [])]) {
      const first = byLabel.get(key);
      if (first === undefined) byLabel.set(key, i);
      else groups.join(first, i);
    }
  }
  for (const [i, { names, type }] of entities.entries()) {
    for (const name of names.filter((one) => type !== "PER" || one.includes(" "))) {
      const other = byLabel.get(keyOf(name, type));
      if (other !== undefined) groups.join(other, i);
    }
  }
  return new Map(entities.map((entity, i) => [entity, idOf(entities[groups.first(i)]!)]));
}

/** `the Bronx` is the `Bronx`. */
const keyOf = (name: string, type: string): string => `${name.replace(/^the /i, "")}\t${type}`;

/** Groups of numbers (union and find). */
class Groups {
  readonly #parents: number[];

  constructor(count: number) {
    this.#parents = Array.from({ length: count }, (_, i) => i);
  }

  /** The first of a group's members. */
  first(member: number): number {
    let at = member;
    while (this.#parents[at] !== at) at = this.#parents[at] = this.#parents[this.#parents[at]!]!;
    return at;
  }

  join(one: number, other: number): void {
    const [a, b] = [this.first(one), this.first(other)];
    this.#parents[Math.max(a, b)] = Math.min(a, b);
  }
}

const idOf = ({ label, type }: NamedEntity): string => (type === "" ? label : `${label} (${type})`);
