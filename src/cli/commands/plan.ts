import { openBackbone } from "../../features/backbone-handle.js";
import { measuredRates } from "../../library/measured-rates.js";
import { ownModel } from "../../library/own-model.js";
import { counted } from "../../phrases.js";
import type { PlanSettings } from "../../settings/plan.js";
import { type Estimate, estimate, lastWorthwhile, type Rates } from "../../submit/estimate.js";
import type { CommandContext } from "../run.js";
import { withEngine } from "../runtime.js";
import { tableLines } from "../table.js";

/** `plan`: hours and cost of a training on so many machines like this one. */
export async function run(options: PlanSettings, { output, signal }: CommandContext): Promise<void> {
  const { sentences, epochs, batchSize, bandwidth, price, train: examples } = options;
  const backbone = await openBackbone(options.backbone ?? ownModel());
  const note = output.note.bind(output);
  const rates = await withEngine(options, (engine) =>
    measuredRates({ engine, backbone, examples, batchSize, note, signal }),
  );
  const work = { sentences, epochs, batchSize, bandwidth, price };
  const rows = options.nodes.map((nodes) => estimate(rates, work, nodes));
  const last = lastWorthwhile(rates, work);
  for (const line of aboutRates(rates)) output.say(line);
  for (const line of tableOf(rows)) output.say(line);
  output.say(
    `Steps are worth sharing out among up to ${counted(last, "machine")}: beyond that, twice as many save less than a quarter of the time.`,
  );
  output.result({ rates, work, estimates: rows, worthwhile: last });
}

const milliseconds = (seconds: number) => `${(1000 * seconds).toPrecision(3)} ms`;

function aboutRates({ features, sentence, update, parameters }: Rates): readonly string[] {
  return [
    `this machine: hidden states of ${features.toPrecision(3)} sentences in a second`,
    `a step: ${milliseconds(sentence)} for each sentence and ${milliseconds(update)} besides, for ${parameters.toLocaleString("en")} numbers that learn`,
  ];
}

const hours = (value: number) => (value < 10 ? value.toPrecision(2) : value.toFixed(0));

function tableOf(estimates: readonly Estimate[]): readonly string[] {
  const rows = estimates.map(({ nodes, features, training, speedUp, cost }) => [
    ...[String(nodes), hours(features), hours(training), speedUp.toFixed(1)],
    ...[hours(features + training), cost.toFixed(0)],
  ]);
  return tableLines(["machines", "hidden states (h)", "training (h)", "speed-up", "both (h)", "cost"], rows, 0);
}
