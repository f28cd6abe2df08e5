/** Something that is open and must be closed. */
interface Closable {
  close(): Promise<void>;
}

/** What whoever uses something holds: it stays open until all have released it. */
export interface Pin<T> {
  readonly value: T;
  release(): void;
}

interface Entry<T> {
  readonly value: T;
  pins: number;
  lastUse: number;
  /** Called when nobody holds it any more. */
  whenFree: (() => void) | null;
}

/** Things that are open, by key. Who holds one can go on with it, also while it is taken away. */
export class Pins<T extends Closable> {
  private readonly entries = new Map<string, Entry<T>>();
  private uses = 0;

  get size(): number {
    return this.entries.size;
  }

  keys(): readonly string[] {
    return [...this.entries.keys()];
  }

  /** @throws Error where there is one under that key */
  add(key: string, value: T): void {
    if (this.entries.has(key)) throw new Error(`${key} is open already`);
    this.entries.set(key, { value, pins: 0, lastUse: ++this.uses, whenFree: null });
  }

  /** Looks at it without holding it. */
  peek(key: string): T | undefined {
    return this.entries.get(key)?.value;
  }

  pin(key: string): Pin<T> | undefined {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    entry.pins++;
    entry.lastUse = ++this.uses;
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      if (--entry.pins === 0) entry.whenFree?.();
    };
    return { value: entry.value, release };
  }

  /** The key whose last use is the longest ago, of those that nobody holds and `may` allows. */
  leastRecent(may: (key: string) => boolean = () => true): string | undefined {
    const free = [...this.entries].filter(([key, { pins }]) => pins === 0 && may(key));
    return free.sort(([, a], [, b]) => a.lastUse - b.lastUse)[0]?.[0];
  }

  /** Takes it away: nobody gets it any more. Waits until nobody holds it, and closes it. */
  async remove(key: string): Promise<void> {
    const entry = this.entries.get(key);
    if (!entry) return;
    this.entries.delete(key);
    if (entry.pins > 0) {
      await new Promise<void>((resolve) => {
        entry.whenFree = resolve;
      });
    }
    await entry.value.close();
  }

  async close(): Promise<void> {
    for (const key of this.keys()) await this.remove(key);
  }
}
