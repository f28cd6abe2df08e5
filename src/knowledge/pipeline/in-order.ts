/**
 * Works on items side by side and gives the results in the items' order. No more than `most` are begun and not yet
 * taken, so memory does not grow with their number.
 */
export async function* inOrder<T, R>(
  items: AsyncIterable<T>,
  most: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const begun: Promise<R>[] = [];
  for await (const item of items) {
    const result = work(item);
    // It is thrown when its turn comes, and until then nobody listens.
    result.catch(() => undefined);
    begun.push(result);
    if (begun.length >= most) yield (await begun.shift()) as R;
  }
  for (const result of begun) yield await result;
}
