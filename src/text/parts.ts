import { officialEncode } from "./official.js";
import type { Tokenizer } from "./tokenizer.js";

/**
 * `<s> context </s> question </s> answer </s>`: a context with what is asked about it, as the official code's CosmosQA
 * writes it. What is too long is cut from the end of the longer of context and the rest, of the rest where they are
 * equally long (`_truncate_seq_pair`): a long context loses its end, question and answer stay whole.
 *
 * @param parts what follows the context, each after a separator
 */
export function joinParts(
  tokenizer: Tokenizer,
  context: string,
  parts: readonly string[],
  maxLength: number,
): number[] {
  const { sep } = tokenizer.specials;
  const separator = sep === undefined ? [] : [sep];
  const first = officialEncode(tokenizer, context);
  const rest = parts.flatMap((part, i) => [...(i > 0 ? separator : []), ...officialEncode(tokenizer, part)]);
  const room = Math.max(0, maxLength - tokenizer.withSpecials(separator).length);
  // The longer one is cut down to the other's length, then both in turn, beginning with the rest.
  const keptRest = Math.min(rest.length, Math.max(Math.floor(room / 2), room - first.length));
  const keptFirst = Math.min(first.length, room - keptRest);
  return tokenizer.withSpecials([...first.slice(0, keptFirst), ...separator, ...rest.slice(0, keptRest)]);
}
