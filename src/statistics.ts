/** Mean and sample standard deviation (n − 1); the deviation of a single number is 0. */
export function meanAndDeviation(numbers: readonly number[]): { readonly mean: number; readonly deviation: number } {
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const squares = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, deviation: numbers.length < 2 ? 0 : Math.sqrt(squares / (numbers.length - 1)) };
}

/**
 * Wilson's interval of a share, at 95 %: Wilson 1927, "Probable Inference, the Law of Succession, and Statistical
 * Inference". Of none it is from 0 to 1.
 *
 * It refers to nothing outside of itself: a page's script holds it as it is.
 */
export function wilsonInterval(successes: number, of: number): { readonly low: number; readonly high: number } {
  if (of === 0) return { low: 0, high: 1 };
  const z = 1.959963984540054;
  const share = successes / of;
  const middle = share + (z * z) / (2 * of);
  const half = z * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of));
  const all = 1 + (z * z) / of;
  return { low: Math.max(0, (middle - half) / all), high: Math.min(1, (middle + half) / all) };
}

/** The middle one; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error("nothing was measured");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
