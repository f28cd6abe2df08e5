/**
 * The examples of several tasks as one set, in which each knows its task.
 * @module
 */
import type { Examples } from "../tasks/examples.js";
import type { EncodedText } from "../tasks/task.js";
import type { TrainingSet } from "./trainer.js";

/** An example of one of the tasks. */
export interface CourseExample extends EncodedText {
  /** The task's number. */
  readonly course: number;
  /** The example as its task knows it. */
  readonly own: EncodedText;
}

/** The examples of one task among those of others. */
class CourseExamples implements Examples<CourseExample> {
  constructor(
    private readonly all: Examples<EncodedText>,
    private readonly course: number,
  ) {}

  get length(): number {
    return this.all.length;
  }

  at(index: number): CourseExample | undefined {
    const own = this.all.at(index);
    return own && { inputIds: own.inputIds, course: this.course, own };
  }

  *[Symbol.iterator](): Iterator<CourseExample> {
    for (let i = 0; i < this.length; i++) yield this.at(i) as CourseExample;
  }
}

/** Examples of several sets, one set after the other. */
class ExamplesInRow<E> implements Examples<E> {
  readonly length: number;

  constructor(private readonly sets: readonly Examples<E>[]) {
    this.length = sets.reduce((sum, { length }) => sum + length, 0);
  }

  at(index: number): E | undefined {
    let before = 0;
    for (const set of this.sets) {
      if (index < before + set.length) return set.at(index - before);
      before += set.length;
    }
    return undefined;
  }

  *[Symbol.iterator](): Iterator<E> {
    for (const set of this.sets) yield* set;
  }
}

/** What several tasks learn from, in groups of their own. */
export function setOfCourses(sets: readonly TrainingSet<EncodedText>[]): TrainingSet<CourseExample> {
  const joined = (of: (set: TrainingSet<EncodedText>, i: number) => ArrayLike<number>) => {
    const parts = sets.map(of);
    const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  };
  return {
    examples: new ExamplesInRow(sets.map(({ examples }, course) => new CourseExamples(examples, course))),
    lengths: joined(({ lengths }) => lengths),
    textCounts: joined(({ examples, textCounts }) => textCounts ?? new Uint32Array(examples.length).fill(1)),
    groups: joined(({ examples }, course) => new Uint32Array(examples.length).fill(course)),
  };
}
