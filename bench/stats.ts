export { median } from "../src/statistics.js";

/** Seconds that `body` takes. */
export async function seconds(body: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await body();
  return (performance.now() - started) / 1000;
}

/** Resident memory in GiB: now, and the most there was since the process began. */
export function resident(): { readonly now: number; readonly peak: number } {
  return { now: process.memoryUsage.rss() / 2 ** 30, peak: process.resourceUsage().maxRSS / 2 ** 20 };
}

/** How fast y grows with x: the exponent e of y ≈ c·xᵉ, by least squares of the logarithms. */
export function growth(points: readonly (readonly [x: number, y: number])[]): number {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (axis: 0 | 1) => logs.reduce((sum, point) => sum + point[axis], 0) / logs.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const covariance = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return covariance / logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}
