/** `batchSize` → `batch-size`: a setting's name in recipes and, behind `--`, as a flag. */
export const kebab = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
