import { basename } from "../host/paths.js";
import { parseModelId } from "../weights/hub-cache.js";

/** What a card's header says, which the hub reads. */
export interface CardFacts {
  /** As {@link "./model-card.js".baseName} has it. */
  readonly base: string | null;
  readonly tags: readonly string[];
  /** Options of the training, of which the data's names are told. */
  readonly recipe: Readonly<Record<string, unknown>>;
  readonly metrics: Readonly<Record<string, unknown>>;
}

/** Settings that name what was learnt from. */
const dataSettings = ["train", "facts", "data"];

const textsIn = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === "string");

/** A list of YAML, on a line of its own; JSON's texts are YAML's, whatever stands in them. */
const listed = (key: string, values: readonly string[]): readonly string[] =>
  values.length === 0 ? [] : [`${key}: [${values.map((one) => JSON.stringify(one)).join(", ")}]`];

/** The lines at the top of a card: YAML between two lines of `---`. */
export function cardHeader({ base, tags, recipe, metrics }: CardFacts): string {
  // The hub refuses what can be nobody's name.
  const named = base !== null && parseModelId(base) !== undefined;
  const data = dataSettings.flatMap((key) => textsIn(recipe[key])).map((path) => basename(path));
  const measured = Object.entries(metrics).flatMap(([name, value]) => (typeof value === "number" ? [name] : []));
  return [
    "---",
    "library_name: kadapter",
    ...(named ? [`base_model: ${JSON.stringify(base)}`, "base_model_relation: adapter"] : []),
    ...listed("datasets", [...new Set(data)]),
    ...listed("metrics", measured),
    ...listed("tags", ["k-adapter", "adapter", ...tags]),
    "---",
  ].join("\n");
}
