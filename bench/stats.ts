/** The middle of several measurements: other work on the machine spoils a mean, and a minimum flatters. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error("nothing was measured");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

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
