/**
 * A file of trees that is not whole yet: it grows in a folder beside its place, with a note of how far it is.
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { userError } from "../errors.js";
import { fileError, renameDurably, writeFileAtomically } from "../files/atomic.js";
import { fileBytes } from "../files/bounds.js";
import { parseWith, readJsonIfThere } from "../files/json.js";
import { mapOf } from "../files/lists.js";
import { type RunIdentity, refuseOtherRun, runIdentity } from "../knowledge/pipeline/run-identity.js";

const whole = z.int().min(0);

/** What was done so far. */
const parseCounts = z.object({
  /** Sentences of the texts, those that are left out included. */
  read: whole,
  /** Sentences that were written. */
  sentences: whole,
  words: whole,
  /** What was left out, by reason. */
  skipped: mapOf(whole),
});
export type ParseCounts = z.output<typeof parseCounts>;

const noted = z.object({
  format: z.literal("kadapter-parse/1"),
  identity: runIdentity,
  counts: parseCounts,
  /** Of the file so far. */
  bytes: whole,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const progressFile = { what: "the progress of a parse", mostBytes: fileBytes.records, expected: "what a parse wrote" };

/** The folder in which a file grows. */
export const unfinishedFolder = (out: string): string => `${out}.unfinished`;

const paths = (out: string) => {
  const folder = unfinishedFolder(out);
  return { folder, trees: join(folder, "trees.conllu"), progress: join(folder, "progress.json") };
};

/** Trees that are written bit by bit, and go on where they were after the last {@link keep}. */
export class UnfinishedParse {
  private constructor(
    private readonly out: string,
    private readonly identity: RunIdentity,
    private readonly file: FileHandle,
    private readonly hash: Hash,
    private bytes: number,
    /** What was done before. */
    readonly before: ParseCounts,
  ) {}

  /**
   * Begins, or goes on where there is something to go on with. The folder is there, and locked.
   *
   * @throws UserError where what is there is of another run, or was changed
   */
  static async open(out: string, identity: RunIdentity, resume: boolean): Promise<UnfinishedParse> {
    const { trees, progress } = paths(out);
    const read = resume ? await readJsonIfThere(progress, progressFile) : undefined;
    const hash = createHash("sha256");
    if (read === undefined) {
      await rm(progress, { force: true });
      const file = await opened(trees, "w");
      return new UnfinishedParse(out, identity, file, hash, 0, { read: 0, sentences: 0, words: 0, skipped: {} });
    }
    const { identity: begun, counts, bytes, sha256 } = parseWith(noted, read, progress, progressFile);
    refuseOtherRun(out, { run: "the parse", source: "adapter" }, begun, identity);
    const file = await opened(trees, "r+");
    if (bytes > 0) for await (const chunk of createReadStream(trees, { end: bytes - 1 })) hash.update(chunk as Buffer);
    if ((await file.stat()).size < bytes || hash.copy().digest("hex") !== sha256) {
      await file.close();
      throw userError({
        where: trees,
        what: "it is not what was written, by its hash",
        fix: "remove the folder, and begin again",
      });
    }
    // What was written after the last note is written again.
    await file.truncate(bytes);
    return new UnfinishedParse(out, identity, file, hash, bytes, counts);
  }

  /** Writes more, and notes what is done: from here a killed run goes on. */
  async keep(text: string, counts: ParseCounts): Promise<void> {
    const { trees, progress } = paths(this.out);
    const more = Buffer.from(text);
    try {
      await this.file.write(more, 0, more.length, this.bytes);
      await this.file.sync();
    } catch (error) {
      throw fileError(trees, "write the file", error);
    }
    this.hash.update(more);
    this.bytes += more.length;
    const sha256 = this.hash.copy().digest("hex");
    const { identity, bytes } = this;
    const note = { format: "kadapter-parse/1", identity, counts, bytes, sha256 };
    await writeFileAtomically(progress, `${JSON.stringify(note)}\n`);
  }

  /** Gives the file its name. */
  async finish(): Promise<void> {
    const { trees, progress } = paths(this.out);
    await this.file.close();
    try {
      await renameDurably(trees, this.out);
      await rm(progress, { force: true });
    } catch (error) {
      throw fileError(this.out, "write the file", error);
    }
  }

  /** Leaves what was kept, and nothing where nothing was. */
  async close(): Promise<void> {
    await this.file.close().catch(() => undefined);
    if (this.bytes === 0) await rm(paths(this.out).trees, { force: true }).catch(() => undefined);
  }
}

/** Whether a run that writes a file was stopped on its way. */
export const isUnfinished = async (out: string): Promise<boolean> =>
  (await stat(paths(out).progress).catch(() => null)) !== null;

function opened(path: string, flags: string): Promise<FileHandle> {
  return open(path, flags).catch((error: unknown) => {
    throw fileError(path, "write the file", error);
  });
}
