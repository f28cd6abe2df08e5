/**
 * N adapters beside one backbone, and N models of their own.
 * @module
 */
import { FrozenBackbone } from "../src/features/frozen-backbone.js";
import { padBatch } from "../src/features/token-batch.js";
import { load, type Model } from "../src/library/model.js";
import { fixed, row } from "./command.js";
import { milliseconds, nameOf, question, type Setting, served, width } from "./serve-setting.js";
import { median, seconds } from "./stats.js";

/** Seconds in which all of them answer the texts: beside one backbone, and as models of their own. */
async function compare(setting: Setting, count: number) {
  const { executor, folders, texts, runs } = setting;
  const service = await served(setting, count);
  const models: Model[] = [];
  for (const folder of folders.slice(0, count)) models.push(await load(executor, folder));
  const questions = Array.from({ length: texts }, (_, i) => question(i));
  const names = models.map((_, i) => nameOf(i));
  const together: number[] = [];
  const apart: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const shared = await seconds(() => service.predict(names, questions, { top: 1 }));
    const separate = await seconds(async () => {
      for (const model of models) await model.predictAll(questions as never);
    });
    // The first run allocates.
    if (run === 0) continue;
    together.push(shared);
    apart.push(separate);
  }
  for (const model of models) await model.close();
  await service.close();
  return { count, together: median(together), apart: median(apart) };
}

/** Seconds of a pass of the backbone alone over the same texts. */
async function backbonePass({ executor, backbone, texts, runs }: Setting): Promise<number> {
  const { tokenizer, config } = backbone;
  const frozen = await FrozenBackbone.load(executor, backbone, [config.layers]);
  const ids = Array.from({ length: texts }, (_, i) => tokenizer.withSpecials(tokenizer.encode(question(i).text).ids));
  const width = Math.max(...ids.map(({ length }) => length));
  const times: number[] = [];
  for (let run = 0; run <= runs; run++) {
    times.push(await seconds(() => frozen.run(padBatch(ids, width, config.padTokenId))));
  }
  await frozen.close();
  return median(times.slice(1));
}

export async function sharing(setting: Setting, counts: readonly number[]): Promise<void> {
  const backbone = await backbonePass(setting);
  const measured = [];
  for (const count of counts) measured.push(await compare(setting, count));
  const last = measured.at(-1);
  if (!last) throw new Error("no number of adapters was given");
  const adapter = (last.together - backbone) / last.count;
  console.log(
    `a backbone pass B ${milliseconds(backbone)} ms, an adapter A ${milliseconds(adapter)} ms; ${setting.texts} texts`,
  );
  console.log(row(width, "adapters (expected: N(B+A)/(B+NA))", "shared ms", "separate ms", "ratio", "expected"));
  for (const { count, together, apart } of measured) {
    const expected = (count * (backbone + adapter)) / (backbone + count * adapter);
    console.log(
      row(
        width,
        `${count}`,
        milliseconds(together),
        milliseconds(apart),
        fixed(apart / together, 2),
        fixed(expected, 2),
      ),
    );
  }
}
