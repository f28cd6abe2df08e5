/** A fraction as a percentage with one decimal, for tables. */
export const percent = (rate: number): string => (100 * rate).toFixed(1).padStart(5);
