/**
 * How much of what comes from outside is read, in one place. What exceeds a bound is one line and exit code 2;
 * docs/security.md has them as a table.
 * @module
 */

const [kibibyte, mebibyte, gibibyte] = [2 ** 10, 2 ** 20, 2 ** 30];

/** Largest sizes in bytes of files that are read whole. */
export const fileBytes = {
  lock: 4 * kibibyte,
  /** A token for the hub. */
  token: 4 * kibibyte,
  /** Recipes and sweeps. */
  settings: 64 * kibibyte,
  /** Configurations and manifests: the labels of the largest ones take some hundred kilobytes. */
  small: 4 * mebibyte,
  /** Wordings and labels. */
  names: 16 * mebibyte,
  /** Logs and finished results, which grow with a run. */
  records: 64 * mebibyte,
  /** Vocabularies and merges; the largest published ones have some 40 MB. */
  tokenizer: 256 * mebibyte,
  /** Names that open an adapter's gate. */
  subjects: gibibyte,
  /** Names, shapes and places of 100,000 tensors take some 20 MB. */
  pickle: 64 * mebibyte,
} as const;

/** Largest size in bytes of a record: a line of text, a row, a JSON value. */
export const recordBytes = 64 * mebibyte;

/** Brackets that are open at once: of a JSON file that is read whole, and of a record. */
export const openBrackets = { file: 200, record: 100 } as const;

/** Items of a list (vocabularies have half as many), and fields of an object. */
export const mostItems = { list: 1_000_000, object: 100_000 } as const;

/**
 * A zip archive of data: how many files it has (their names alone would fill the memory), characters of a name, and how many
 * times its packed size a file has unpacked. Deflate makes a thousandth of zeros at most, and a tenth or so of text; a
 * short file of one repeated line is nothing to fear.
 */
export const archive = { members: 10_000, name: 1024, ratio: 200, alwaysFine: 16 * mebibyte } as const;

/** Knowledge. */
export const knowledgeBounds = {
  /** More are no relations, but a column that was taken for one. */
  relations: 100_000,
  /** Names, and types, of one entity. */
  ofOneEntity: 1000,
  /** Characters of a name or an id, and of a text that is an object. */
  name: 1024,
  text: 4096,
  /** Bytes of Turtle without a triple: its parser looks at all of them again whenever more come. */
  turtle: 4 * mebibyte,
} as const;

/**
 * A question to a server: UTF-16 units of one text, and of all of its texts. Making tokens of them keeps the server from
 * everything else, and no model here reads a tenth of it.
 */
export const questionBounds = { text: 16_384, all: 131_072 } as const;

/** Documents that are aligned with knowledge. */
export const documentBounds = {
  files: 100_000,
  /** UTF-16 units of a document: four times as many as MediaWiki's largest page has bytes. */
  characters: 8 * mebibyte,
  /** UTF-16 units of a page of a dump, with its revisions. */
  page: 64 * mebibyte,
  /** Bytes of a row group of Parquet, which is unpacked whole. */
  rowGroup: gibibyte,
  /** UTF-16 units of a sentence, and pairs of one: a record for each pair repeats the sentence. */
  sentence: 4096,
  pairs: 100,
} as const;

/** What a hub of models may answer. */
export const hubBounds = {
  /** Bytes of an answer that is no file: of a listing's page, or of an error. */
  answer: 64 * mebibyte,
  /** Pages of a listing, and the files that they list; repositories of models have some dozens. */
  pages: 200,
  files: 100_000,
  /** Seconds that it may ask to be left alone for, each time. */
  wait: 60,
} as const;
