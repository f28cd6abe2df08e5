/** Where a tensor lies decides how its sums are grouped, so all begin alike. */
export const alignment = 64;

/** So many bytes, and what is lacking to the next place where a tensor may begin. */
export const aligned = (size: number) => Math.ceil(size / alignment) * alignment;
