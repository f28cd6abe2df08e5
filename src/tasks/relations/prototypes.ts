/**
 * Classes by their prototypes (Snell et al. 2017, arXiv 1703.05175): the mean of a class's vectors stands for it, and a
 * vector belongs to the class whose prototype is nearest by cosine. Nothing is trained, so it is the features that are
 * measured.
 * @module
 */
import { userError } from "../../errors.js";
import { counted } from "../../phrases.js";
import { RandomStream } from "../../random.js";
import { meanAndDeviation } from "../../statistics.js";

/** Accuracy of the nearest prototype; a fraction. */
export interface PrototypeScores {
  /** Share of right answers. */
  readonly accuracy: number;
  /** Examples that were told. */
  readonly examples: number;
  /** Classes among them. */
  readonly classes: number;
  /** Examples that are alone in their class, so that nothing stands for it without them; they are not told. */
  readonly alone: number;
}

/** A vector at length 1, in double precision; zeros stay. */
export function unit(vector: ArrayLike<number>): Float64Array {
  let square = 0;
  for (let i = 0; i < vector.length; i++) square += (vector[i] as number) ** 2;
  const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
  return Float64Array.from(vector, (x) => x * scale);
}

function addTo(sum: Float64Array, vector: Float64Array, sign = 1): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + sign * (vector[i] as number);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** Tells every vector by the prototypes of all others. Vectors are brought to length 1 before they are averaged. */
export function leaveOneOut(vectors: readonly ArrayLike<number>[], labels: readonly number[]): PrototypeScores {
  const units = vectors.map(unit);
  const sums = new Map<number, Float64Array>();
  const counts = new Map<number, number>();
  units.forEach((vector, i) => {
    const label = labels[i] as number;
    const sum = sums.get(label) ?? new Float64Array(vector.length);
    addTo(sum, vector);
    sums.set(label, sum);
    counts.set(label, (counts.get(label) ?? 0) + 1);
  });
  const prototypes = new Map([...sums].map(([label, sum]) => [label, unit(sum)]));
  let [hits, alone] = [0, 0];
  units.forEach((vector, i) => {
    const label = labels[i] as number;
    if (counts.get(label) === 1) {
      alone++;
      return;
    }
    const rest = Float64Array.from(sums.get(label) as Float64Array);
    addTo(rest, vector, -1);
    const own = dot(vector, unit(rest));
    const nearer = [...prototypes].some(([other, prototype]) => other !== label && dot(vector, prototype) >= own);
    if (!nearer) hits++;
  });
  const examples = vectors.length - alone;
  return { accuracy: examples === 0 ? 0 : hits / examples, examples, classes: sums.size, alone };
}

/** An N-way K-shot task, drawn so many times. */
export interface FewShotOptions {
  /** N: classes of an episode. */
  readonly ways: number;
  /** K: examples of each class that are shown. */
  readonly shots: number;
  readonly episodes: number;
  /** Examples of each class that are asked for in an episode. */
  readonly queries: number;
  /** Decides which are drawn: the same for all features that are compared. */
  readonly seed: number;
}

export interface FewShotScores {
  /** Mean over the episodes; a fraction. */
  readonly accuracy: number;
  /** Half the width of the 95 % interval of that mean: 1.96 standard errors over the episodes. */
  readonly interval: number;
  readonly episodes: number;
}

/**
 * N-way K-shot classification: in each episode N classes are drawn, K examples of each make its prototype, and others of
 * the same classes are told by the nearest. Which are drawn follows from the seed and the labels alone.
 *
 * @throws UserError where there are fewer than N classes with K + 1 examples
 */
export function fewShot(
  vectors: readonly ArrayLike<number>[],
  labels: readonly number[],
  { ways, shots, episodes, queries, seed }: FewShotOptions,
): FewShotScores {
  const units = vectors.map(unit);
  const classes = classesOf(labels, shots + 1);
  if (classes.length < ways || ways < 2) {
    throw userError({
      what: `${ways}-way ${shots}-shot: ${counted(classes.length, "class has", "classes have")} ${counted(shots + 1, "example")}`,
      expected: `2 ways at least, and as many classes with more than ${counted(shots, "example")}`,
    });
  }
  const rates = Array.from({ length: episodes }, (_, episode) => {
    const random = new RandomStream(seed, "episode", ways, shots, episode);
    const chosen = random.shuffle([...classes]).slice(0, ways);
    const drawn = chosen.map((members) => random.shuffle([...members]).slice(0, shots + queries));
    const prototypes = drawn.map((members) => meanOf(members.slice(0, shots).map((i) => units[i] as Float64Array)));
    let [hits, asked] = [0, 0];
    drawn.forEach((members, own) => {
      for (const i of members.slice(shots)) {
        asked++;
        if (nearest(units[i] as Float64Array, prototypes) === own) hits++;
      }
    });
    return hits / asked;
  });
  const { mean, deviation } = meanAndDeviation(rates);
  return { accuracy: mean, interval: (1.96 * deviation) / Math.sqrt(episodes), episodes };
}

/** Indices of the examples of each class that has at least so many, in ascending order of the class. */
function classesOf(labels: readonly number[], least: number): number[][] {
  const members = new Map<number, number[]>();
  labels.forEach((label, i) => {
    const own = members.get(label) ?? [];
    own.push(i);
    members.set(label, own);
  });
  return [...members]
    .sort(([a], [b]) => a - b)
    .map(([, own]) => own)
    .filter(({ length }) => length >= least);
}

function meanOf(vectors: readonly Float64Array[]): Float64Array {
  const sum = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) addTo(sum, vector);
  return unit(sum);
}

/** The nearest prototype's index; the first at a tie. */
function nearest(vector: Float64Array, prototypes: readonly Float64Array[]): number {
  let [best, most] = [0, Number.NEGATIVE_INFINITY];
  prototypes.forEach((prototype, i) => {
    const similar = dot(vector, prototype);
    if (similar > most) [best, most] = [i, similar];
  });
  return best;
}
