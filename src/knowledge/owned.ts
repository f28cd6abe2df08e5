/**
 * A copy of a text that is kept. A text that was cut out of another keeps all of that in memory, in V8: a name the whole
 * block of the file that it was read from.
 */
export const owned = (text: string): string => Buffer.from(text).toString();
