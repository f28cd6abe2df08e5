/**
 * The server under load, as much as it can bear and more.
 * @module
 */
import { fixed, row } from "./command.js";
import { askFromThread } from "./serve-client.js";
import { closedLoop, type Load } from "./serve-load.js";
import { answerOf, milliseconds, question, type Setting, started, width } from "./serve-setting.js";
import { median, seconds } from "./stats.js";

const loadRow = (name: string, { rate, median: middle, high, failed, refused }: Load) =>
  row(width, name, fixed(rate), milliseconds(middle), milliseconds(high), `${refused?.count ?? 0}`, `${failed}`);

/** One request alone, then more and more; the largest number of answers a second. */
export async function underLoad(setting: Setting, count: number, time: number): Promise<number> {
  const { service, url, names, body, close } = await started(setting, count);
  const direct: number[] = [];
  const overHttp: number[] = [];
  for (let i = 0; i < 40; i++) {
    overHttp.push(await seconds(() => answerOf(url, body)));
    direct.push(await seconds(() => service.predict(names, [question(0)], { top: 1 })));
  }
  const [http, alone] = [median(overHttp), median(direct)];
  console.log(
    `${count} adapters, one text: HTTP ${milliseconds(http)} ms, of which its own ${milliseconds(http - alone)} ms`,
  );
  console.log(row(width, "load", "answers / s", "median ms", "p99 ms", "refused", "failed"));
  let capacity = 1;
  for (const connections of [1, 8, 32]) {
    const found = await closedLoop(url, body, connections, time);
    capacity = Math.max(capacity, found.rate);
    console.log(loadRow(`closed, ${connections} connections`, found));
  }
  for (const share of [0.3, 0.7]) {
    const found = await askFromThread({ url, body, rate: share * capacity, seconds: time });
    console.log(loadRow(`open, ${Math.round(100 * share)} % of that, Poisson`, found));
  }
  await close();
  return capacity;
}

/** Three times what it can bear: what it takes it answers, and what it does not take it refuses at once. */
export async function overloaded(setting: Setting, count: number, time: number, capacity: number): Promise<void> {
  const { tokenizer } = setting.backbone;
  const tokens = count * tokenizer.withSpecials(tokenizer.encode(question(0).text).ids).length;
  // About a second's work may wait.
  const { url, body, close } = await started(setting, count, Math.max(4096, Math.ceil(capacity * tokens)));
  const peak = Math.max(capacity, (await closedLoop(url, body, 32, time)).rate);
  const found = await askFromThread({ url, body, rate: 3 * peak, seconds: time });
  await close();
  console.log(loadRow("open, three times that, Poisson", found));
  const { median: middle = 0, high = 0 } = found.refused ?? {};
  console.log(
    `goodput ${fixed(found.rate / peak, 2)} of the peak; refused after ${milliseconds(middle)} ms (median), ${milliseconds(high)} ms (p99)`,
  );
}
