/**
 * How long a training takes on so many machines, from what one machine was measured to do.
 *
 * Hidden states are computed apart, by parts that know nothing of each other, so n machines take an n-th of the time. A step
 * is shared out by sentences; every machine makes the whole update, and the gradients go round as in a ring all-reduce:
 * each machine sends and receives 2 (n − 1) / n of them. Nothing is hidden behind anything else, so a real run may be faster.
 * @module
 */

/** What one machine does. */
export interface Rates {
  /** Sentences whose hidden states it computes in a second. */
  readonly features: number;
  /** Seconds that a sentence adds to a training step, and those that a step takes besides: the update. */
  readonly sentence: number;
  readonly update: number;
  /** Numbers that learn, 4 bytes each. */
  readonly parameters: number;
}

/** What is to be done, and with what. */
export interface Workload {
  readonly sentences: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Between two machines, in Gb/s. */
  readonly bandwidth: number;
  /** Of a machine for an hour. */
  readonly price: number;
}

/** What so many machines take. */
export interface Estimate {
  readonly nodes: number;
  /** Hours. */
  readonly features: number;
  readonly training: number;
  /** How many times faster than one machine the training is. */
  readonly speedUp: number;
  readonly cost: number;
}

/** Seconds of a training step on so many machines. */
export function stepSeconds(
  { sentence, update, parameters }: Rates,
  { batchSize, bandwidth }: Workload,
  nodes: number,
): number {
  const bytes = ((2 * (nodes - 1)) / nodes) * parameters * 4;
  return (batchSize * sentence) / nodes + update + (bytes * 8) / (bandwidth * 1e9);
}

export function estimate(rates: Rates, work: Workload, nodes: number): Estimate {
  const { sentences, epochs, batchSize, price } = work;
  const steps = epochs * Math.ceil(sentences / batchSize);
  const features = sentences / rates.features / nodes / 3600;
  const training = (steps * stepSeconds(rates, work, nodes)) / 3600;
  const speedUp = stepSeconds(rates, work, 1) / stepSeconds(rates, work, nodes);
  return { nodes, features, training, speedUp, cost: nodes * price * (features + training) };
}

/** Twice the machines that do not save so much of the time are not worth it. */
const worthwhile = 0.25;

/** Up to how many machines, a power of two, it is worth it to share out steps: doubling them saves a quarter of the time. */
export function lastWorthwhile(rates: Rates, work: Workload, most = 4096): number {
  let nodes = 1;
  const saves = () => stepSeconds(rates, work, 2 * nodes) <= (1 - worthwhile) * stepSeconds(rates, work, nodes);
  while (nodes < most && saves()) nodes *= 2;
  return nodes;
}

/** The rates of steps from the times of two sizes of batches; what noise makes negative counts for nothing. */
export function stepRates(
  small: { readonly batchSize: number; readonly seconds: number },
  large: { readonly batchSize: number; readonly seconds: number },
): Pick<Rates, "sentence" | "update"> {
  const sentence = (large.seconds - small.seconds) / (large.batchSize - small.batchSize);
  const update = large.seconds - large.batchSize * sentence;
  return sentence > 0 && update >= 0 ? { sentence, update } : { sentence: large.seconds / large.batchSize, update: 0 };
}
