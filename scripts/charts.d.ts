/** A chart of docs/figures.json. A value is a mean and its standard deviation (0 where it is not known); null is a gap. */
export interface Figure {
  readonly file: string;
  /** The page of docs/ that shows it. */
  readonly page: string;
  readonly kind: "bars" | "lines";
  readonly title: string;
  readonly unit: string;
  /** The table and the command that the numbers come from. */
  readonly source: string;
  readonly max?: number;
  readonly groups: readonly string[];
  readonly series: readonly { readonly name: string; readonly values: readonly (readonly [number, number] | null)[] }[];
}

export function figures(): readonly Figure[];

/** Every chart as an SVG document, by file name. */
export function charts(): ReadonlyMap<string, string>;
