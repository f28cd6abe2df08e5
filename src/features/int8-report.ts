import { hiddenStateName } from "../models/hidden-states.js";
import { counted } from "../phrases.js";
import type { Examples } from "../tasks/examples.js";
import type { EncodedText } from "../tasks/task.js";
import type { HostTensor } from "../tensor.js";
import { toFloat32 } from "../weights/float32.js";
import { idsOf, type StreamedFeatures } from "./feature-sources.js";

const sampleSize = 32;

/**
 * What int8 does to the hidden states, in words: the relative error of each layer that is read, over some sentences.
 *
 * @param exact the same backbone in float32
 */
export async function int8Report<E extends EncodedText>(
  exact: StreamedFeatures<E>,
  int8: StreamedFeatures<E>,
  examples: Examples<E>,
): Promise<string> {
  const every = Math.max(1, Math.floor(examples.length / sampleSize));
  const count = Math.min(sampleSize, Math.ceil(examples.length / every));
  const sample = Array.from({ length: count }, (_, i) => examples.at(i * every) as E);
  const texts = idsOf(sample);
  const width = Math.max(...texts.map(({ length }) => length));
  const [expected, got] = [await exact.batch(sample, width), await int8.batch(sample, width)];
  const errors = int8.layers.map((layer) => {
    const name = hiddenStateName(layer);
    const error = relativeError(expected[name] as HostTensor, got[name] as HostTensor, texts);
    return `h[${layer}] ${(100 * error).toFixed(1)} %`;
  });
  return `an int8 backbone moves its hidden states by (relative error over ${counted(sample.length, "sentence")}) ${errors.join(", ")}`;
}

/** ‖got − expected‖/‖expected‖ over the positions that are read, or no padding; `[batch, width, hidden]` both. */
function relativeError(expected: HostTensor, got: HostTensor, texts: readonly (readonly number[])[]): number {
  const [, width, hidden] = expected.shape as readonly [number, number, number];
  const [a, b] = [toFloat32(expected), toFloat32(got)];
  let [difference, norm] = [0, 0];
  texts.forEach(({ length }, row) => {
    const end = (row * width + length) * hidden;
    for (let i = row * width * hidden; i < end; i++) {
      difference += ((b[i] as number) - (a[i] as number)) ** 2;
      norm += (a[i] as number) ** 2;
    }
  });
  return Math.sqrt(difference / norm);
}
