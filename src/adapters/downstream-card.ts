import { counted } from "../phrases.js";
import { cardHeader } from "./card-header.js";
import type { DownstreamManifest } from "./downstream-folder.js";
import { baseName, cell, propertyTable } from "./model-card.js";

/** The README of a fine-tuned model's folder, for those who find it. */
export function downstreamCard({ adapters, backbone, metrics, recipe, task, trains }: DownstreamManifest): string {
  const base = baseName(backbone.name);
  const changed = trains === "backbone" || trains === "all";
  return `${cardHeader({ base, tags: [task.name], recipe, metrics })}

# A fine-tuned model beside ${base === null ? "an unknown backbone" : cell(base)}

${
  adapters.length === 0
    ? "A head on a language model."
    : `A head on a language model and ${counted(adapters.length, "knowledge adapter")} (K-Adapter, arXiv 2002.01808).`
} ${changed ? "The language model itself was trained, too, and is in it." : "The language model itself is unchanged."}

${propertyTable({
  task: task.name,
  labels: task.labels ? task.labels.length : "none",
  backbone: `${backbone.modelType ?? "of unknown kind"}, ${backbone.layers ?? "?"} layers × ${backbone.hiddenSize}`,
  ...Object.fromEntries(adapters.map(({ name, hash }) => [`adapter ${name}`, `SHA-256 ${hash.slice(0, 16)}…`])),
  "longest text": `${task.maxLength} tokens`,
})}

## Results

${Object.keys(metrics).length === 0 ? "None recorded." : propertyTable(metrics)}

## Use

\`\`\`sh
npx kadapter eval --adapter . --backbone DIR --data FILE --json
\`\`\`

## Training

${Object.keys(recipe).length === 0 ? "Unknown." : propertyTable(recipe)}
`;
}
