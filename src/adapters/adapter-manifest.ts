import { z } from "zod";
import { listOf } from "../files/lists.js";
import { joinKinds, kAdapterConfigSchema } from "./config.js";

const name = z.string().max(4096);
const hash = z.string().regex(/^[0-9a-f]{64}$/);

export const adapterManifestSchema = z.object({
  format: z.literal("kadapter/1"),
  /** What the head reads: the adapter, or a baseline without one. */
  features: z.enum(joinKinds),
  architecture: kAdapterConfigSchema,
  /** Precision of the hidden states that it was trained on, and is run on. */
  hiddenStates: z.enum(["float32", "float16"]).default("float32"),
  /** How the backbone computed them, and computes them when the adapter runs. */
  backbonePrecision: z.enum(["float32", "int8"]).default("float32"),
  /** What is null could not be told from an imported file. */
  backbone: z.object({
    name: name.nullable(),
    modelType: name.nullable(),
    hiddenSize: z.number().int().positive().max(65_536),
    layers: z.number().int().positive().max(1_000).nullable(),
    /** Of the weights' names, shapes and elements. */
    hash: hash.nullable(),
    /** Of what config.json says of its forward pass; null in folders of before it was recorded. */
    configHash: hash.nullable().default(null),
    tokenizerHash: hash.nullable(),
  }),
  task: z.object({
    name,
    /** Class names in the order of the head's rows; null where an imported file cannot tell. */
    labels: listOf(name, { least: 1 }).nullable(),
    maxLength: z.number().int().positive().max(1_000_000),
    /** Whether every sentence is padded to that length, which decides what an adapter that attends to padding says. */
    fixedWidth: z.boolean().optional(),
    /** The task's own settings. */
    options: z.record(z.string(), z.json()).default({}),
  }),
  /** Options of the training that made it. */
  recipe: z.record(z.string(), z.json()),
  metrics: z.record(z.string(), z.json()),
  /** Hashes of the tensors beside it, for `kadapter verify`. */
  tensors: z.object({ adapter: hash, head: hash }).optional(),
  /** SHA-256 of subjects.txt, where there is one; folders of before it was recorded lack it. */
  subjects: hash.optional(),
  /** SHA-256 of wordings.jsonl, where there is one. */
  wordings: hash.optional(),
});

/** `adapter_config.json`. */
export type AdapterManifest = z.infer<typeof adapterManifestSchema>;
