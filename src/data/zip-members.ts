/**
 * Files within zip archives.
 * @module
 */
import { type Entry, openPromise, type ZipFile } from "yauzl";
import { userError } from "../errors.js";
import { fileError } from "../files/atomic.js";
import { archive } from "../files/bounds.js";
import type { PackedFile } from "./bytes.js";

/** Names of files may hold tabs, too. */
const inOneLine = (text: string) => text.replace(/\p{Cc}/gu, " ");

const nameOf = (path: string, entry: Entry) => `${path}!${inOneLine(entry.fileName)}`;

const broken = (path: string, error: unknown): Error => {
  if (error instanceof Error && "code" in error) return fileError(path, "read the file", error);
  const why = error instanceof Error ? error.message : String(error);
  return userError({
    where: path,
    what: `not a sound zip archive (${inOneLine(why)})`,
    fix: "download or copy it again",
  });
};

/**
 * The files of a zip archive in the order in which it lists them, to be read while this goes on; what systems add by
 * themselves (`__MACOSX/`, `.DS_Store`) is passed over. Names are for messages alone.
 *
 * @throws UserError where a member is encrypted or unpacks to far more than it should, or there are too many
 */
export async function* zipMembers(path: string): AsyncGenerator<PackedFile> {
  const zip = await openPromise(path, { autoClose: false }).catch((error: unknown) => {
    throw broken(path, error);
  });
  try {
    for (const entry of await entriesOf(path, zip)) {
      const name = nameOf(path, entry);
      const open = () =>
        zip.openReadStreamPromise(entry).catch((error: unknown) => {
          throw broken(name, error);
        });
      yield { name, open };
    }
  } finally {
    zip.close();
  }
}

async function entriesOf(path: string, zip: ZipFile): Promise<readonly Entry[]> {
  if (zip.entryCount > archive.members) {
    throw userError({
      where: path,
      what: `the archive has ${zip.entryCount} files`,
      expected: `at most ${archive.members}`,
      fix: "unpack it, and give the files that are wanted",
    });
  }
  const entries: Entry[] = [];
  let packed = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      packed += entry.compressedSize;
      if (!isForeign(entry.fileName)) entries.push(entry);
    }
  } catch (error) {
    throw broken(path, error);
  }
  // Members that share their bytes are how small archives unpack to anything.
  if (packed > zip.fileSize) throw broken(path, "its files overlap");
  if (entries.length === 0) throw userError({ where: path, what: "the archive holds no files" });
  for (const entry of entries) checkEntry(path, entry);
  return entries;
}

const isForeign = (name: string) => name.endsWith("/") || /(^|\/)(__MACOSX\/|\.[^./])/.test(name);

function checkEntry(path: string, entry: Entry): void {
  if (entry.fileName.length > archive.name) {
    throw userError({
      where: path,
      what: "the name of a file in it is too long",
      expected: `at most ${archive.name} characters`,
      fix: "unpack it first",
    });
  }
  const where = nameOf(path, entry);
  if (entry.isEncrypted()) {
    throw userError({
      where,
      what: "it is encrypted",
      fix: "unpack the archive with its password, and give the files",
    });
  }
  if (!entry.canDecodeFileData()) {
    throw userError({
      where,
      what: "it is packed in a way that is not known",
      expected: "deflate",
      fix: "unpack it first",
    });
  }
  if (entry.uncompressedSize > archive.alwaysFine && entry.uncompressedSize > archive.ratio * entry.compressedSize) {
    throw userError({
      where,
      what: `${entry.compressedSize} bytes would unpack to ${entry.uncompressedSize}`,
      expected: `at most ${archive.ratio} times as many`,
      fix: "unpack it first, if you trust it",
    });
  }
}
