import { expect, it } from "vitest";
import { backboneDefinitions } from "../backbones/index.js";
import { GraphBuilder } from "../graph/index.js";
import type { HostTensor } from "../tensor.js";
import { runGraph } from "../testing/run-graph.js";
import { feedsFor, smallConfig } from "../testing/small-backbones.js";
import { tokenInputs } from "./token-inputs.js";

const asInt64 = ({ shape, data }: HostTensor): HostTensor => ({
  dtype: "int64",
  shape,
  data: BigInt64Array.from(data as Int32Array, BigInt),
});

/** Each row backwards: padding comes first. */
const turned = (tensor: HostTensor): HostTensor => {
  const width = tensor.shape[1] as number;
  const rows = [0, width].map((start) => [...(tensor.data as Int32Array).subarray(start, start + width)].reverse());
  return { ...tensor, data: Int32Array.from(rows.flat()) };
};

async function positions(kind: string, left: boolean) {
  const definition = backboneDefinitions.get(kind);
  if (!definition) throw new Error(kind);
  const config = definition.parseConfig(smallConfig(kind), "config.json");
  const { input_ids, attention_mask, position_ids } = feedsFor(definition, 8);
  const [ids, mask] = [input_ids as HostTensor, attention_mask as HostTensor].map((one) => (left ? turned(one) : one));
  const g = new GraphBuilder();
  const { positionIds } = tokenInputs(g, { definition, config });
  const feeds = { input_ids: asInt64(ids as HostTensor), attention_mask: asInt64(mask as HostTensor) };
  const found = await runGraph(g, { positionIds }, feeds);
  const at = (tensor: unknown, where: unknown) =>
    [...((tensor as HostTensor).data as Int32Array)].filter((_, i) => (where as HostTensor).data[i] === 1);
  return { found: at(found["positionIds"], mask), right: at(position_ids, attention_mask) };
}

it.each([...backboneDefinitions.keys()])("tells tokens' positions as outside of graphs: %s", async (kind) => {
  const { found, right } = await positions(kind, false);
  expect(found).toEqual(right);
});

it.each(["gpt2", "roberta", "xlm-roberta"])("leaves padding on the left out of account: %s", async (kind) => {
  const { found, right } = await positions(kind, true);
  expect(found).toEqual(right);
});
