import { expect, it } from "vitest";
import { OrtLibrary } from "./ort-library.js";

// koffi is configured before anything else opens a library.
OrtLibrary.open();
const { freshTensors, reserve } = await import("./huge-pages.js");

const type = (...shape: number[]) => ({ dtype: "float32" as const, shape });

it("freshTensors gives zeros that share no element, all aligned alike", () => {
  // More than one piece of memory, and one tensor that is larger than a piece.
  const types = [type(3), type(5, 7), type(2 ** 16, 2 ** 10), type(2 ** 27), type(), type(11)];
  const tensors = freshTensors(types);
  expect(tensors.map(({ shape }) => shape)).toEqual(types.map(({ shape }) => shape));
  for (const { data } of tensors) {
    expect(data.byteOffset % 64).toBe(0);
    expect([data[0], data.at(-1)]).toEqual([0, 0]);
  }
  tensors.forEach(({ data }, i) => {
    data[0] = i + 1;
    data[data.length - 1] = i + 1;
  });
  expect(tensors.map(({ data }) => [data[0], data.at(-1)])).toEqual(tensors.map((_, i) => [i + 1, i + 1]));
});

it("reserve goes on where there is no memory to be had", () => {
  const freed: bigint[] = [];
  const refuse = () => {
    throw new Error("no memory");
  };
  reserve({ allocate: refuse, free: (block) => freed.push(block) }, 2 ** 40);
  expect(freed).toEqual([]);
});
