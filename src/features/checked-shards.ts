/**
 * Which shards of a cache were found whole, so that each is hashed once and not at every opening.
 *
 * A shard is remembered by its size and times: what changes its content changes them (see cache-shard.ts), and then it is
 * hashed again. Each part of an array writes a record of its own, so no two overwrite each other's; readers take all.
 * @module
 */
import { z } from "zod";
import { writeFileAtomically } from "../files/atomic.js";
import { fileBytes } from "../files/bounds.js";
import { parseWith, readJsonIfThere } from "../files/json.js";
import { readdir } from "../host/files.js";
import { join } from "../host/paths.js";
import { type Part, partName } from "../part.js";

const recordName = /^checked(\.\d+-of-\d+)?\.json$/;
const recordFile = { what: "the record of checked shards", mostBytes: fileBytes.records };
const recordSchema = z.record(z.string(), z.string());

const keyOf = (shard: string, stamp: string): string => `${shard} ${stamp}`;

/** The shards of a cache that were hashed and found whole. */
export class CheckedShards {
  private changed = false;

  private constructor(
    private readonly file: string,
    private readonly known: Set<string>,
    private readonly own: Map<string, string>,
  ) {}

  /** Reads what is recorded. A record that is damaged counts for nothing: its shards are hashed again. */
  static async read(folder: string, part: Part | undefined): Promise<CheckedShards> {
    const ownName = part === undefined ? "checked.json" : `checked.${partName(part)}.json`;
    const names = (await readdir(folder).catch(() => [])).filter((name) => recordName.test(name));
    const records = new Map<string, Readonly<Record<string, string>>>();
    for (const name of names) records.set(name, await recordOf(join(folder, name)));
    const known = [...records.values()].flatMap((record) => Object.entries(record));
    const own = new Map(Object.entries(records.get(ownName) ?? {}));
    return new CheckedShards(join(folder, ownName), new Set(known.map(([shard, stamp]) => keyOf(shard, stamp))), own);
  }

  /** @param stamp size and times of the shard's file */
  has(shard: string, stamp: string): boolean {
    return this.known.has(keyOf(shard, stamp));
  }

  add(shard: string, stamp: string): void {
    if (this.has(shard, stamp)) return;
    this.known.add(keyOf(shard, stamp));
    this.own.set(shard, stamp);
    this.changed = true;
  }

  /** Writes what came to be known here. */
  async save(): Promise<void> {
    if (!this.changed) return;
    await writeFileAtomically(this.file, `${JSON.stringify(Object.fromEntries(this.own))}\n`);
    this.changed = false;
  }
}

async function recordOf(path: string): Promise<Readonly<Record<string, string>>> {
  try {
    return parseWith(recordSchema, (await readJsonIfThere(path, recordFile)) ?? {}, path);
  } catch {
    return {};
  }
}
