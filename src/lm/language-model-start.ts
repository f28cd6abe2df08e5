import type { BackboneConfig, BackboneDefinition } from "../backbones/index.js";
import type { Tensors } from "../engine/executor.js";
import type { BackboneHandle } from "../features/frozen-backbone.js";
import type { Tokenizer } from "../text/tokenizer.js";

/** What the training of a language model starts from. */
export interface LanguageModelStart {
  readonly definition: BackboneDefinition;
  readonly config: BackboneConfig;
  readonly tokenizer: Tokenizer;
  /** The given model, whose files stay as they are; null for a new one. */
  readonly backbone: BackboneHandle | null;
  /** Start values; what is not among them is drawn. */
  readonly given: () => Promise<Tensors>;
}
