/** What stands in for `src/files/record-file.ts`: a tab has no disk, so records lie in memory. */
export class RecordFile {
  private records: Uint8Array[] = [];

  static async create(): Promise<RecordFile> {
    return new RecordFile();
  }

  get length(): number {
    return this.records.length;
  }

  append(record: Uint8Array): void {
    this.records.push(record.slice());
  }

  /** A copy, which is the reader's own. */
  read(index: number): Uint8Array {
    const record = this.records[index];
    if (record === undefined) throw new Error(`there is no record ${index}`);
    return record.slice();
  }

  close(): void {
    this.records = [];
  }
}
