import { knowledgeBounds } from "../files/bounds.js";

/** What lines say of one entity. */
export interface GatheredEntity {
  readonly id: string;
  readonly names: string[];
  readonly types: string[];
}

/**
 * Gathers what sorted lines say of each entity: its id, then the rank, number and text of a name, or `t` and a type. What
 * has no name is left out.
 *
 * @param skipped counts names and types that are too many
 */
export async function* entitiesOf(
  batches: AsyncIterable<readonly string[]>,
  skipped: Record<string, number>,
): AsyncGenerator<readonly GatheredEntity[]> {
  let last: GatheredEntity | undefined;
  for await (const batch of batches) {
    const done: GatheredEntity[] = [];
    for (const line of batch) {
      const [id, rank, first, name] = line.split("\t") as [string, string, string, string?];
      if (last?.id !== id) {
        if (last && last.names.length > 0) done.push(last);
        last = { id, names: [], types: [] };
      }
      const [list, text] = rank === "t" ? [last.types, first] : [last.names, name ?? ""];
      if (list.includes(text)) continue;
      if (list.length < knowledgeBounds.ofOneEntity) list.push(text);
      else skipped["too-many-names"] = (skipped["too-many-names"] ?? 0) + 1;
    }
    yield done;
  }
  if (last && last.names.length > 0) yield [last];
}
