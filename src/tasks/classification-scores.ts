/** Precision, recall and F1 of one class; fractions. */
export interface ClassScores {
  /** Share of right ones among those that were taken for the class. */
  readonly precision: number;
  /** Share of the class that was told. */
  readonly recall: number;
  /** Harmonic mean of the two. */
  readonly f1: number;
  /** Examples of the class. */
  readonly support: number;
  /** Examples that were taken for it. */
  readonly predicted: number;
}

/** How well classes are told; fractions. */
export interface ClassificationScores {
  /** Share of right answers. */
  readonly accuracy: number;
  /** With one answer an example and every class counted, micro F1 equals accuracy; given since papers report it. */
  readonly microF1: number;
  /** Mean F1 over the classes that occur, in the data or among the answers. */
  readonly macroF1: number;
  /** Mean cross-entropy. */
  readonly loss: number;
  /** Examples that were told. */
  readonly examples: number;
  /** Each class by its name. */
  readonly perClass: Readonly<Record<string, ClassScores>>;
}

/** Index of the largest element; the first at a tie. */
export function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] as number) > (values[best] as number)) best = i;
  return best;
}

/** −log softmax(logits)[label], in double precision. */
export function negativeLogLikelihood(logits: Float32Array, label: number): number {
  const top = logits[argmax(logits)] as number;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - top);
  return Math.log(sum) + top - (logits[label] as number);
}

/** softmax(logits), in double precision. */
export function probabilities(logits: Float32Array): Float64Array {
  const top = logits[argmax(logits)] as number;
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - top));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** Scores of single-label classification. Without examples all are 0. */
export function scoreClassification(
  predictions: Iterable<{ readonly truth: number; readonly logits: Float32Array }>,
  labels: readonly string[],
): ClassificationScores {
  const counts = labels.map(() => ({ hit: 0, predicted: 0, support: 0 }));
  let [loss, hits, examples] = [0, 0, 0];
  for (const { truth, logits } of predictions) {
    const answer = argmax(logits);
    examples++;
    loss += negativeLogLikelihood(logits, truth);
    const [own, said] = [counts[truth], counts[answer]];
    if (!own || !said) throw new Error(`class ${truth} or ${answer} has no label`);
    own.support++;
    said.predicted++;
    if (truth === answer) {
      own.hit++;
      hits++;
    }
  }
  const perClass = Object.fromEntries(
    counts.map(({ hit, predicted, support }, i) => {
      const scores: ClassScores = {
        precision: ratio(hit, predicted),
        recall: ratio(hit, support),
        f1: ratio(2 * hit, predicted + support),
        support,
        predicted,
      };
      return [labels[i] as string, scores];
    }),
  );
  const occurring = Object.values(perClass).filter(({ support, predicted }) => support + predicted > 0);
  const accuracy = ratio(hits, examples);
  return {
    accuracy,
    microF1: accuracy,
    macroF1: ratio(
      occurring.reduce((sum, { f1 }) => sum + f1, 0),
      occurring.length,
    ),
    loss: ratio(loss, examples),
    examples,
    perClass,
  };
}
