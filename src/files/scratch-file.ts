import { closeSync, openSync, readSync, statSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileError } from "./atomic.js";
import { removeLeftoversOf, temporaryBeside } from "./leftovers.js";

/**
 * Where files go that end with the process: the folder that TMPDIR (on Windows TEMP) names, else /var/tmp, which is on a
 * disk where /tmp may be memory.
 */
export function scratchFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env["TMPDIR"] || process.platform === "win32") return tmpdir();
  return statSync("/var/tmp", { throwIfNoEntry: false })?.isDirectory() ? "/var/tmp" : tmpdir();
}

const nameIn = (folder: string) => join(folder, "kadapter-scratch");

/** Closes the files of those that nobody holds any more. */
const forgotten = new FinalizationRegistry<number>((file) => closeSync(file));

/**
 * A file without a name: it is opened, its name is removed at once, and what it holds is gone when it is closed, however
 * the process ends. Nobody else can open it. It is made when something is first written.
 */
export class ScratchFile {
  private file: number | null = null;
  private closed = false;

  private constructor(private readonly folder: string) {}

  /** Removes what a process left that was killed between the making of a file and the removal of its name. */
  static async create(folder: string = scratchFolder()): Promise<ScratchFile> {
    await removeLeftoversOf(nameIn(folder));
    return new ScratchFile(folder);
  }

  /** @throws UserError where the disk is full, or takes no file */
  write(bytes: Uint8Array, position: number): void {
    try {
      const file = this.opened();
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(file, bytes, done, bytes.length - done, position + done);
      }
    } catch (error) {
      throw fileError(this.folder, "keep data there for a while (TMPDIR names another folder)", error);
    }
  }

  /**
   * Fills `bytes` with what stands at a position.
   *
   * @returns whether all of it was there
   */
  read(bytes: Uint8Array, position: number): boolean {
    try {
      const file = this.opened();
      for (let done = 0; done < bytes.length; ) {
        const read = readSync(file, bytes, done, bytes.length - done, position + done);
        if (read === 0) return false;
        done += read;
      }
      return true;
    } catch (error) {
      throw fileError(this.folder, "read what was kept there", error);
    }
  }

  close(): void {
    this.closed = true;
    if (this.file === null) return;
    forgotten.unregister(this);
    closeSync(this.file);
    this.file = null;
  }

  private opened(): number {
    if (this.file !== null) return this.file;
    if (this.closed) throw new Error("the file is closed");
    const path = temporaryBeside(nameIn(this.folder));
    // Only this user may read it, as long as it has a name.
    const file = openSync(path, "wx+", 0o600);
    unlinkSync(path);
    forgotten.register(this, file, this);
    this.file = file;
    return file;
  }
}
