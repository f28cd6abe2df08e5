/** Whether a file that begins so is a zip archive, an empty one included. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what tells it
export const isZip = (head: string): boolean => /^PK(\u0003\u0004|\u0005\u0006)/.test(head);
