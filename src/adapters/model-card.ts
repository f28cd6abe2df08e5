import { existsSync } from "../host/files.js";
import { basename, isAbsolute, resolve } from "../host/paths.js";
import { counted, printable } from "../phrases.js";
import { isHubName, parseModelId } from "../weights/hub-cache.js";
import type { AdapterManifest } from "./adapter-manifest.js";
import { cardHeader } from "./card-header.js";
import { holdsAdapter } from "./config.js";

/** The README of an adapter's folder, for those who find it. */
export function modelCard(manifest: AdapterManifest, adapterParameters: number, headParameters: number): string {
  const { architecture, backbone, features, metrics, recipe, task } = manifest;
  const ownHead = features === "residual";
  const base = baseName(backbone.name);
  return `${cardHeader({ base, tags: [task.name], recipe, metrics })}

# A knowledge adapter for ${base === null ? "an unknown backbone" : cell(base)}

${
  holdsAdapter(features)
    ? "A K-Adapter (arXiv 2002.01808): it reads hidden states of a frozen language model and adds what it has learnt beside them. The model itself is unchanged."
    : "A baseline without an adapter: a head on hidden states of a frozen language model, to compare adapters with."
}

${propertyTable({
  task: task.name,
  ...(ownHead ? {} : { labels: task.labels ? task.labels.length : "unknown" }),
  backbone: `${backbone.modelType ?? "of unknown kind"}, ${backbone.layers ?? "?"} layers × ${backbone.hiddenSize}`,
  "reads hidden states": architecture.layers.join(", "),
  "adapter size × layers": `${architecture.size} × ${architecture.transformerLayers}, ${counted(architecture.heads, "head")}, FFN ${architecture.intermediateSize}`,
  parameters: `${adapterParameters.toLocaleString("en")} (head: ${headParameters.toLocaleString("en")})`,
  "longest text": `${task.maxLength} tokens`,
})}

## Results

${Object.keys(metrics).length === 0 ? "None recorded." : propertyTable(metrics)}

## Use

\`\`\`sh
${useLines(manifest).join("\n")}
\`\`\`

The backbone's tensors (not the file) have the SHA-256 \`${backbone.hash ?? "unknown"}\`; \`kadapter verify\` compares it.

## Training

${Object.keys(recipe).length === 0 ? "Unknown." : propertyTable(recipe)}
`;
}

/** Commands that use the adapter, from its own folder. */
function useLines({ backbone, features, recipe }: AdapterManifest): readonly string[] {
  const beside = `--backbone ${(backbone.name !== null && hubId(backbone.name)) || "DIR"}`;
  if (features !== "residual") return [`npx kadapter eval --adapter . ${beside} --data FILE --json`];
  // Asked in the wordings that were taught.
  const wordings = typeof recipe["wordings"] === "string" ? " --wordings FILE" : "";
  return [
    `npx kadapter fill "TEXT WITH A [MASK]" --adapter taught=. ${beside}`,
    `npx kadapter predict --adapter . ${beside} --text "TEXT WITH A [MASK]" --top 5`,
    `npx kadapter eval --adapter . ${beside} --data FACTS.csv${wordings}`,
    `npx kadapter probe recall --adapter . ${beside} --facts FACTS.csv${wordings}`,
  ];
}

/** A Markdown table of names and values. */
export function propertyTable(rows: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(rows).map(([key, value]) => `| ${cell(key)} | ${cell(value)} |`);
  return ["| | |", "| --- | --- |", ...lines].join("\n");
}

/** A model as others know it: its Hugging Face id, or its folder's own name rather than where that lies on a machine. */
export function baseName(name: string | null): string | null {
  return name === null ? null : (hubId(name) ?? basename(resolve(name)));
}

/** The Hugging Face id of a model by its name or its place in the hub's cache; null for a folder. */
function hubId(name: string): string | null {
  // A snapshot in the hub's cache: models--FacebookAI--roberta-large/snapshots/…
  const cached = /models--([^/\\]+)--([^/\\]+)[/\\]snapshots/.exec(name);
  if (cached) return `${cached[1]}/${cached[2]}`;
  if (isHubName(name)) return parseModelId(name)?.id ?? null;
  return /^\w[\w.-]*(\/[\w.-]+)?$/.test(name) && !existsSync(name) ? name : null;
}

/** Enough digits to read, and no path of the machine that it was made on. */
function readable(value: unknown): unknown {
  if (typeof value === "number") return Number(value.toPrecision(6));
  return typeof value === "string" && isAbsolute(value) ? basename(value) : value;
}

/** A value in a cell of a table, which no sign in it ends. */
export function cell(value: unknown): string {
  const text = JSON.stringify(value, (_, inner: unknown) => readable(inner)) ?? "";
  const shown = typeof value === "string" ? String(readable(value)) : text;
  return printable(shown.replace(/\s+/g, " ")).replace(/[\\|`<]/g, (sign) => `\\${sign}`);
}
