import { describe, expect, it } from "vitest";
import { UserError } from "../../errors.js";
import { testRandom } from "../../testing/random.js";
import { fewShot, leaveOneOut } from "./prototypes.js";

/** `each` vectors around each of so many directions. */
function clusters(classes: number, each: number, noise: number) {
  const random = testRandom(5);
  const labels = Array.from({ length: classes * each }, (_, i) => i % classes);
  const vectors = labels.map((label) =>
    Float32Array.from({ length: 16 }, (_, d) => (d === label ? 3 : 0) + noise * (2 * random() - 1)),
  );
  return { vectors, labels };
}

const few = { ways: 5, shots: 2, episodes: 60, queries: 4, seed: 1 };

describe("fewShot", () => {
  it("tells clusters apart, and noise by chance alone", () => {
    const { vectors, labels } = clusters(8, 12, 0.5);
    expect(fewShot(vectors, labels, few)).toEqual({ accuracy: 1, interval: 0, episodes: 60 });
    const noise = clusters(8, 12, 1).vectors.map((vector) => vector.map((x, d) => (d < 8 ? 0 : x)));
    const { accuracy, interval } = fewShot(noise, labels, { ...few, episodes: 400 });
    expect(Math.abs(accuracy - 1 / 5)).toBeLessThan(3 * interval);
    expect(interval).toBeGreaterThan(0);
  });

  it("draws by the seed alone, whatever the vectors' lengths", () => {
    const { vectors, labels } = clusters(8, 12, 3);
    const scores = fewShot(vectors, labels, few);
    expect(scores.accuracy).toBeGreaterThan(0.2);
    expect(scores.accuracy).toBeLessThan(1);
    expect(fewShot(vectors, labels, few)).toEqual(scores);
    expect(fewShot(vectors, labels, { ...few, seed: 2 })).not.toEqual(scores);
    const longer = vectors.map((vector, i) => vector.map((x) => x * 2 ** (i % 3)));
    expect(fewShot(longer, labels, few)).toEqual(scores);
  });

  it("does better with more examples", () => {
    const { vectors, labels } = clusters(8, 20, 6);
    const at = (shots: number) => fewShot(vectors, labels, { ...few, shots, episodes: 200 }).accuracy;
    expect(at(8)).toBeGreaterThan(at(1));
  });

  it("refuses more classes than there are", () => {
    const { vectors, labels } = clusters(4, 3, 1);
    expect(() => fewShot(vectors, labels, few)).toThrow(UserError);
    expect(() => fewShot(vectors, labels, { ...few, ways: 4, shots: 3 })).toThrow(/0 classes have 4 examples/);
  });
});

describe("leaveOneOut", () => {
  it("tells an example by the others alone", () => {
    // The odd one of class 0 lies with class 1; its own vector must not help it.
    const vectors = [
      [1, 0],
      [1, 0.1],
      [0, 1],
      [0, 1],
      [0.1, 1],
    ];
    expect(leaveOneOut(vectors, [0, 0, 0, 1, 1])).toEqual({ accuracy: 4 / 5, examples: 5, classes: 2, alone: 0 });
  });

  it("counts those that are alone in their class", () => {
    const scores = leaveOneOut(
      [
        [1, 0],
        [1, 0],
        [0, 1],
      ],
      [0, 0, 1],
    );
    expect(scores).toEqual({ accuracy: 1, examples: 2, classes: 2, alone: 1 });
  });

  it("takes a tie for a mistake", () => {
    expect(
      leaveOneOut(
        [
          [1, 0],
          [1, 0],
          [1, 0],
          [1, 0],
        ],
        [0, 0, 1, 1],
      ).accuracy,
    ).toBe(0);
  });
});
