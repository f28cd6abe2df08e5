import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Service } from "../service.js";
import { ServingError } from "../serving-error.js";
import { poolings } from "../text-vectors.js";
import { whileThere } from "./while-there.js";

/** More are refused before anything is done for them. */
const most = { models: 32, inputs: 1024, top: 1000, fillTop: 100, tokens: 32 } as const;

const name = z.string().min(1).max(64);
const top = z.int().min(1).max(most.top).default(1).describe("answers that are named, the likeliest first");
const adapters = z.array(name).max(most.models).default([]);

const predict = z.strictObject({
  models: z.array(name).min(1).max(most.models).describe("all are asked every input, in one pass of their backbone"),
  inputs: z.array(z.unknown()).min(1).max(most.inputs).describe("questions as `predict` of the library takes them"),
  top,
});
const fill = z.strictObject({
  text: z.string().describe("with [MASK]"),
  adapters: adapters.describe("adapters that were taught facts: asked each alone, and all together"),
  top: z.int().min(1).max(most.fillTop).default(5),
  tokens: z.int().min(1).max(most.tokens).optional().describe("the one [MASK] stands for up to so many tokens"),
});
const embed = z.strictObject({
  inputs: z.array(z.string()).min(1).max(most.inputs),
  adapter: name.optional().describe("whose output is wanted; the backbone's hidden state where it is left out"),
  layer: z.int().min(0).max(10_000).optional().describe("of the backbone; its last by default"),
  pooling: z.enum(poolings).default("mean"),
});
const parse = z.strictObject({
  inputs: z
    .array(z.union([z.strictObject({ text: z.string() }), z.strictObject({ words: z.array(z.string()) })]))
    .min(1)
    .max(most.inputs),
  model: name.optional().describe("needed only where several models tell trees"),
});

/** `/v1`: questions and answers as the library has them. */
export function addV1(scope: FastifyInstance, service: Service): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  app.post("/v1/predict", { schema: { summary: "Ask models", body: predict } }, ({ body }, reply) =>
    service.predict(body.models, body.inputs, { top: body.top, signal: whileThere(reply) }),
  );
  app.post("/v1/fill", { schema: { summary: "Words for masks", body: fill } }, async ({ body }, reply) => {
    const { text, adapters: names, ...how } = body;
    return { text, sets: await service.fill(text, names, { ...how, signal: whileThere(reply) }) };
  });
  app.post("/v1/embed", { schema: { summary: "Vectors of texts", body: embed } }, async ({ body }, reply) => {
    const { inputs, ...how } = body;
    return { embeddings: await service.embed(inputs, { ...how, signal: whileThere(reply) }) };
  });
  app.post("/v1/parse", { schema: { summary: "Dependency trees", body: parse } }, async ({ body }, reply) => {
    const model = body.model ?? onlyTrees(service);
    const { answers, versions } = await service.predict([model], body.inputs, { top: 1, signal: whileThere(reply) });
    return { trees: answers[model], model, version: versions[model] };
  });
}

function onlyTrees({ registry }: Service): string {
  const [first, ...others] = registry.models.filter(({ task }) => task === "trees");
  if (!first) throw new ServingError("not-found", "no model for trees is loaded");
  if (others.length > 0) throw new ServingError("invalid", "several models tell trees; name one as `model`");
  return first.name;
}
