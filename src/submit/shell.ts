/** A word as a shell takes it: as it is, whatever characters it has. */
export const shellWord = (word: string): string =>
  /^[\w./:,@+-][\w./=:,@+-]*$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
