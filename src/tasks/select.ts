import { float32Tensor, type HostTensor } from "../tensor.js";

/**
 * Rows that pick positions of texts, as heads read them: float32 `[texts, rows, width]`, a single 1 in each row.
 *
 * @param positions of each text; where they are fewer than `rows`, the rest picks nothing
 * @param width to which the texts are padded
 */
export function selectRows(
  positions: readonly (readonly number[])[],
  rows: number,
  width: number,
): HostTensor<"float32"> {
  const select = new Float32Array(positions.length * rows * width);
  positions.forEach((own, text) => {
    own.forEach((position, row) => {
      select[(text * rows + row) * width + position] = 1;
    });
  });
  return float32Tensor([positions.length, rows, width], select);
}
