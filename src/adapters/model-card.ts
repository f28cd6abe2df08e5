import type { AdapterManifest } from "./adapter-manifest.js";
import { holdsAdapter } from "./config.js";

/** The README of an adapter's folder, for those who find it. */
export function modelCard(manifest: AdapterManifest, adapterParameters: number, headParameters: number): string {
  const { architecture, backbone, features, metrics, recipe, task } = manifest;
  const base = backbone.name ?? "an unknown backbone";
  return `---
library_name: kadapter
${backbone.name === null ? "" : `base_model: ${JSON.stringify(backbone.name)}\n`}tags: [k-adapter, adapter, ${task.name}]
---

# A knowledge adapter for ${base}

${
  holdsAdapter(features)
    ? "A K-Adapter (arXiv 2002.01808): it reads hidden states of a frozen language model and adds what it has learnt beside them. The model itself is unchanged."
    : "A baseline without an adapter: a head on hidden states of a frozen language model, to compare adapters with."
}

${propertyTable({
  task: task.name,
  labels: task.labels ? task.labels.length : "unknown",
  backbone: `${backbone.modelType ?? "of unknown kind"}, ${backbone.layers ?? "?"} layers × ${backbone.hiddenSize}`,
  "reads hidden states": architecture.layers.join(", "),
  "adapter size × layers": `${architecture.size} × ${architecture.transformerLayers}, ${architecture.heads} heads, FFN ${architecture.intermediateSize}`,
  parameters: `${adapterParameters.toLocaleString("en")} (head: ${headParameters.toLocaleString("en")})`,
  "longest text": `${task.maxLength} tokens`,
})}

## Results

${Object.keys(metrics).length === 0 ? "None recorded." : propertyTable(metrics)}

## Use

\`\`\`sh
npx kadapter eval --adapter . --backbone ${backbone.name ?? "DIR"} --data FILE --json
\`\`\`

The backbone's weights have the SHA-256 \`${backbone.hash ?? "unknown"}\`; \`kadapter verify\` compares it.

## Training

${Object.keys(recipe).length === 0 ? "Unknown." : propertyTable(recipe)}
`;
}

/** A Markdown table of names and values. */
export function propertyTable(rows: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(rows).map(([key, value]) => `| ${key} | ${cell(value)} |`);
  return ["| | |", "| --- | --- |", ...lines].join("\n");
}

function cell(value: unknown): string {
  return (typeof value === "string" ? value : (JSON.stringify(value) ?? ""))
    .replaceAll("|", "\\|")
    .replace(/\s+/g, " ");
}
