import { createHash } from "../host/hashing.js";
import { bytesOf } from "../tensor.js";
import { hashJson, ListHash } from "../weights/hash.js";
import type { EncodedText, Task } from "./task.js";

/** SHA-256 of all that examples feed, one after the other: their tokens and the task's own inputs. */
export class ExampleHash<Encoded extends EncodedText> {
  private readonly hash = createHash("sha256");

  constructor(private readonly task: Pick<Task<never, Encoded, unknown>, "feeds">) {}

  add(example: Encoded): void {
    this.hash.update(Int32Array.of(example.inputIds.length, ...example.inputIds));
    for (const [name, tensor] of Object.entries(this.task.feeds([example], example.inputIds.length))) {
      this.hash.update(`${name}:${tensor.shape.join()};`).update(bytesOf(tensor));
    }
  }

  /** The hash of the examples so far; nothing can be added afterwards. */
  digest(): string {
    return this.hash.digest("hex");
  }
}

/** {@link ExampleHash} of all of these. */
export function hashExamples<Encoded extends EncodedText>(
  task: Pick<Task<never, Encoded, unknown>, "feeds">,
  examples: Iterable<Encoded>,
): string {
  const hash = new ExampleHash(task);
  for (const example of examples) hash.add(example);
  return hash.digest();
}

/** Hashes of examples, and of their texts: those of several texts are more than they feed. */
export class TextHash<Encoded extends EncodedText> {
  private readonly own: ExampleHash<Encoded>;
  private readonly texts = new ListHash();

  constructor(task: Pick<Task<never, Encoded, unknown>, "feeds">) {
    this.own = new ExampleHash(task);
  }

  add(example: Encoded, texts: readonly EncodedText[]): void {
    this.own.add(example);
    for (const { inputIds } of texts) this.texts.add(inputIds);
  }

  /** The hashes of what was added; nothing can be added afterwards. */
  digest(): ExampleHashes {
    const [examples, texts] = [this.own.digest(), this.texts.digest()];
    return { examples, texts, both: hashJson([examples, texts]) };
  }
}

export interface ExampleHashes {
  /** See {@link ExampleHash}. */
  readonly examples: string;
  /** Of the token ids of all texts. */
  readonly texts: string;
  readonly both: string;
}
