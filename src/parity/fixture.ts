/**
 * Folders with golden numbers: `meta.json` names every tensor and says how close it must be.
 * @module
 */

import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { userError } from "../errors.js";
import { fileError } from "../files/atomic.js";
import { fileBytes } from "../files/bounds.js";
import { parseWith, readJson as readJsonFile } from "../files/json.js";
import { elementCount, type HostTensor } from "../tensor.js";
import { toFloat32 } from "../weights/float32.js";
import { openSafetensors } from "../weights/safetensors.js";

const toleranceSchema = z.union([
  z.literal("input"),
  z.literal("exact"),
  z.object({ atol: z.number(), rtol: z.number(), atol_99_percent: z.number().optional() }),
]);
export type Tolerance = z.infer<typeof toleranceSchema>;

const metaSchema = z.looseObject({
  fixture: z.string(),
  tensors: z.record(z.string(), z.record(z.string(), z.looseObject({ tolerance: toleranceSchema }))).default({}),
});
export type Meta = z.infer<typeof metaSchema>;

export interface Row {
  readonly tensor: string;
  /** Largest |mine − expected|. */
  readonly error: number;
  /** Largest share of the allowed error that was used up; above 1 is a failure. */
  readonly used: number;
  readonly note?: string;
}

/** One folder: its tensors, and the account of what was compared. */
export class Fixture {
  readonly rows: Row[] = [];
  private readonly pending = new Set<string>();
  private readonly tolerances = new Map<string, Tolerance>();

  private constructor(
    readonly folder: string,
    readonly meta: Meta,
  ) {
    for (const [file, tensors] of Object.entries(meta.tensors)) {
      for (const [pattern, { tolerance }] of Object.entries(tensors)) {
        for (const name of expandSteps(pattern)) {
          this.tolerances.set(`${file}/${name}`, tolerance);
          this.pending.add(`${file}/${name}`);
        }
      }
    }
  }

  static async open(folder: string): Promise<Fixture> {
    const path = join(folder, "meta.json");
    return new Fixture(folder, parseWith(metaSchema, await readJson(path), path));
  }

  /** Files of tensors that meta.json describes. */
  get files(): readonly string[] {
    return Object.keys(this.meta.tensors);
  }

  /** Says that an input tensor was used. */
  used(file: string, name: string): void {
    if (this.tolerances.get(`${file}/${name}`) === "input" || this.tolerances.get(`${file}/${name}`) === "exact") {
      this.pending.delete(`${file}/${name}`);
    }
  }

  /** All tensors of a file; given ones count as used. */
  async read(file: string): Promise<ReadonlyMap<string, HostTensor>> {
    const source = await openSafetensors(join(this.folder, file));
    try {
      const tensors = new Map<string, HostTensor>();
      for (const key of source.keys()) {
        tensors.set(key, await source.read(key));
        this.used(file, key);
      }
      return tensors;
    } finally {
      await source.close();
    }
  }

  /**
   * Compares one tensor, element by element: |mine − expected| ≤ atol + rtol·|expected|.
   *
   * @param mask elements that count (1) or not (0); all count by default
   */
  compare(
    file: string,
    name: string,
    expected: HostTensor | undefined,
    mine: ArrayLike<number>,
    mask?: ArrayLike<number>,
  ): void {
    const label = `${file}/${name}`;
    const tolerance = this.tolerances.get(label);
    this.pending.delete(label);
    if (!expected) {
      this.fail(label, "the file does not hold it");
      return;
    }
    if (tolerance === undefined) {
      this.fail(label, "meta.json gives no tolerance");
      return;
    }
    if (mine.length !== elementCount(expected.shape)) {
      this.fail(label, `${mine.length} elements instead of ${elementCount(expected.shape)}`);
      return;
    }
    this.rows.push({ tensor: label, ...largestError(toFloat32(expected), mine, tolerance, mask) });
  }

  /** Records a comparison that was made elsewhere. */
  record(tensor: string, error: number, allowed: number): void {
    this.rows.push({ tensor, error, used: error === 0 ? 0 : error / allowed });
  }

  fail(tensor: string, note: string): void {
    this.rows.push({ tensor, error: Number.NaN, used: Number.POSITIVE_INFINITY, note });
  }

  /** Tensors that meta.json lists and nothing has compared or used. */
  get uncompared(): readonly string[] {
    return [...this.pending];
  }
}

function largestError(expected: Float32Array, mine: ArrayLike<number>, tolerance: Tolerance, mask?: ArrayLike<number>) {
  const {
    atol,
    rtol,
    atol_99_percent: most,
  } = typeof tolerance === "string" ? { atol: 0, rtol: 0, atol_99_percent: undefined } : tolerance;
  let [error, used, far, counted] = [0, 0, 0, 0];
  for (let i = 0; i < expected.length; i++) {
    if (mask && !mask[i]) continue;
    counted++;
    const target = expected[i] as number;
    const off = Math.abs((mine[i] as number) - target);
    const allowed = atol + rtol * Math.abs(target);
    const share = off === 0 ? 0 : off / allowed;
    if (Number.isNaN(off)) return { error: off, used: Number.POSITIVE_INFINITY };
    if (off > error) error = off;
    if (share > used) used = share;
    if (most !== undefined && off > most) far++;
  }
  if (counted === 0) return { error: 0, used: Number.POSITIVE_INFINITY, note: "no element was compared" };
  if (far > counted / 100) {
    return {
      error,
      used: Math.max(used, 1 + far / counted),
      note: `${far} of ${counted} elements are off by more than ${most}`,
    };
  }
  return { error, used };
}

/** `step{1..5}.loss` stands for five names. */
function expandSteps(pattern: string): string[] {
  const match = /^(.*)\{(\d+)\.\.(\d+)\}(.*)$/.exec(pattern);
  if (!match) return [pattern];
  const [, before = "", from = "", to = "", after = ""] = match;
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => `${before}${Number(from) + i}${after}`);
}

/** A JSON file of a fixture. */
export const readJson = (path: string): Promise<unknown> =>
  readJsonFile(path, { what: "the file", mostBytes: fileBytes.records });

/** The nearest folder, upwards from `folder`, that holds a file. */
export async function nearestWith(folder: string, file: string): Promise<string> {
  let at = folder;
  for (let steps = 0; steps < 4; steps++) {
    if ((await readdir(at)).includes(file)) return at;
    at = dirname(at);
  }
  throw userError({ where: folder, what: `neither the folder nor those above it hold ${file}` });
}

/** A folder and the fixtures inside it, such as variants. */
export async function fixtureFolders(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw fileError(folder, "read the folder", error);
  });
  const nested = await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map((entry) => fixtureFolders(join(folder, entry.name))),
  );
  return [...(entries.some((entry) => entry.name === "meta.json") ? [folder] : []), ...nested.flat()].sort();
}
