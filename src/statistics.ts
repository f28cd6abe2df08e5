/** Mean and (sample) standard deviation; the deviation of a single number is 0. */
export function spread(numbers: readonly number[]): { readonly mean: number; readonly deviation: number } {
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const square = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, deviation: numbers.length < 2 ? 0 : Math.sqrt(square / (numbers.length - 1)) };
}
