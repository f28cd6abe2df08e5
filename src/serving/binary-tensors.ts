/**
 * Tensors behind the JSON of a body: Triton's binary tensor extension of the Open Inference Protocol.
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
 * @module
 */
import { jsonOf, textOf } from "./body.js";
import type { AnsweredTensor } from "./open-inference.js";
import { ServingError } from "./serving-error.js";

/** Says how many bytes of a body are JSON; tensors follow them. */
export const binaryHeader = "inference-header-content-length";

/** A body in its two parts. */
export interface SplitBody {
  readonly json: unknown;
  readonly binary: Uint8Array;
}

const wrong = (message: string) => new ServingError("bad-request", message);

/** @param header how many bytes are JSON, as the client says it */
export function splitBody(body: Uint8Array, header: string): SplitBody {
  const length = /^\d{1,15}$/.test(header) ? Number(header) : Number.NaN;
  if (!(length <= body.byteLength)) throw wrong("Inference-Header-Content-Length is no length within the body");
  return { json: jsonOf(body.subarray(0, length)), binary: body.subarray(length) };
}

/** Cuts the binary part by the sizes that the inputs name; they must be all of it. */
export function cutBinary(binary: Uint8Array, sizes: readonly number[]): readonly Uint8Array[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== binary.byteLength) {
    throw wrong(`the inputs' binary_data_size add up to ${total} bytes; ${binary.byteLength} follow the JSON`);
  }
  let at = 0;
  return sizes.map((size) => {
    at += size;
    return binary.subarray(at - size, at);
  });
}

/** Texts of a BYTES tensor: four bytes of length, little-endian, before each. */
export function textsOfBytes(bytes: Uint8Array, name: string): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    const end = at + 4 <= bytes.byteLength ? at + 4 + view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (end > bytes.byteLength) throw wrong(`input ${name}: its bytes end within an element`);
    texts.push(textOf(bytes.subarray(at + 4, end), `input ${name}`));
    at = end;
  }
  return texts;
}

/** {@link textsOfBytes} the other way round. */
export function bytesOfTexts(texts: readonly string[]): Uint8Array {
  return Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.byteLength);
      return [length, bytes];
    }),
  );
}

/** A tensor's elements, little-endian. */
export function bytesOfTensor(tensor: AnsweredTensor): Uint8Array {
  if (tensor.datatype === "BYTES") return bytesOfTexts(tensor.data);
  const bytes = Buffer.alloc(4 * tensor.data.length);
  tensor.data.forEach((value, i) => {
    bytes.writeFloatLE(value, 4 * i);
  });
  return bytes;
}
