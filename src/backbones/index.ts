/// <reference types="node" preserve="true" />
/**
 * Pre-trained language models by their Hugging Face names.
 * @module kadapter/backbones
 */
import { userError } from "../errors.js";
import type { BackboneDefinition } from "./backbone.js";
import { bert } from "./bert.js";
import { distilbert } from "./distilbert.js";
import { electra } from "./electra.js";
import { gpt2 } from "./gpt2.js";
import { roberta, xlmRoberta } from "./roberta.js";
import { xlnet } from "./xlnet.js";

export {
  type Backbone,
  type BackboneConfig,
  type BackboneDefinition,
  type BackboneForwardOptions,
  type BackboneInputs,
  type BackboneOutput,
  backboneInputs,
  parameterKeys,
  type TargetStream,
} from "./backbone.js";
export { configurationHash } from "./identity.js";
export { bert, distilbert, electra, gpt2, roberta, xlmRoberta, xlnet };

/** All kinds, by `model_type`. */
export const backboneDefinitions: ReadonlyMap<string, BackboneDefinition> = new Map(
  [bert, roberta, xlmRoberta, distilbert, electra, gpt2, xlnet].map((definition: BackboneDefinition) => [
    definition.kind,
    definition,
  ]),
);

/** The definition for a parsed config.json. */
export function backboneDefinition(json: unknown, where: string): BackboneDefinition {
  const kind = typeof json === "object" && json !== null && "model_type" in json ? String(json.model_type) : "(none)";
  const definition = backboneDefinitions.get(kind);
  if (!definition) {
    throw userError({
      where: `${where}: model_type`,
      what: `the backbone kind ${kind} is not supported`,
      expected: `one of ${[...backboneDefinitions.keys()].join(", ")}`,
    });
  }
  return definition;
}
