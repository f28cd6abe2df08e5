import { userError } from "../errors.js";
import { isFloating, toFloat32 } from "./float32.js";
import { openSafetensors } from "./safetensors.js";
import type { WeightSource } from "./source.js";
import { quoted } from "./strict-json.js";

/** How many names of each kind an error line lists, unless all are wanted. */
const LISTED = 10;

/** Shapes by name. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/** Parameters by name, row-major. */
export type Parameters = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

/** The shapes of declared parameters. */
export const shapesOf = (parameters: readonly { readonly name: string; readonly shape: readonly number[] }[]): Shapes =>
  new Map(parameters.map(({ name, shape }) => [name, shape]));

/** What {@link strictLoad} takes besides the source. */
export interface StrictLoadOptions {
  /**
   * The name that the model gives to a key of the source, or null to leave the key out on purpose (it is counted).
   * Without it names must be equal.
   */
  readonly canonicalKey?: (key: string) => string | null;
  /** Whether an error names every missing and unexpected tensor, however many there are. */
  readonly listAll?: boolean;
}

/** Weights that were checked as a whole; nothing has been read yet. */
export interface StrictLoad {
  /** Keys of the source that `canonicalKey` left out. */
  readonly ignored: readonly string[];
  /** Entries of the source that are no tensors (a trainer's `epoch`, ...). */
  readonly others: readonly string[];
  /** The source's key for a name of the model. */
  sourceKey(name: string): string;
  /** One parameter as float32, row-major, of the shape that was expected. */
  read(name: string): Promise<Float32Array>;
}

interface Findings {
  readonly keys: Map<string, string>;
  readonly ignored: string[];
  readonly missing: string[];
  readonly unexpected: string[];
  readonly misshaped: string[];
  readonly doubled: string[];
}

function compare(expected: Shapes, source: WeightSource, canonicalKey: (key: string) => string | null): Findings {
  const found: Findings = { keys: new Map(), ignored: [], missing: [], unexpected: [], misshaped: [], doubled: [] };
  for (const key of source.keys()) {
    const name = canonicalKey(key);
    if (name === null) {
      found.ignored.push(key);
      continue;
    }
    const shape = expected.get(name);
    const info = source.info(key);
    const earlier = found.keys.get(name);
    if (shape === undefined || info === undefined) {
      found.unexpected.push(quoted(key));
    } else if (earlier !== undefined) {
      found.doubled.push(`${quoted(earlier)} and ${quoted(key)} both for ${quoted(name)}`);
    } else {
      found.keys.set(name, key);
      if (!isFloating(info.dtype)) found.misshaped.push(`${quoted(key)} is ${info.dtype}, not floating`);
      else if (info.shape.length !== shape.length || info.shape.some((dim, i) => dim !== shape[i])) {
        found.misshaped.push(`${quoted(key)} is [${info.shape.join(", ")}], not [${shape.join(", ")}]`);
      }
    }
  }
  for (const name of expected.keys()) if (!found.keys.has(name)) found.missing.push(quoted(name));
  return found;
}

function listed(kind: string, names: readonly string[], most: number): string[] {
  if (names.length === 0) return [];
  const more = names.length > most ? ` and ${names.length - most} more` : "";
  return [`${names.length} ${kind}: ${names.slice(0, most).join(", ")}${more}`];
}

/**
 * Checks that a source holds exactly the expected parameters (names and shapes; floating element types), before
 * anything is read. Throws one UserError that lists all missing, unexpected and misshaped names and all pairs of keys
 * that mean one name: nothing is dropped in silence. Gives a loader that reads the parameters one by one as float32.
 */
export function strictLoad(expected: Shapes, source: WeightSource, options: StrictLoadOptions = {}): StrictLoad {
  const found = compare(expected, source, options.canonicalKey ?? ((key) => key));
  const most = options.listAll ? Number.POSITIVE_INFINITY : LISTED;
  const complaints = [
    ...listed("missing", found.missing, most),
    ...listed("unexpected", found.unexpected, most),
    ...listed("misshaped", found.misshaped, most),
    ...listed("doubled", found.doubled, most),
  ];
  if (complaints.length > 0) {
    throw userError({
      where: source.path,
      what: `the weights do not fit the model: ${complaints.join("; ")}`,
      fix: "check that configuration and weights belong together",
    });
  }
  const sourceKey = (name: string): string => {
    const key = found.keys.get(name);
    if (key === undefined) throw new Error(`no parameter ${quoted(name)} was expected`);
    return key;
  };
  return {
    ignored: found.ignored,
    others: source.others ?? [],
    sourceKey,
    read: async (name) => toFloat32(await source.read(sourceKey(name))),
  };
}

/** Reads the parameters of these shapes, which are some or all of those that `loader` was made for. */
export async function readParameters({ read }: StrictLoad, shapes: Shapes): Promise<Parameters> {
  const parameters = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const [name, shape] of shapes) parameters.set(name, { shape, data: await read(name) });
  return parameters;
}

/** Reads a safetensors file's parameters: exactly those of these shapes, or a UserError as {@link strictLoad} gives it. */
export async function readParameterFile(path: string, shapes: Shapes): Promise<Parameters> {
  const source = await openSafetensors(path);
  try {
    return await readParameters(strictLoad(shapes, source), shapes);
  } finally {
    await source.close();
  }
}
