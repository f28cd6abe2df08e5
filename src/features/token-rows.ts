/** Rows of a text's state `[tokens, hidden]`, as bytes, at some positions: one after another. */
export function takeRows(state: Uint8Array, positions: readonly number[], rowBytes: number): Uint8Array {
  const rows = new Uint8Array(positions.length * rowBytes);
  positions.forEach((position, i) => {
    rows.set(state.subarray(position * rowBytes, (position + 1) * rowBytes), i * rowBytes);
  });
  return rows;
}

/** Undoes {@link takeRows}; other positions of `state` stay as they are. */
export function putRows(state: Uint8Array, positions: readonly number[], rowBytes: number, rows: Uint8Array): void {
  positions.forEach((position, i) => {
    state.set(rows.subarray(i * rowBytes, (i + 1) * rowBytes), position * rowBytes);
  });
}
