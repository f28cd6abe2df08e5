/** Milliseconds that the processor has worked for this process: a busy machine makes no reader slow. */
export function computedSince(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1000;
}
